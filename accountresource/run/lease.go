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

// leased works while the lease is kept alive beside it. The work gets two contexts. The first ends as soon as the run
// shall stop: nothing new is begun then. The second lives on for what has been begun, so that a run ends between two
// batches; it ends when the lease is lost, with ErrLeaseLost as its cause, when the run has taken longer than it may,
// and when stopping takes longer than the grace.
func (p *Replication) leased(ctx context.Context, work func(begin, finish context.Context) error) error {
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
	guarded := func(end context.CancelCauseFunc, work func()) { // a panic beside the run ends the run
		if err := recovered.Do(func() error { work(); return nil }); err != nil {
			logPanic(finish, p.log, err)
			end(err)
		}
	}
	beside.Go(func() { guarded(cut, func() { p.beat(finish, cut) }) })
	beside.Go(func() { guarded(stop, func() { p.report(begin, stop) }) })
	err := recovered.Do(func() error { return work(begin, finish) })
	if cause := context.Cause(begin); err != nil && cause != nil {
		err = fmt.Errorf("%w: %w", cause, err) // why it ended, rather than where
	}
	cut(nil)
	beside.Wait()
	return err
}

// beat renews the lease every third of its time. A renewal that fails for another reason than loss is tried again
// as long as the lease is still good.
func (p *Replication) beat(ctx context.Context, cancel context.CancelCauseFunc) {
	tick := time.NewTicker(p.cfg.LeaseTTL / 3)
	defer tick.Stop()
	failures := 0
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		// The fencing number never changes, so that p.lease stays as it is for the writers beside.
		_, err := p.cfg.Leases.Renew(ctx, p.lease, p.cfg.LeaseTTL)
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
