package web

import (
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// listView is the page with all resources.
type listView struct {
	Kinds   []resource.Kind
	Cards   []card
	Problem string
}

// card is one resource on it.
type card struct {
	resource.Resource
	Latest   *run.Run
	Running  bool
	Next     time.Time
	Complete bool
	Counts   []count
}

// count is a number of accounts that something happened to.
type count struct {
	Action account.Action
	N      int
}

// counts are those that are not zero, in the order of the actions.
func counts(r *run.Run) []count {
	var all []count
	for _, a := range account.Actions() {
		if n := r.Counts[a]; n > 0 {
			all = append(all, count{a, n})
		}
	}
	return all
}

func (w *Web) list(r *request) error { return w.listWith(r, fiber.StatusOK, "") }

func (w *Web) listWith(r *request, status int, problem string) error {
	ctx := r.UserContext()
	all, err := w.cfg.Resources.All(ctx)
	if err != nil {
		return err
	}
	ids := make([]int64, len(all))
	for i := range all {
		ids[i] = all[i].ID
	}
	latest, err := w.cfg.History.Latest(ctx, ids...)
	if err != nil {
		return err
	}
	v := listView{Kinds: resource.Kinds(), Problem: problem}
	for _, res := range all {
		c, err := w.card(r, res, latest)
		if err != nil {
			return err
		}
		v.Cards = append(v.Cards, c)
	}
	return r.draw(status, "list", "list_title", v)
}

func (w *Web) card(r *request, res resource.Resource, latest map[int64]run.Run) (card, error) {
	c := card{
		Resource: res, Next: w.cfg.Operations.NextRun(res.ID), Complete: len(res.Settings.Connection.Complete()) == 0,
	}
	if l, ran := latest[res.ID]; ran {
		c.Latest, c.Counts = &l, counts(&l)
	}
	var err error
	c.Running, err = w.cfg.Operations.Running(r.UserContext(), res.ID)
	return c, err
}

// create makes a resource with the defaults and goes to its page.
func (w *Web) create(r *request) error {
	kind := resource.Kind(r.form["kind"])
	if !slices.Contains(resource.Kinds(), kind) {
		return w.listWith(r, fiber.StatusBadRequest, r.T("problem_kind"))
	}
	id, err := w.cfg.Resources.Create(r.UserContext(), kind, resource.Defaults())
	if err != nil {
		return err
	}
	return r.goTo(pathOf(id, ""), "created")
}
