package web

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// replicate starts a run and shows its log.
func (w *Web) replicate(r *request) error {
	id, err := r.id()
	if err != nil {
		return err
	}
	wanted := run.Incremental
	if r.form["mode"] == string(run.Full) {
		wanted = run.Full
	}
	started, err := w.cfg.Operations.Replicate(r.UserContext(), id, wanted)
	var problems resource.Problems
	switch {
	case err == nil:
		return r.redirect(pathOf(id, "/log?run="+strconv.FormatInt(started.ID, 10)), "")
	case errors.Is(err, run.ErrRunning):
		return w.listWith(r, fiber.StatusConflict, r.T("refused_running"))
	case errors.Is(err, run.ErrDisabled):
		return w.listWith(r, fiber.StatusConflict, r.T("refused_disabled"))
	case errors.As(err, &problems):
		return w.listWith(r, fiber.StatusConflict, r.T("refused_incomplete"))
	}
	return err
}

// cancel asks the run that is going on to stop, and says what comes of it. Pressing it twice is harmless.
func (w *Web) cancel(r *request) error {
	id, err := r.id()
	if err != nil {
		return err
	}
	latest, err := w.cfg.History.Latest(r.UserContext(), id)
	if err != nil {
		return err
	}
	newest, ran := latest[id]
	back := pathOf(id, "/log")
	if r.form["back"] == "list" {
		back = "/"
	}
	if !ran {
		return r.redirect(back, "idle")
	}
	stopping, err := w.stop(r.UserContext(), id, newest.ID)
	if err != nil {
		return err
	}
	if !stopping {
		return r.redirect(back, "idle")
	}
	return r.redirect(back, "cancelled")
}

// cancelTime is how long a run may take to say for the first time how far it is: before that it cannot be cancelled.
const cancelTime = 5 * time.Second

// stop cancels a run; stopping is false where it has ended.
func (w *Web) stop(ctx context.Context, id, runID int64) (stopping bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, cancelTime)
	defer cancel()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for {
		running, err := w.cfg.Operations.Running(ctx, id)
		if err != nil || !running {
			return false, err
		}
		if err := w.cfg.Operations.Cancel(ctx, id, runID); err != nil {
			return false, err
		}
		p, found, err := w.cfg.History.ProgressOf(ctx, id)
		if err != nil || found && p.Run == runID && p.Cancelled {
			return err == nil, err
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-again.C:
		}
	}
}

func (w *Web) enable(r *request) error {
	res, err := r.resource()
	if err != nil {
		return err
	}
	if len(res.Settings.Connection.Complete()) > 0 {
		return w.listWith(r, fiber.StatusConflict, r.T("refused_incomplete"))
	}
	return w.change(r, res.ID, "enabled", w.cfg.Resources.SetEnabled(r.UserContext(), res.ID, true))
}

func (w *Web) disable(r *request) error {
	id, err := r.id()
	if err != nil {
		return err
	}
	return w.change(r, id, "disabled", w.cfg.Resources.SetEnabled(r.UserContext(), id, false))
}

// remove deletes a resource; its accounts stay.
func (w *Web) remove(r *request) error {
	id, err := r.id()
	if err != nil {
		return err
	}
	err = w.cfg.Resources.Delete(r.UserContext(), id)
	if errors.Is(err, run.ErrRunning) {
		return w.listWith(r, fiber.StatusConflict, r.T("refused_delete_running"))
	}
	return w.change(r, id, "deleted", err)
}

// change tells the schedule of a change that was made, and shows the list.
func (w *Web) change(r *request, id int64, done string, err error) error {
	if err != nil {
		return err
	}
	if err := w.cfg.Operations.Changed(r.UserContext(), id); err != nil {
		return err
	}
	return r.redirect("/", done)
}
