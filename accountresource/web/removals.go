package web

import (
	"errors"

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
		return fiber.ErrBadRequest
	}
	marked := r.Context().PostArgs().PeekMulti("source")
	if len(marked) == 0 {
		marked = r.Context().PostArgs().PeekMulti("shown")
	}
	ids := make([]account.SourceID, len(marked))
	for i := range marked {
		ids[i] = account.SourceID(marked[i])
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
