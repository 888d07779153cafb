package run

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/plan"
	"github.com/mailpanel/account-resource/accountresource/recovered"
	"github.com/mailpanel/account-resource/accountresource/resource"
)

// Replication is one run between its beginning and its end.
type Replication struct {
	cfg       *Config
	res       resource.Resource
	requested Mode // Incremental: if that is enough
	log       *slog.Logger
	counters  counters
	holding
	history
	source
	databases
	heldRemovals
	knownMembers
	mailSide
	taskState
}

// holding is the lease, and when the last renewal that succeeded was asked for.
type holding struct {
	lease   Lease
	renewed atomic.Pointer[time.Time]
}

// history is the run's row, and what was logged so far.
type history struct {
	run    Run
	counts map[account.Action]int
	live   *liveRun // nil: it is no live run
	// discarded says that a live run found nothing, so that the history has no row of it; postponed that it had to leave everything.
	discarded, postponed bool
}

// source is what is known of the directory.
type source struct {
	probe            Probe
	watermark        Watermark
	incomplete       account.Message           // says which listing was not whole, so that changes may have been missed
	noChanges        bool                      // nothing has changed
	elsewhere        map[account.SourceID]bool // what changed, and is shown as a tombstone or where it is now
	identitiesListed bool                      // of everybody in scope
	// tombstoneSeen says that a linked object was among the deleted ones, tombstoneMissed that one left and was not.
	tombstoneSeen, tombstoneMissed bool

	mu    sync.Mutex // guards retry
	retry map[Retry]struct{}
}

// mailSide is what is known of the mail store.
type mailSide struct {
	domain     account.Domain
	policy     *plan.Policy
	maildirs   maildirs
	batchSizer batchSizer
}

// taskState is what is known of the applications.
type taskState struct {
	down    map[string]bool // applications that failed in this run
	waiting map[int64]bool  // tasks that were logged as waiting for one
}

func newReplication(cfg *Config, res resource.Resource, requested Mode) *Replication {
	return &Replication{
		cfg: cfg, res: res, requested: requested, log: cfg.Logger.With("resource", res.ID),
		history:      history{counts: make(map[account.Action]int)},
		source:       source{retry: make(map[Retry]struct{}), elsewhere: make(map[account.SourceID]bool)},
		databases:    databases{counted: make(map[account.SourceID]bool), linked: make(map[account.SourceID]bool)},
		heldRemovals: heldRemovals{unconfirmed: make(map[account.Action]int), removalsKnown: make(map[account.Kind]bool), overdue: make(map[account.SourceID]bool)},
		mailSide:     mailSide{maildirs: newMaildirs(), batchSizer: batchSizer{fixed: cfg.BatchSize}},
		taskState:    taskState{down: make(map[string]bool), waiting: make(map[int64]bool)},
	}
}

// Run is the run's row in the history as it was opened. It is for whoever calls Do, and only before that.
func (p *Replication) Run() Run { return p.run }

// Do runs to the end, closes the run in the history and gives the lease back, whatever happens: a panic ends the run as
// failed. Then it prunes the history, until ctx ends.
func (p *Replication) Do(ctx context.Context) Run {
	err := recovered.Do(func() error {
		level := slog.LevelInfo
		if p.live != nil { // it may find nothing
			level = slog.LevelDebug
		}
		p.log.Log(ctx, level, "replication begins", "trigger", p.run.Trigger, "mode", p.run.Mode)
		return p.withLease(ctx, p.replicate)
	})
	p.end(ctx, err)
	p.prune(ctx)
	return p.run
}

// replicate is the way of the data. Once begin ends nothing new is begun, and finish is for what has been. The watermark
// moves last, when everything before it is done (rule R18).
func (p *Replication) replicate(begin, finish context.Context) error {
	if err := p.doTasks(begin); err != nil { // what an earlier run could not do
		return err
	}
	err := p.replicateWith(begin, true, func(ctx context.Context, batches <-chan []account.Change) ([]plan.Outcome, error) {
		return p.apply(ctx, finish, batches)
	})
	if err != nil {
		return err
	}
	if err := p.keepHeld(finish); err != nil {
		return err
	}
	if err := p.keepUnlinked(finish); err != nil {
		return err
	}
	return p.moveWatermark(finish)
}

// maker makes the changes of one phase, and returns what came of those that failed.
type maker func(ctx context.Context, batches <-chan []account.Change) ([]plan.Outcome, error)

