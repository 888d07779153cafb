package run

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
)

// Mark is up to where a resource has been replicated, and by which server's counting.
type Mark struct {
	// Invocation is the server's database whose counter USN is; a counter means nothing to another one.
	Invocation string
	USN        int64
	// Revision is that of the settings, Full when the last full run began that came to its end.
	Revision int64
	Full     time.Time
	// Open says that a run has begun to write and not come to its end: what it did is not known.
	Open bool
	// Again are objects that have to be looked at once more, though they do not change (rule R18).
	Again []Again
}

// Again is an object that the next run looks at once more.
type Again struct {
	Source account.SourceID
	Kind   account.Kind
}

// Marks keeps the marks (rules R17, R18).
type Marks interface {
	// Mark reads a resource's mark; the zero value is that of one that has none.
	Mark(ctx context.Context, resource int64) (Mark, error)
	// Open notes that a run begins to write; it is fenced by the lease.
	Open(ctx context.Context, l Lease) error
	// SetMark replaces the mark, and what is to be looked at again; it is fenced by the lease.
	SetMark(ctx context.Context, l Lease, m Mark) error
}

const (
	// fullEvery is how long incremental runs may follow each other: a full run repairs what was changed here.
	fullEvery = 24 * time.Hour
	// mostAgain is how many objects are looked at again by name; if there are more, the next run is a full one.
	mostAgain = 2000
)

// readMark reads the resource's mark, where marks are kept.
func (p *Replication) readMark(ctx context.Context) (err error) {
	if p.cfg.Marks == nil {
		return nil
	}
	if p.mark, err = p.cfg.Marks.Mark(ctx, p.res.ID); err != nil {
		return fmt.Errorf("read how far the resource has been replicated: %w", err)
	}
	return nil
}

// canRunIncremental reports whether reading what changed since the mark is enough (rule R17), or else why not.
func (p *Replication) canRunIncremental(probe Probe) (why string, enough bool) {
	m := &p.mark
	switch {
	case p.cfg.Marks == nil, p.requested == Full:
		return "on demand", false
	case m.Invocation == "":
		return "first run", false
	case m.Open:
		return "the last run did not come to its end", false
	case m.Revision != p.res.Revision:
		return "changed settings", false
	case m.Invocation != probe.Invocation:
		return "changed server", false
	case m.USN > probe.HighestUSN:
		return "the server's counter went back", false
	case !probe.Follows:
		return "the scope depends on more than the counter tells", false
	case p.cfg.Clock().Sub(m.Full) >= fullEvery, p.cfg.Clock().Before(m.Full):
		return "once a day", false
	}
	return "", true
}

// moved reports whether another server answers than the one that the links were made from. It may not have heard of
// everybody yet, so who is missing from it is not taken for gone at once.
func (p *Replication) moved() bool {
	return p.mark.Invocation != "" && p.mark.Invocation != p.probe.Invocation
}

// since is the counter up to which everything has been replicated with these settings; 0 where that is not known.
func (p *Replication) since() int64 {
	if p.moved() || p.mark.Open || p.mark.Revision != p.res.Revision {
		return 0
	}
	return p.mark.USN
}

// opens notes, once, that this run begins to write.
func (p *Replication) opens(ctx context.Context) error {
	if p.cfg.Marks == nil || p.mark.Open || p.mark.Invocation == "" { // without a mark the next run is a full one anyway
		return nil
	}
	if err := p.cfg.Marks.Open(ctx, p.lease); err != nil {
		return fmt.Errorf("note that the run begins to write: %w", err)
	}
	p.mark.Open = true
	return nil
}

// retryLater notes an object that the next run looks at once more.
func (p *Replication) retryLater(id account.SourceID, kind account.Kind) {
	if id != "" {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.retry[Again{id, kind}] = struct{}{}
	}
}

// setMark moves the mark to where the server's counter was before anything was read. Everything before it is done, or
// noted to be looked at again.
func (p *Replication) setMark(ctx context.Context) error {
	if p.cfg.Marks == nil {
		return nil
	}
	next := Mark{Invocation: p.probe.Invocation, USN: p.probe.HighestUSN, Revision: p.res.Revision, Full: p.mark.Full}
	if p.run.Mode == Full {
		next.Full = p.run.Started
	}
	for a := range p.retry {
		next.Again = append(next.Again, a)
	}
	slices.SortFunc(next.Again, func(a, b Again) int { return strings.Compare(string(a.Source), string(b.Source)) })
	if len(next.Again) > mostAgain {
		next.Again, next.Open = nil, true // the next run reads everything
	}
	if !p.incomplete.IsZero() { // so it does, and a server that was not heard to the end has not been heard at all
		next = Mark{Invocation: p.mark.Invocation, Open: true}
	}
	if err := p.cfg.Marks.SetMark(ctx, p.lease, next); err != nil {
		return fmt.Errorf("note how far the resource has been replicated: %w", err)
	}
	return nil
}

// sourceKinds are the objects that accounts of a kind follow.
var sourceKinds = map[account.Kind]account.ObjectKind{account.Mailbox: account.User, account.Alias: account.Group}

// withGroups are the kinds of accounts that a resource keeps.
func withGroups(s *resource.Settings) []account.Kind {
	if s.Replication.Groups {
		return []account.Kind{account.Mailbox, account.Alias}
	}
	return []account.Kind{account.Mailbox}
}
