package run

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// leased works while the lease is kept alive beside it. The work's context ends when the lease is lost, with
// ErrLeaseLost as its cause, or when the run has taken longer than it may.
func (p *Replication) leased(ctx context.Context, work func(context.Context) error) error {
	ctx, stop := context.WithTimeoutCause(ctx, p.cfg.Deadline, errDeadline)
	defer stop()
	ctx, cancel := context.WithCancelCause(ctx)
	beating := make(chan struct{})
	go func() {
		defer close(beating)
		p.beat(ctx, cancel)
	}()
	err := work(ctx)
	if err != nil && context.Cause(ctx) != nil {
		err = fmt.Errorf("%w: %w", context.Cause(ctx), err) // why it ended, rather than where
	}
	cancel(nil)
	<-beating
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
