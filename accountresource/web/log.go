package web

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
)

const (
	runsShown     = 10
	chartRuns     = 30 // whose bars are drawn; the first of them are in the list
	entriesPage   = 50
	entriesSent   = 1000 // rows of a download that are read at once
	maxPageNumber = 1_000_000_000
)

// logView is the history of a resource, with the log of one of its runs or the history of one account.
type logView struct {
	resource.Resource
	Live  liveView
	Runs  []runRow
	Chart *chart
	// Older and Newest lead to other runs; empty where there are none.
	Older, Newest string
	Run           *runRow
	// Account is the one whose history is shown; empty for the log of a run.
	Account string
	Rows    []row
	Actions []account.Action
	Filter  filterView
	Pages   pagesView
	CSV     string // where the rows are as a file
	// Problem says why the run failed.
	Problem string
}

// runRow is a run in the list.
type runRow struct {
	run.Run
	Counts []count
	Chosen bool
}

// Took is how long the run went on; zero while it does.
func (r runRow) Took() time.Duration {
	if r.Finished.IsZero() {
		return 0
	}
	return r.Finished.Sub(r.Started)
}

// log is GET /:id/log.
func (w *Web) log(r *request) error {
	res, err := r.resource()
	if err != nil {
		return err
	}
	filter := filterOf(r)
	name := strings.Clone(strings.TrimSpace(r.Query("account")))
	if strings.ContainsRune(name, '@') {
		name = strings.ToLower(name)
	}
	if name != "" {
		return w.accountHistory(r, res, name, filter)
	}
	return w.runLog(r, res, filter)
}

// runLog draws the runs, and the rows of one of them.
func (w *Web) runLog(r *request, res resource.Resource, filter filterView) error {
	ctx := r.UserContext()
	v := logView{Resource: res, Actions: account.Actions(), Filter: filter}
	runs, err := w.runs(r, &v)
	if err != nil {
		return err
	}
	chosen, err := w.chosen(r, res, runs)
	if err != nil {
		return err
	}
	if chosen != nil && r.Query("format") == "csv" {
		return w.runFile(r, *chosen, filter)
	}
	for i := range runs {
		v.Runs = append(v.Runs, runRow{runs[i], counts(&runs[i]), chosen != nil && runs[i].ID == chosen.ID})
	}
	v.Chart = r.chart(v.Runs, r.web.cfg.Prefix+pathOf(res.ID, "/log"))
	v.Runs = v.Runs[:min(len(v.Runs), runsShown)]
	newest, err := w.newest(ctx, res.ID, runs, v.Newest == "")
	if err != nil {
		return err
	}
	if v.Live, err = r.live(res.ID, newest, "log"); err != nil {
		return err
	}
	if chosen != nil {
		v.Run, v.Problem = &runRow{*chosen, counts(chosen), true}, r.Say(chosen.Error)
		if err := w.readRows(r, &v); err != nil {
			return err
		}
	}
	if v.Live.Running {
		r.Set("Refresh", "5") // for browsers without script
	}
	return r.render(fiber.StatusOK, "log", "log_title", v)
}

// newest is the newest run, which the list has where it begins with it.
func (w *Web) newest(ctx context.Context, id int64, runs []run.Run, first bool) (*run.Run, error) {
	if first {
		if len(runs) == 0 {
			return nil, nil //nolint:nilnil // there is none yet
		}
		return &runs[0], nil
	}
	latest, err := w.cfg.History.Latest(ctx, id)
	newest := latest[id]
	return &newest, err
}

// runs gives the newest runs, or those older than the one that is named, for the chart and the list.
func (w *Web) runs(r *request, v *logView) (runs []run.Run, err error) {
	base := r.web.cfg.Prefix + pathOf(v.ID, "/log")
	older, _ := strconv.ParseInt(r.Query("older"), 10, 64)
	if older > 0 {
		v.Newest = base
		runs, err = w.cfg.History.Before(r.UserContext(), v.ID, older, chartRuns)
	} else {
		runs, _, err = w.cfg.History.Runs(r.UserContext(), v.ID, 1, chartRuns)
	}
	if len(runs) > runsShown {
		v.Older = fmt.Sprintf("%s?older=%d", base, runs[runsShown-1].ID)
	}
	return runs, err
}

// chosen is the run that is asked for, else the newest of the list; nil before the first.
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
		return nil, errNotFound
	}
	found, err := w.cfg.History.Run(r.UserContext(), id)
	if err == nil && found.Resource != res.ID {
		err = run.ErrNotFound
	}
	return &found, err
}

// readRows reads the page of rows that is asked for.
func (w *Web) readRows(r *request, v *logView) error {
	ctx, cancel := w.whileOpen(r.UserContext())
	defer cancel()
	found, err := w.cfg.History.Entries(ctx, v.Run.ID, v.Filter.of(entriesPage))
	if err != nil {
		return err
	}
	if last := lastPageOf(&found); len(found.Entries) == 0 && last > 0 && v.Filter.page > last { // the last one is shown
		v.Filter.page, v.Filter.after, v.Filter.before = last, 0, 0
		if found, err = w.cfg.History.Entries(ctx, v.Run.ID, v.Filter.of(entriesPage)); err != nil {
			return err
		}
	}
	base := r.web.cfg.Prefix + pathOf(v.ID, "")
	for i := range found.Entries {
		v.Rows = append(v.Rows, r.rowOfEntry(base, &found.Entries[i]))
	}
	here := v.Filter.link(base+"/log", "run", strconv.FormatInt(v.Run.ID, 10))
	v.CSV = here("format", "csv")
	v.Pages = v.Filter.pages(&found, here)
	return nil
}

// whileOpen returns a context that ends with the module too.
func (w *Web) whileOpen(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(w.life, cancel)
	return ctx, func() {
		stop()
		cancel()
	}
}

// runFile sends the rows of a run that match as a file.
func (w *Web) runFile(r *request, of run.Run, filter filterView) error {
	speaker, base := r.localizer, w.cfg.Prefix+pathOf(of.Resource, "")
	return w.download(r, w.logFile(fmt.Sprintf("run-%d", of.ID),
		func(ctx context.Context, put func(row) error) error {
			f := filter.of(entriesSent)
			for f.After, f.Before, f.Page = 0, 0, 1; ; {
				entries, err := w.cfg.History.Rows(ctx, of.ID, f)
				if err != nil {
					return err
				}
				for i := range entries {
					if err := put(speaker.rowOfEntry(base, &entries[i])); err != nil {
						return err
					}
					f.After = entries[i].ID
				}
				if len(entries) < f.Size {
					return nil
				}
			}
		}))
}

// logFile is a download of rows of the history.
func (w *Web) logFile(name string, produce func(context.Context, func(row) error) error) file {
	return file{name, entryColumns, entryCells, produce, w.downloads, errDownloads, downloadTime}
}
