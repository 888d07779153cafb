package web

import (
	"slices"
	"strings"
	"time"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// Waiting are the held changes that nobody has decided on.
func (v showView) Waiting() []run.Held {
	return slices.DeleteFunc(slices.Clone(v.Held), func(h run.Held) bool { return h.Decision != "" })
}

// heldGroup are held changes of one kind.
type heldGroup struct {
	Action  account.Action
	Changes []heldRow
}

// heldRow is a change that waits.
type heldRow struct {
	run.Held
	Marked bool
}

// WaitingGroups are the held changes that nobody has decided on, by what would happen.
func (v showView) WaitingGroups() (groups []heldGroup) {
	rows := v.rows(v.Waiting())
	for _, action := range account.HeldActions() {
		g := heldGroup{Action: action, Changes: slices.DeleteFunc(slices.Clone(rows), func(h heldRow) bool { return h.Action != action })}
		if len(g.Changes) > 0 {
			groups = append(groups, g)
		}
	}
	return groups
}

// rows returns held changes as rows, marked where the admin had marked them.
func (v showView) rows(held []run.Held) []heldRow {
	rows := make([]heldRow, len(held))
	for i := range held {
		rows[i] = heldRow{held[i], slices.Contains(v.Marked, string(held[i].Source))}
	}
	return rows
}

// OnlyRemovals reports whether nothing is held but removals.
func (v showView) OnlyRemovals() bool {
	return !slices.ContainsFunc(v.Held, func(h run.Held) bool { return !removes(h.Action) })
}

// removes reports whether an action takes an account away from its user.
func removes(a account.Action) bool { return a == account.ActionDeleted || a == account.ActionDisabled }

// Decided are the others: they are made or let be by the next run.
func (v showView) Decided() []heldRow {
	return v.rows(slices.DeleteFunc(slices.Clone(v.Held), func(h run.Held) bool { return h.Decision == "" }))
}

// Deletes reports whether something held would delete an account.
func (v showView) Deletes() bool { return deletions(v.Held) > 0 }

// Claims reports whether a newcomer waits for the address of somebody else.
func (v showView) Claims() bool { return v.holds(account.ActionTakenOver) }

// Unusable reports whether an account may be retired.
func (v showView) Unusable() bool { return v.holds(account.ActionUnusable) }

func (v showView) holds(a account.Action) bool {
	return slices.ContainsFunc(v.Held, func(h run.Held) bool { return h.Action == a })
}

// KeptUntil is the day from which the mail of accounts may go that are deleted today; zero keeps it for ever.
func (v showView) KeptUntil() time.Time {
	if days := v.Settings.Replication.KeepDays; days > 0 {
		return time.Now().AddDate(0, 0, days)
	}
	return time.Time{}
}

// CommonName is what the directory calls the object at a DN, for people.
func (v showView) CommonName(dn string) string {
	_, name, _ := strings.Cut(dn, "=")
	for i := 0; i < len(name); i++ {
		switch name[i] {
		case '\\':
			i++
		case ',', '+':
			name = name[:i]
		}
	}
	return strings.NewReplacer(`\,`, ",", `\+`, "+", `\"`, `"`, `\\`, `\`, `\#`, "#", `\;`, ";").Replace(name)
}

// DayOf writes a day for people.
func (s *localizer) DayOf(t time.Time) string { return t.Local().Format(time.DateOnly) }
