package run

import (
	"cmp"
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/recovered"
)

// pipeline holds the batches in flight: the links of those in claimed are claimed, those in done are written to the mail
// store. settled has the outcome of each that is committed.
type pipeline struct {
	claimed, done chan []step
	settled       chan batchOutcome
	open          int   // batches claimed whose outcome has not been recorded
	stopped       error // why batches were left out, where the run was stopped
}

// maxInFlight bounds the batches in flight: one per stage, one per channel, and one finished but not yet recorded. The
// settled channel has room for all, so that committing never waits.
const maxInFlight = 6

// apply makes the changes of batches: claim links, mail store, then links and log rows together. The three work at
// once, each on another batch; only one that renames or drops links has the others settled before and itself settled before
// the next, as claims are understood by what else is claimed. A change that fails stops no
// other; an error means that nothing is known of the batches on the way, and the next run settles their claims (rule R19).
// When begin ends no batch is begun any more, and those that were are finished.
func (p *Replication) apply(begin, finish context.Context, batches <-chan []account.Change) error {
	line := &pipeline{claimed: make(chan []step, 1), done: make(chan []step, 1), settled: make(chan batchOutcome, maxInFlight)}
	work, ctx := errgroup.WithContext(finish)
	work.Go(recovered.Func(func() error {
		defer close(line.claimed)
		return p.claimAll(begin, ctx, batches, line)
	}))
	work.Go(recovered.Func(func() error {
		defer close(line.done)
		for batch := range line.claimed {
			if err := p.write(ctx, batch); err != nil {
				return err
			}
			if err := send(ctx, line.done, batch); err != nil {
				return err
			}
		}
		return nil
	}))
	work.Go(recovered.Func(func() error {
		for batch := range line.done {
			came := outcomeOf(batch)
			if err := p.settle(ctx, batch); err != nil {
				return err
			}
			line.settled <- came
			p.counters.done.Add(int64(len(batch)))
		}
		return nil
	}))
	return cmp.Or(work.Wait(), line.stopped)
}

// claimAll prepares the batches one after another and sends them on.
func (p *Replication) claimAll(begin, ctx context.Context, batches <-chan []account.Change, line *pipeline) error {
	enrolled := false
	for changes := range batches {
		if begin.Err() != nil {
			line.stopped = context.Cause(begin) // what is on its way is finished
			return nil
		}
		p.counters.planned.Add(int64(len(changes)))
		alone := slices.ContainsFunc(changes, func(c account.Change) bool { // others may claim what these give up
			return c.Action == account.ActionRenamed || c.Unlink
		})
		enrols := !enrolled && slices.ContainsFunc(changes, func(c account.Change) bool { return len(c.Join) > 0 })
		room := maxInFlight - 1
		if alone || enrols { // aliases come last: once everybody is there, they stay
			room, enrolled = 0, enrolled || enrols
		}
		if err := p.await(ctx, line, room); err != nil {
			return err
		}
		batch, err := p.prepare(ctx, changes)
		if err != nil {
			return err
		}
		if len(batch) > 0 {
			line.open++
		}
		if err := send(ctx, line.claimed, batch); err != nil {
			return err
		}
		if alone {
			if err := p.await(ctx, line, 0); err != nil {
				return err
			}
		}
	}
	return nil
}

// await records the outcomes of batches until at most so many are in flight.
func (p *Replication) await(ctx context.Context, line *pipeline, most int) error {
	for line.open > most {
		select {
		case came := <-line.settled:
			line.open--
			p.record(came)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}
