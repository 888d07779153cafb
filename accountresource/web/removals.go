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

// removals is POST /:id/removals: what becomes of held removals, the marked ones or, where none is marked, all that
// the page showed. A confirmation counts for these objects only: whoever is held later waits anew.
func (w *Web) removals(r *request) error {
	id, err := r.id()
	if err != nil {
		return err
	}
	decision, known := decisionOf(r.form)
	if !known {
		return &refusal{status: fiber.StatusBadRequest, key: "refused_decision"}
	}
	marked := r.fields["source"]
	if len(marked) == 0 {
		marked = r.fields["shown"]
	}
	ids := make([]account.SourceID, len(marked))
	for i := range marked {
		ids[i] = account.SourceID(marked[i])
	}
	if len(ids) == 0 {
		return r.goTo(pathOf(id, ""), "unmarked")
	}
	if _, err := w.cfg.Removals.Decide(r.UserContext(), id, decision, ids); err != nil {
		return err
	}
	if decision == run.Dismissed {
		return r.goTo(pathOf(id, ""), "dismissed")
	}
	// The removals are made at once where that is possible, else by the next run.
	_, err = w.cfg.Operations.Replicate(r.UserContext(), id, run.Incremental)
	if err != nil && !errors.Is(err, run.ErrRunning) && !errors.Is(err, run.ErrDisabled) {
		return err
	}
	return r.goTo(pathOf(id, ""), "confirmed")
}

// decisionOf finds the decision in whichever field has it.
func decisionOf(form map[string]string) (run.Decision, bool) {
	for name, value := range form {
		for word, decision := range decisions {
			if value == word || name == word {
				return decision, true
			}
		}
	}
	return "", false
}

// Waiting are the held removals that nobody has decided on.
func (v showView) Waiting() []run.Held {
	return slices.DeleteFunc(slices.Clone(v.Held), func(h run.Held) bool { return h.Decision != "" })
}

// Decided are the others: they are made or let be by the next run.
func (v showView) Decided() []run.Held {
	return slices.DeleteFunc(slices.Clone(v.Held), func(h run.Held) bool { return h.Decision == "" })
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
func (s *speaker) DayOf(t time.Time) string { return t.Local().Format(time.DateOnly) }
