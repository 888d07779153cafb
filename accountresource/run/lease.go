package run

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/mailpanel/account-resource/accountresource/recovered"
)

// grace is how long the batches that have begun may take to end once the run shall stop.
const grace = 20 * time.Second

// withLease works while the lease is kept alive beside it. The work gets two contexts. The first ends as soon as the run
// shall stop: nothing new is begun then. The second lives on for what has been begun, so that a run ends between two
// batches; it ends when the lease is lost, with ErrLeaseLost as its cause, when the run has taken longer than it may,
// and when stopping takes longer than the grace.
func (p *Replication) withLease(ctx context.Context, work func(begin, finish context.Context) error) error {
	finish, over := context.WithTimeoutCause(context.WithoutCancel(ctx), p.cfg.Deadline, errDeadline)
	defer over()
	finish, cut := context.WithCancelCause(finish)
	defer cut(nil)
	begin, stop := context.WithCancelCause(finish)
	defer stop(nil)
	defer context.AfterFunc(ctx, func() { stop(context.Cause(ctx)) })()
	defer context.AfterFunc(begin, func() {
		late := time.AfterFunc(grace, func() { cut(context.Cause(begin)) })
		context.AfterFunc(finish, func() { late.Stop() })
	})()
	var beside sync.WaitGroup
	faults := make(chan error, 2)
	guarded := func(end context.CancelCauseFunc, work func()) { // a panic beside the run ends the run
		if err := recovered.Do(func() error { work(); return nil }); err != nil {
			faults <- err
			end(err)
		}
	}
	beside.Go(func() { guarded(cut, func() { p.heartbeat(finish, cut) }) })
	beside.Go(func() { guarded(stop, func() { p.report(begin, stop) }) })
	err := recovered.Do(func() error { return work(begin, finish) })
	if cause := context.Cause(begin); err != nil && cause != nil {
		err = fmt.Errorf("%w: %w", cause, err) // why it ended, rather than where
	}
	cut(nil)
	beside.Wait()
	close(faults)
	for fault := range faults {
		if !errors.Is(err, fault) { // the run was over, or ended for another reason
			logPanic(ctx, p.log, "keep the lease and report", fault)
		}
	}
	return err
}

// heartbeat renews the lease every third of its time. A renewal that fails for another reason than loss is tried again
// as long as the lease is still good.
func (p *Replication) heartbeat(ctx context.Context, cancel context.CancelCauseFunc) {
	tick := time.NewTicker(p.cfg.LeaseTTL / 3)
	defer tick.Stop()
	failures := 0
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := p.renew(ctx)
		switch {
		case err == nil:
			failures = 0
			continue
		case ctx.Err() != nil:
			return
		}
		p.log.WarnContext(ctx, "renew the lease", "error", err)
		if failures++; errors.Is(err, ErrLeaseLost) || failures == 3 {
			cancel(ErrLeaseLost)
			return
		}
	}
}

// acquire takes the lease. Its time counts from before it was asked for.
func (p *Replication) acquire(ctx context.Context) (err error) {
	asked := p.cfg.Clock()
	p.lease, err = p.cfg.Leases.Acquire(ctx, p.res.ID, p.cfg.Owner, p.cfg.LeaseTTL)
	p.renewed.Store(&asked)
	return err
}

// renew extends the lease. The fencing number never changes, so that p.lease stays as it is for the writers beside.
func (p *Replication) renew(ctx context.Context) error {
	asked := p.cfg.Clock()
	if _, err := p.cfg.Leases.Renew(ctx, p.lease, p.cfg.LeaseTTL); err != nil {
		return err
	}
	p.renewed.Store(&asked)
	return nil
}

// release gives the lease back, even where ctx is over.
func (p *Replication) release(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTime)
	defer cancel()
	return onceMoreAfterPanic(func() error { return p.cfg.Leases.Release(ctx, p.lease) })
}

// stillOwner returns ErrLeaseLost unless the run is sure to be the only one (rule R20). It is called before each batch that
// is written to the mail store, which knows no fencing number: a process that was paused may have been taken for dead. The
// clock answers while at least half of the lease is left, and the lease row does otherwise.
func (p *Replication) stillOwner(ctx context.Context) error {
	if elapsed(*p.renewed.Load(), p.cfg.Clock()) < p.cfg.LeaseTTL/2 {
		return nil
	}
	if err := p.renew(ctx); err != nil {
		return fmt.Errorf("make sure of the lease: %w", errors.Join(ErrLeaseLost, err))
	}
	return nil
}

// elapsed returns the time between two readings of the clock. The monotonic clock stands still while the machine sleeps,
// and the wall clock may be set back: the longer of the two counts.
func elapsed(from, to time.Time) time.Duration {
	return max(to.Sub(from), to.Round(0).Sub(from.Round(0)))
}
