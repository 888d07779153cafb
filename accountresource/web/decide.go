package web

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// decisions are the values that the buttons of the held list send.
var decisions = map[string]run.Decision{
	"confirm": run.Confirmed, "dismiss": run.Dismissed, "putaway": run.PutAway, "retire": run.Retired,
}

// removals is POST /:id/removals: what becomes of the marked ones of the changes that wait. A decision counts for these objects
// only, and for the action that the page showed; rows that the button does not fit stay as they are. Deleting asks for one more tick.
func (w *Web) removals(r *request) error {
	res, err := r.resource()
	if err != nil {
		return err
	}
	decision, known := decisionOf(r.form)
	if !known {
		return &refusal{status: fiber.StatusBadRequest, key: "refused_decision"}
	}
	held, err := w.cfg.Removals.Waiting(r.UserContext(), res.ID)
	if err != nil {
		return err
	}
	marked, whole := markedOf(r.fields, held)
	switch {
	case !whole:
		return r.redirect(pathOf(res.ID, ""), "changed")
	case len(marked) == 0:
		return r.redirect(pathOf(res.ID, ""), "unmarked")
	}
	shown := asShown(held, marked, r.fields["shown_action"])
	fitting := slices.DeleteFunc(slices.Clone(shown), func(h run.Held) bool { return !fits(decision, h.Action) })
	if n := deletions(fitting); n > 0 && decision != run.Dismissed && r.form["sure"] == "" {
		r.form = nil // nothing of it is a setting
		t, _ := tabNamed("")
		return w.showWith(r, res, page{
			status: fiber.StatusUnprocessableEntity, tab: t, values: t.values(&res.Settings), marked: marked, whole: r.fields["all"], unsure: n,
		})
	}
	byAction := make(map[account.Action][]account.SourceID)
	for i := range fitting {
		byAction[fitting[i].Action] = append(byAction[fitting[i].Action], fitting[i].Source)
	}
	for action, ids := range byAction {
		if _, err := w.cfg.Removals.Decide(r.UserContext(), res.ID, decision, action, ids); err != nil {
			return err
		}
	}
	done := string(decision)
	switch {
	case len(shown) < len(marked):
		done = "changed"
	case len(fitting) < len(shown):
		done = "unfit"
	case decision != run.Dismissed && slices.ContainsFunc(fitting, func(h run.Held) bool { return !h.Action.Removes() }):
		done = "confirmed_changes"
	}
	if len(fitting) == 0 || decision == run.Dismissed {
		return r.redirect(pathOf(res.ID, ""), done)
	}
	// The changes are made at once where that is possible, else by the next run.
	_, err = w.cfg.Operations.Replicate(r.UserContext(), res.ID, run.Incremental)
	if err != nil && !errors.Is(err, run.ErrRunning) && !errors.Is(err, run.ErrDisabled) {
		return err
	}
	return r.redirect(pathOf(res.ID, ""), done)
}

// fits reports whether a button is for changes of a kind.
func fits(d run.Decision, a account.Action) bool {
	switch d {
	case run.PutAway:
		return a == account.ActionTakenOver
	case run.Retired:
		return a == account.ActionUnusable
	case run.Confirmed:
		return a != account.ActionUnusable
	}
	return true
}

// deletions counts the changes that would delete an account.
func deletions(held []run.Held) (n int) {
	for i := range held {
		if held[i].Action == account.ActionDeleted {
			n++
		}
	}
	return n
}

// markedOf returns the marked changes: those marked by themselves, and those of kinds that were marked whole. Of a kind that has
// changed since the page was shown, whole is false. A form without the kind's digest means what it showed.
func markedOf(fields map[string][]string, held []run.Held) (marked []string, whole bool) {
	marked, whole = slices.Clone(fields["source"]), true
	digests := make(map[string]string)
	for _, text := range fields["whole"] {
		digest, action, _ := strings.Cut(text, " ")
		digests[action] = digest
	}
	for _, action := range fields["all"] {
		digest, isWhole := digests[action]
		switch {
		case isWhole && digest != digestOf(held, account.Action(action)):
			whole = false
		case isWhole:
			for i := range held {
				if held[i].Decision == "" && string(held[i].Action) == action {
					marked = append(marked, string(held[i].Source))
				}
			}
		default:
			for _, text := range fields["shown_action"] {
				if of, source, _ := strings.Cut(text, " "); of == action && slices.Contains(fields["shown"], source) {
					marked = append(marked, source)
				}
			}
		}
	}
	slices.Sort(marked)
	return slices.Compact(marked), whole
}

// digestOf tells the changes of a kind that nobody has decided on from any others.
func digestOf(held []run.Held, action account.Action) string {
	var sources []string
	for i := range held {
		if held[i].Decision == "" && held[i].Action == action {
			sources = append(sources, string(held[i].Source))
		}
	}
	slices.Sort(sources)
	sum := sha256.Sum256([]byte(strings.Join(sources, "\n")))
	return hex.EncodeToString(sum[:8])
}

// asShown returns those of the marked changes that are still held for the action that the page showed. Each shown action is "action
// source"; a change without one is taken as it is held now.
func asShown(held []run.Held, marked, shown []string) (same []run.Held) {
	was := make(map[account.SourceID]account.Action, len(shown))
	for _, text := range shown {
		action, source, _ := strings.Cut(text, " ")
		was[account.SourceID(source)] = account.Action(action)
	}
	for _, h := range held {
		_, isMarked := slices.BinarySearch(marked, string(h.Source))
		if before, known := was[h.Source]; isMarked && (!known || before == h.Action) {
			same = append(same, h)
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
