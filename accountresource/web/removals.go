package web

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// decisions are the values that the buttons of the held list send.
var decisions = map[string]run.Decision{"confirm": run.Confirmed, "dismiss": run.Dismissed}

// removals is POST /:id/removals: what becomes of the marked ones of the changes that wait. A decision counts for these objects
// only, and for the action that the page showed. Deleting asks for one more tick.
func (w *Web) removals(r *request) error {
	res, err := r.resource()
	if err != nil {
		return err
	}
	id := res.ID
	decision, known := decisionOf(r.form)
	if !known {
		return &refusal{status: fiber.StatusBadRequest, key: "refused_decision"}
	}
	marked := markedOf(r.fields)
	if len(marked) == 0 {
		return r.redirect(pathOf(id, ""), "unmarked")
	}
	held, err := w.cfg.Removals.Waiting(r.UserContext(), id)
	if err != nil {
		return err
	}
	decided, others := 0, false
	same := asShown(held, marked, r.fields["shown_action"])
	if n := len(same[account.ActionDeleted]); n > 0 && decision == run.Confirmed && r.form["sure"] == "" {
		r.form = nil // nothing of it is a setting
		t, _ := tabNamed("")
		return w.showWith(r, res, page{
			status: fiber.StatusUnprocessableEntity, tab: t, values: t.values(&res.Settings), marked: marked, unsure: n,
		})
	}
	for action, ids := range same {
		decided += len(ids)
		others = others || !removes(action)
		if _, err := w.cfg.Removals.Decide(r.UserContext(), id, decision, action, ids); err != nil {
			return err
		}
	}
	done := string(decision)
	switch {
	case decided < len(marked):
		done = "changed"
	case others && decision == run.Confirmed:
		done = "confirmed_changes"
	}
	if decided == 0 || decision == run.Dismissed {
		return r.redirect(pathOf(id, ""), done)
	}
	// The removals are made at once where that is possible, else by the next run.
	_, err = w.cfg.Operations.Replicate(r.UserContext(), id, run.Incremental)
	if err != nil && !errors.Is(err, run.ErrRunning) && !errors.Is(err, run.ErrDisabled) {
		return err
	}
	return r.redirect(pathOf(id, ""), done)
}

// markedOf returns the marked changes: those marked by themselves, and those of kinds that were marked whole, as far as the page
// showed that they wait.
func markedOf(fields map[string][]string) []string {
	marked := slices.Clone(fields["source"])
	for _, text := range fields["shown_action"] {
		action, source, _ := strings.Cut(text, " ")
		if slices.Contains(fields["all"], action) && slices.Contains(fields["shown"], source) {
			marked = append(marked, source)
		}
	}
	slices.Sort(marked)
	return slices.Compact(marked)
}

// asShown are those of the marked removals that are still held for the action that the page showed, by that action. Each
// shown action is "action source"; a removal without one is taken as it is held now.
func asShown(held []run.Held, marked, shown []string) map[account.Action][]account.SourceID {
	was := make(map[account.SourceID]account.Action, len(shown))
	for _, text := range shown {
		action, source, _ := strings.Cut(text, " ")
		was[account.SourceID(source)] = account.Action(action)
	}
	now := make(map[account.SourceID]account.Action, len(held))
	for i := range held {
		now[held[i].Source] = held[i].Action
	}
	same := make(map[account.Action][]account.SourceID)
	for _, source := range marked {
		id := account.SourceID(source)
		action, isHeld := now[id]
		if before, known := was[id]; isHeld && (!known || before == action) {
			same[action] = append(same[action], id)
		}
	}
	return same
}

// decisionOf returns the decision of a form that has exactly one: as the value of a field, or as the name of one.
func decisionOf(form map[string]string) (decision run.Decision, known bool) {
	for name, value := range form {
		for word, d := range decisions {
			switch {
			case value != word && name != word:
			case known && d != decision:
				return "", false
			default:
				decision, known = d, true
			}
		}
	}
	return decision, known
}

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
	for _, action := range account.Actions() {
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

// Deletes reports whether a held removal is a deletion.
func (v showView) Deletes() bool {
	return slices.ContainsFunc(v.Held, func(h run.Held) bool { return h.Action == account.ActionDeleted })
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
