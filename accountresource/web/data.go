package web

import (
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

func pathOf(id int64, rest string) string { return "/" + strconv.FormatInt(id, 10) + rest }

// domains answers what is typed into the domain field.
func (w *Web) domains(r *request) error {
	names, err := w.cfg.Operations.Domains(r.UserContext(), r.Query("q"), 20)
	if err != nil {
		return err
	}
	if names == nil {
		names = []string{}
	}
	return r.JSON(fiber.Map{"domains": names})
}

// statusCounts names the counts of the status; one of them is not called like its action.
var statusCounts = map[account.Action]string{account.ActionConflict: "conflicts"}

func statusName(a account.Action) string {
	if other, differs := statusCounts[a]; differs {
		return other
	}
	return string(a)
}

// status is for monitoring: the newest run, with its counts so far while it goes on, and a problem that keeps every run
// from signing in, empty where there is none.
func (w *Web) status(r *request) error {
	res, err := r.resource()
	if err != nil {
		return err
	}
	running, err := w.cfg.Operations.Running(r.UserContext(), res.ID)
	if err != nil {
		return err
	}
	latest, err := w.cfg.History.Latest(r.UserContext(), res.ID)
	if err != nil {
		return err
	}
	held, err := w.cfg.Removals.Waiting(r.UserContext(), res.ID)
	if err != nil {
		return err
	}
	answer := fiber.Map{"running": running, "run": nil, "problem": r.lockedText(res), "waiting": nil}
	if n, since := waitingSince(held); n > 0 {
		answer["waiting"] = fiber.Map{"changes": n, "since": since.UTC().Format(time.RFC3339Nano)}
	}
	if l, ran := latest[res.ID]; ran {
		row := fiber.Map{
			"id": l.ID, "mode": l.Mode, "trigger": l.Trigger, "started": l.Started.UTC().Format(time.RFC3339Nano),
			"finished": nil, "outcome": l.Outcome, "error": r.Say(l.Error),
		}
		if !l.Finished.IsZero() {
			row["finished"] = l.Finished.UTC().Format(time.RFC3339Nano)
		}
		for _, a := range account.Actions() {
			row[statusName(a)] = l.Counts[a]
		}
		answer["run"] = row
	}
	return r.JSON(answer)
}

// waitingSince returns how many held changes nobody has decided on, and when the first of them became held.
func waitingSince(held []run.Held) (n int, since time.Time) {
	for i := range held {
		if !held[i].Waits() {
			continue
		}
		if n++; n == 1 || held[i].Since.Before(since) {
			since = held[i].Since
		}
	}
	return n, since
}
