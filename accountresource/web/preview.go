package web

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
)

const (
	// previewTime is the longest that a preview may take: it reads the whole directory.
	previewTime = 10 * time.Minute
	// previewShown is how many changes the page shows; a download has all.
	previewShown = 500
)

// impact is the order of a preview: what an admin has to see first, first.
var impact = []account.Action{
	account.ActionDeleted, account.ActionDisabled, account.ActionHeld, account.ActionRenamed, account.ActionConflict,
	account.ActionFailed, account.ActionCreated, account.ActionLinked, account.ActionEnabled, account.ActionUpdated,
	account.ActionIgnored,
}

// previewView is what a run would do.
type previewView struct {
	Counts []count // of all changes
	Rows   []row   // those with the greatest impact of those that match
	// Action and Query are what the changes are filtered by.
	Action account.Action
	Query  string
	// Hidden says how many match and are not shown.
	Hidden string

	kept  map[account.Action][]row
	match map[account.Action]int
	all   map[account.Action]int
}

func newPreviewView(form map[string]string) *previewView {
	return &previewView{
		Action: actionNamed(form["preview_action"]), Query: strings.TrimSpace(form["preview_q"]),
		kept: make(map[account.Action][]row), match: make(map[account.Action]int), all: make(map[account.Action]int),
	}
}

// add counts a change and keeps it where it may be shown.
func (v *previewView) add(found row) {
	a := found.Action
	v.all[a]++
	if !v.matches(found) {
		return
	}
	v.match[a]++
	if len(v.kept[a]) < previewShown {
		v.kept[a] = append(v.kept[a], found)
	}
}

func (v *previewView) matches(found row) bool {
	return (v.Action == "" || v.Action == found.Action) && found.holds(v.Query)
}

// finish puts together what is shown.
func (v *previewView) finish(s *localizer) {
	var hidden []count
	for _, a := range impact {
		room := min(previewShown-len(v.Rows), len(v.kept[a]))
		v.Rows = append(v.Rows, v.kept[a][:room]...)
		if left := v.match[a] - room; left > 0 {
			hidden = append(hidden, count{a, left})
		}
	}
	if len(hidden) > 0 {
		v.Hidden = s.countsText(hidden)
	}
	v.Counts, v.kept = countsOf(v.all), nil
}

// Actions are those that there is something to filter of.
func (v *previewView) Actions() []account.Action {
	return slices.DeleteFunc(account.Actions(), func(a account.Action) bool { return v.all[a] == 0 && a != v.Action })
}

// preview is POST /:id/preview: what a run with the settings in the form would do, saved or not; with format=csv all of
// it as a file.
func (w *Web) preview(r *request) error {
	res, next, p, ok, err := w.parseUnsaved(r)
	if !ok {
		return err
	}
	stored := res
	res.Settings = next
	v := newPreviewView(r.form)
	if r.form["format"] == "csv" {
		if err = w.previewFile(r, res, v); err == nil {
			return nil
		}
	} else if err = w.previewPage(r, res, v); err == nil {
		v.finish(r.localizer)
		p.status, p.preview = fiber.StatusOK, v
		return w.showWith(r, stored, p)
	}
	if refused := (*refusal)(nil); errors.As(err, &refused) {
		return err
	}
	w.cfg.Logger.InfoContext(r.UserContext(), "preview", "resource", res.ID, "error", err)
	p.problems = resource.ProblemsOf(err)
	return w.showWith(r, stored, p)
}

// previewFile sends the changes that match the filter, in the order in which they are found.
func (w *Web) previewFile(r *request, res resource.Resource, v *previewView) error {
	speaker := r.localizer
	produce := func(ctx context.Context, put func(row) error) error {
		return w.previewed(ctx, res, speaker, func(found row) error {
			if !v.matches(found) {
				return nil
			}
			return put(found)
		})
	}
	return w.download(r, file{
		fmt.Sprintf("preview-%d", res.ID), changeColumns, changeCells, produce, w.trials, errBusy, previewTime,
	})
}

// previewPage finds the changes that the page shows.
func (w *Web) previewPage(r *request, res resource.Resource, v *previewView) error {
	ctx, end, err := r.trial(previewTime)
	if err != nil {
		return err
	}
	defer end()
	err = w.previewed(ctx, res, r.localizer, func(found row) error {
		v.add(found)
		return nil
	})
	if over := broken(ctx); err != nil && over != nil {
		return over
	}
	return err
}

// previewed plans a run and gives each change as it is found.
func (w *Web) previewed(ctx context.Context, res resource.Resource, s *localizer, each func(row) error) error {
	err := w.cfg.Operations.Preview(ctx, res, func(c *account.Change) error { return each(s.rowOfChange(c)) })
	if errors.Is(err, context.DeadlineExceeded) {
		err = resource.NewProblem("", "preview_deadline", err)
	}
	return err
}
