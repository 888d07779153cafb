package accountresource

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/directory"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
	"github.com/mailpanel/account-resource/accountresource/schedule"
	"github.com/mailpanel/account-resource/accountresource/watch"
	"github.com/mailpanel/account-resource/accountresource/web"
	"github.com/mailpanel/account-resource/backends"
)

// operations are what buttons and the schedule do: they join the parts, and each is a few calls.
type operations struct {
	directory directory.Options
	resources web.Resources
	history   history
	leases    run.Leases
	marks     run.Watermarks
	runner    *run.Runner
	backend   backends.Backend
	schedule  *schedule.Schedule
	watches   watches
	live      *watch.Service
	logger    *slog.Logger
}

// watches is what the pages and the watch know of each other.
type watches interface {
	watch.Watches
	State(ctx context.Context, resource int64) (watch.State, bool, error)
}

// history is what the pages read of runs, and what stops one.
type history interface {
	web.History
	Cancel(ctx context.Context, resourceID, runID int64) error
	// IndexHistory indexes the log rows of runs that have ended by account.
	IndexHistory(ctx context.Context, resourceID int64) error
	// LastBesides returns when the newest run of a resource began that was not started by a trigger.
	LastBesides(ctx context.Context, resourceID int64, t run.Trigger) (time.Time, error)
}

var _ web.Operations = (*operations)(nil)

// Check finds mistakes that need no server to be seen.
func (o *operations) Check(s resource.Settings) resource.Problems { return o.directory.Check(s) }

// Test reads the first users and groups.
func (o *operations) Test(ctx context.Context, s resource.Settings) (run.Sample, error) {
	return o.runner.Sample(ctx, s)
}

// Certificates is the chain that the server sends.
func (o *operations) Certificates(ctx context.Context, c resource.Connection) ([]resource.Certificate, error) {
	return o.directory.Certificates(ctx, c)
}

// BaseDN is the root of the directory, as the server names it.
func (o *operations) BaseDN(ctx context.Context, c resource.Connection) (string, error) {
	return o.directory.BaseDN(ctx, c)
}

// Preview plans a run and writes nothing.
func (o *operations) Preview(ctx context.Context, res resource.Resource, each func(*account.Change) error) error {
	return o.runner.Preview(ctx, res, each)
}

// Replicate starts a run in the background.
func (o *operations) Replicate(ctx context.Context, id int64, wanted run.Mode) (run.Run, error) {
	res, err := o.resources.Get(ctx, id)
	if err != nil {
		return run.Run{}, fmt.Errorf("read resource %d: %w", id, err)
	}
	replication, err := o.runner.Begin(ctx, res, run.Manual, wanted)
	if err != nil {
		return run.Run{}, err
	}
	opened := replication.Run() // before it begins: from then on the run is its own
	work := func(ctx context.Context) { replication.Do(ctx) }
	if err := o.schedule.Go(work); err != nil { // the panel is going down: the run ends before it begins
		over, cancel := context.WithCancel(ctx)
		cancel()
		work(over)
		return run.Run{}, err
	}
	return opened, nil
}

// Cancel asks a run to stop.
func (o *operations) Cancel(ctx context.Context, resourceID, runID int64) error {
	return o.history.Cancel(ctx, resourceID, runID)
}

// scheduled is a run because it is time. Another process being faster is no news.
func (o *operations) scheduled(ctx context.Context, id int64) {
	res, err := o.resources.Get(ctx, id)
	var until time.Time
	if err == nil {
		until, err = o.backOff(ctx, &res)
	}
	if time.Now().Before(until) {
		o.logger.InfoContext(ctx, "no scheduled run: the directory refused the bind account", "resource", id, "until", until)
		return
	}
	if err == nil {
		_, err = o.runner.Once(ctx, res, run.Scheduled, run.Incremental)
	}
	switch {
	case err == nil, ctx.Err() != nil:
	case errors.Is(err, run.ErrRunning), errors.Is(err, run.ErrDisabled), errors.Is(err, resource.ErrNotFound):
		o.logger.InfoContext(ctx, "no scheduled run", "resource", id, "reason", err)
	default:
		o.logger.ErrorContext(ctx, "scheduled run", "resource", id, "error", err)
	}
}

// backOff returns until when a resource does not run by itself.
func (o *operations) backOff(ctx context.Context, res *resource.Resource) (time.Time, error) {
	newest, _, err := o.history.Runs(ctx, res.ID, 1, run.BackOffRuns)
	if err != nil {
		return time.Time{}, fmt.Errorf("read the newest runs of resource %d: %w", res.ID, err)
	}
	return run.BackOff(newest, res.Changed), nil
}

// Running reports whether a run is going on, in this process or another.
func (o *operations) Running(ctx context.Context, id int64) (bool, error) {
	return o.leases.Held(ctx, id)
}

// Changed brings schedule and watches in step.
func (o *operations) Changed(ctx context.Context, _ int64) error {
	o.live.Changed()
	return o.schedule.Sync(ctx)
}

// Watched is how the watch of a resource's directory is going; found is false where no process watches it.
func (o *operations) Watched(ctx context.Context, id int64) (watch.State, bool, error) {
	return o.watches.State(ctx, id)
}

// watchSource opens what the watch of a resource asks: the server that runs read, where that answers.
func (o *operations) watchSource(ctx context.Context, res resource.Resource) (watch.Source, error) {
	reader, err := o.directory.Reader(res.Settings)
	if err != nil {
		return nil, err
	}
	mark, err := o.marks.Watermark(ctx, res.ID)
	if err != nil {
		return nil, fmt.Errorf("read which server resource %d is replicated from: %w", res.ID, err)
	}
	reader.Prefer(mark.Server)
	return reader, nil
}

// runLive is a run because the directory has changed.
func (o *operations) runLive(ctx context.Context, res resource.Resource, b run.Bounds) (run.Look, error) {
	res, err := o.resources.Get(ctx, res.ID)
	if err != nil {
		return run.Look{}, fmt.Errorf("read resource %d: %w", res.ID, err)
	}
	return o.runner.Live(ctx, res, b)
}

// NextRun is when the schedule will run the resource.
func (o *operations) NextRun(id int64) time.Time { return o.schedule.Next(id) }

// Domains searches the hosted domains.
func (o *operations) Domains(ctx context.Context, part string, limit int) ([]string, error) {
	return o.backend.Domains(ctx, part, limit)
}

// Hosted reports whether mailboxes of the domain are hosted here.
func (o *operations) Hosted(ctx context.Context, domain string) (bool, error) {
	d, err := o.backend.Domain(ctx, domain)
	if errors.Is(err, backends.ErrNotFound) {
		return false, nil
	}
	return err == nil && !d.BackupMX, err
}

// lastRun is when the newest run of a resource began that was no live one: those do not take the place of scheduled ones.
func (o *operations) lastRun(ctx context.Context, id int64) (time.Time, error) {
	return o.history.LastBesides(ctx, id, run.Live)
}

// all reads the resources for the schedule, and on the way marks runs whose process was killed and
// indexes by account what other processes have logged.
func (o *operations) all(ctx context.Context) ([]resource.Resource, error) {
	if err := o.leases.Sweep(ctx); err != nil {
		return nil, fmt.Errorf("look for runs that were cut off: %w", err)
	}
	all, err := o.resources.All(ctx)
	for _, res := range all {
		if err := o.history.IndexHistory(ctx, res.ID); err != nil { // reading the history of an account makes up for it
			o.logger.WarnContext(ctx, "index the history by account", "error", err)
		}
	}
	return all, err
}
