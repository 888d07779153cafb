package web

import (
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
	"github.com/mailpanel/account-resource/accountresource/watch"
)

// listView is the page with all resources.
type listView struct {
	Kinds   []resource.Kind
	Cards   []card
	Problem string
}

// Running reports whether any of them runs.
func (v listView) Running() bool {
	return slices.ContainsFunc(v.Cards, func(c card) bool { return c.Live.Running })
}

// card is one resource on it.
type card struct {
	resource.Resource
	Latest   *run.Run
	Live     liveView
	Next     time.Time
	Complete bool
	Counts   []count
	Held     int // removals that wait for an admin
	// Watched is how the watch of the directory is going; nil where changes are not replicated at once.
	Watched *watch.State
	// Locked says why the stored password cannot be opened; empty where it can.
	Locked string
}

// count is a number of accounts that something happened to.
type count struct {
	Action account.Action
	N      int
}

// counts are those that are not zero, in the order of the actions.
func counts(r *run.Run) []count { return countsOf(r.Counts) }

func countsOf(numbers map[account.Action]int) []count {
	var all []count
	for _, a := range account.Actions() {
		if n := numbers[a]; n > 0 {
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
	latest, err := w.cfg.History.Latest(ctx, idsOf(all)...)
	if err != nil {
		return err
	}
	held, err := w.cfg.Removals.Undecided(ctx, idsOf(all)...)
	if err != nil {
		return err
	}
	v := listView{Kinds: resource.Kinds(), Problem: problem}
	for _, res := range all {
		c, err := w.card(r, res, latest)
		if err != nil {
			return err
		}
		c.Held = held[res.ID]
		v.Cards = append(v.Cards, c)
	}
	if v.Running() && r.Method() == fiber.MethodGet {
		r.Set("Refresh", "5") // for browsers without script
	}
	return r.render(status, "list", "list_title", v)
}

func (w *Web) card(r *request, res resource.Resource, latest map[int64]run.Run) (card, error) {
	c := card{
		Resource: res, Next: w.cfg.Operations.NextRun(res.ID), Complete: len(res.Settings.Connection.Complete()) == 0,
	}
	if l, ran := latest[res.ID]; ran {
		c.Latest, c.Counts = &l, counts(&l)
	}
	c.Locked = r.lockedText(res)
	if res.Enabled && res.Settings.Replication.Live {
		s, watched, err := w.cfg.Operations.Watched(r.UserContext(), res.ID)
		if err != nil {
			return c, err
		}
		if !watched { // for some seconds after a start
			s = watch.State{}
		}
		c.Watched = &s
	}
	var err error
	c.Live, err = r.live(res.ID, c.Latest, "list")
	return c, err
}

// lockedText says why the stored password of a resource cannot be opened, empty where it can or there is none.
func (s *localizer) lockedText(res resource.Resource) string {
	password := res.Settings.Connection.BindPassword
	if password.Locked() == "" {
		return ""
	}
	return s.Say(password.Problem().Message)
}

// live is the part of a page that shows a run; back is the page.
func (r *request) live(id int64, newest *run.Run, back string) (liveView, error) {
	p, err := r.web.pulse(r.UserContext(), id, newest)
	return liveView{
		localizer: r.localizer, pulse: p, Base: r.web.cfg.Prefix + pathOf(id, ""), Token: r.web.token(r.admin, time.Now()),
		Back: back,
	}, err
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
	return r.redirect(pathOf(id, ""), "created")
}