// replicateWith reads what there is on both sides, and has apply make the changes phase by phase: each phase is planned from what
// came of the one before. That of the first goes on while pages are read.
func (p *Replication) replicateWith(ctx context.Context, mayWrite bool, apply maker) error {
	if err := p.readHeld(ctx); err != nil {
		return err
	}
	reader, err := p.cfg.OpenReader(p.res.Settings)
	if err != nil {
		return fmt.Errorf("open the directory: %w", err)
	}
	defer func() { _ = reader.Close() }() // it is only read
	p.counters.enter(Connecting)
	if r, ok := reader.(ReaderWithServer); ok && p.watermark.Server != "" {
		r.Prefer(p.watermark.Server) // a run stays with the last database while it answers (rule R24)
	}
	if p.probe, err = reader.Probe(ctx); err != nil {
		return fmt.Errorf("probe the directory: %w", err)
	}
	p.counters.server.Store(p.probe.Server)
	p.chooseDatabase()
	d, err := p.chooseMode(ctx, reader)
	if err != nil {
		return err
	}
	if p.noChanges {
		return p.stillHosted(ctx)
	}
	p.counters.enter(Local)
	planner, err := p.planner(ctx, reader, d, mayWrite)
	if err != nil {
		return err
	}
	outcomes, err := p.firstPhase(ctx, reader, planner, d, apply)
	if err != nil {
		return err
	}
	planner.Correct(outcomes)
	if err := p.checkReadable(ctx, reader, planner); err != nil {
		return err
	}
	for _, phase := range planner.Phases() {
		outcomes, err := apply(ctx, p.batchesOf(phase.Plan(), phase.Together))
		if err != nil {
			return fmt.Errorf("%s: %w", phase.Name, err)
		}
		planner.Correct(outcomes)
	}
	p.held, p.seen = planner.Held(), planner.IsGiven
	p.learn(planner)
	return nil
}

// firstPhase reads the directory, and has apply make what can be decided meanwhile.
func (p *Replication) firstPhase(
	ctx context.Context, reader Reader, planner *plan.Planner, d *delta, apply maker,
) (outcomes []plan.Outcome, err error) {
	work, ctx := errgroup.WithContext(ctx)
	batches := make(chan []account.Change, 2)
	work.Go(recovered.Func(func() error {
		defer close(batches)
		return p.read(ctx, reader, planner, d, &feed{batchSizer: &p.batchSizer, batches: batches})
	}))
	work.Go(recovered.Func(func() (err error) {
		outcomes, err = apply(ctx, batches)
		return err
	}))
	err = work.Wait()
	return outcomes, err
}

// chooseMode decides between an incremental run and, with a delta of nil, one that reads everything (rule R17).
func (p *Replication) chooseMode(ctx context.Context, reader Reader) (*delta, error) {
	why, enough := p.canRunIncremental(p.probe)
	if enough {
		p.counters.enter(Users)
		d, err := p.delta(ctx, reader)
		if err == nil {
			p.noChanges = d == nil
			return d, p.decideMode(ctx, Incremental)
		}
		if !errors.Is(err, errFullRunNeeded) {
			return nil, err
		}
		why = "the changes do not tell everything"
	}
	if p.live != nil && !p.live.Full {
		return nil, fmt.Errorf("%w: %s", errPostponed, why)
	}
	p.log.InfoContext(ctx, "the whole directory is read", "why", why)
	return nil, p.decideMode(ctx, Full)
}

// endTime is the longest that closing the run may take, and then giving the lease back.
const endTime = 30 * time.Second

// end closes the run in the history and gives the lease back. Both have their own time: the run's may be over.
func (p *Replication) end(ctx context.Context, err error) {
	ctx = context.WithoutCancel(ctx)
	p.run.Finished, p.run.Counts = p.cfg.Clock(), p.counts
	p.run.Outcome, p.run.Error = p.outcome(err)
	p.discarded = p.isIdle(err)
	waiting := p.kept.pending()
	if waiting > 0 {
		p.counts[account.ActionHeld] = waiting
	}
	write := func() error {
		ctx, cancel := context.WithTimeout(ctx, endTime)
		defer cancel()
		if p.discarded {
			var err error
			if p.discarded, err = p.cfg.Journal.Discard(ctx, p.run.ID); err != nil || p.discarded {
				return err
			}
		}
		return p.cfg.Journal.End(ctx, p.run.ID, p.run.Outcome, p.run.Error, waiting, p.run.Finished)
	}
	closed := recovered.Do(write)
	if recovered.Stack(closed) != "" { // no run stays open
		p.run.Outcome, p.run.Error = Failed, account.Say("problem_panic")
		_ = recovered.Do(write)
	}
	released := p.release(ctx)
	logPanic(ctx, p.log, "replicate", err)
	recovered.Log(ctx, p.log, "close the run in the history", closed)
	recovered.Log(ctx, p.log, "release the lease", released)
	if p.discarded && p.postponed {
		err = nil
	}
	_ = recovered.Do(func() error { // everything is done
		if p.discarded {
			p.log.DebugContext(ctx, "nothing to replicate", "postponed", p.postponed, "took", p.run.Finished.Sub(p.run.Started))
			return nil
		}
		p.log.InfoContext(ctx, "replication ended", "outcome", p.run.Outcome, "counts", p.counts, "error", err,
			"took", p.run.Finished.Sub(p.run.Started))
		return nil
	})
}

// pruneTime is the longest that a run prunes the history for. What is left is for the next run.
const pruneTime = 30 * time.Second

// prune deletes what is too old of the history (rule R21). The next run may have begun, and shutting down does not wait
// for it; a failure is only logged.
func (p *Replication) prune(ctx context.Context) {
	if ctx.Err() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, pruneTime)
	defer cancel()
	err := recovered.Do(func() error {
		return p.cfg.Journal.Forget(ctx, p.res.ID, p.run.Finished.Add(-p.cfg.Retention))
	})
	recovered.Log(ctx, p.log, "prune the history", err)
}
