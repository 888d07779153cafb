package web

import (
	"strconv"

	"github.com/gofiber/fiber/v2"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
)

const (
	runsShown   = 20
	entriesPage = 50
)

// logView is the history of a resource and the log of one of its runs.
type logView struct {
	resource.Resource
	Runs    []runRow
	Run     *run.Run
	Entries []run.Entry
	Actions []account.Action
	Filter  LogFilter
	Total   int
	Pages   int
	Running bool
	// Problem says why the run failed.
	Problem string
}

// runRow is a run in the list.
type runRow struct {
	run.Run
	Counts []count
	Chosen bool
}

// log is GET /:id/log.
func (w *Web) log(r *request) error {
	res, err := r.resource()
	if err != nil {
		return err
	}
	ctx := r.UserContext()
	runs, _, err := w.cfg.History.Runs(ctx, res.ID, 1, runsShown)
	if err != nil {
		return err
	}
	v := logView{Resource: res, Actions: account.Actions(), Filter: filterOf(r)}
	if v.Running, err = w.cfg.Operations.Running(ctx, res.ID); err != nil {
		return err
	}
	if v.Run, err = w.chosen(r, res, runs); err != nil {
		return err
	}
	for _, row := range runs {
		v.Runs = append(v.Runs, runRow{row, counts(&row), v.Run != nil && row.ID == v.Run.ID})
	}
	if v.Run != nil {
		v.Problem = r.Say(v.Run.Error)
		if v.Entries, v.Total, err = w.cfg.History.Entries(ctx, v.Run.ID, v.Filter); err != nil {
			return err
		}
		v.Pages = (v.Total + v.Filter.Size - 1) / v.Filter.Size
	}
	if v.Running {
		r.Set("Refresh", "5") // for browsers without script
	}
	return r.draw(fiber.StatusOK, "log", "log_title", v)
}

// chosen is the run that is asked for, else the newest; nil before the first.
func (w *Web) chosen(r *request, res resource.Resource, runs []run.Run) (*run.Run, error) {
	asked := r.Query("run")
	if asked == "" {
		if len(runs) == 0 {
			return nil, nil //nolint:nilnil // there is none yet
		}
		return &runs[0], nil
	}
	id, err := strconv.ParseInt(asked, 10, 64)
	if err != nil {
		return nil, errNoNumber
	}
	found, err := w.cfg.History.Run(r.UserContext(), id)
	if err == nil && found.Resource != res.ID {
		err = run.ErrNotFound
	}
	return &found, err
}

func filterOf(r *request) LogFilter {
	f := LogFilter{Query: r.Query("q"), Page: max(r.QueryInt("page", 1), 1), Size: entriesPage}
	for _, a := range account.Actions() {
		if r.Query("action") == string(a) {
			f.Action = a
		}
	}
	return f
}

// Before and After are the neighbouring pages, 0 where there is none.
func (v logView) Before() int { return v.Filter.Page - 1 }

// After is the next page.
func (v logView) After() int {
	if v.Filter.Page < v.Pages {
		return v.Filter.Page + 1
	}
	return 0
}
