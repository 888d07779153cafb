package run

import (
	"cmp"
	"slices"
	"time"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/plan"
)

// Said is what a database said of an object's status or address that changed its account (rule R24).
type Said struct {
	Source     account.SourceID
	Invocation string
	// Action is ActionDisabled, ActionEnabled, or ActionRenamed: away from the address Former.
	Action account.Action
	Former string
	Time   time.Time
}

const (
	// saidFor is how long another database does not take back what one said.
	saidFor = 24 * time.Hour
	// mostSaid is how many of them are kept, the latest.
	mostSaid = 5000
)

// noteSaid notes what a change that was made tells of its object.
func (p *Replication) noteSaid(s *step) {
	note := func(action account.Action, former string) {
		p.said = append(p.said, Said{
			Source: s.Source, Invocation: p.probe.Invocation, Action: action, Former: former, Time: p.cfg.Clock(),
		})
	}
	if s.Verb == account.Rename {
		note(account.ActionRenamed, s.Address)
	}
	switch {
	case s.Verb != account.Update && s.Verb != account.Rename:
	case s.Switch == account.Off:
		note(account.ActionDisabled, "")
	case s.Switch == account.On:
		note(account.ActionEnabled, "")
	}
}

// recentlySaid returns what was said within the last day, the last word on each object's status and address.
func (p *Replication) recentlySaid() []Said {
	type key struct {
		source  account.SourceID
		renamed bool
	}
	last := make(map[key]Said)
	for _, s := range slices.Concat(p.watermark.Said, p.said) {
		if p.cfg.Clock().Sub(s.Time) < saidFor {
			last[key{s.Source, s.Action == account.ActionRenamed}] = s
		}
	}
	var said []Said
	for _, s := range last {
		said = append(said, s)
	}
	slices.SortFunc(said, func(a, b Said) int {
		return cmp.Or(b.Time.Compare(a.Time), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Action, b.Action))
	})
	return said[:min(len(said), mostSaid)]
}

// saidElsewhere returns what other databases than the one that answers said within the last day.
func (p *Replication) saidElsewhere() map[account.SourceID]plan.OtherWord {
	elsewhere := make(map[account.SourceID]plan.OtherWord)
	for _, s := range p.recentlySaid() {
		if s.Invocation == p.probe.Invocation {
			continue
		}
		e := elsewhere[s.Source]
		switch s.Action {
		case account.ActionDisabled:
			e.Switch = account.Off
		case account.ActionEnabled:
			e.Switch = account.On
		default:
			e.Former = s.Former
		}
		elsewhere[s.Source] = e
	}
	return elsewhere
}
