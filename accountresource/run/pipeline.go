package run

import (
	"cmp"
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/recovered"
)

// pipeline is batches on their way: announced are claimed, done are written; few wait, so that memory stays small. settled
// says what came of each.
type pipeline struct {
	announced, done chan []step
	settled         chan verdict
	open            int   // batches announced and not known to be settled
	stopped         error // why batches were left out, where the run was stopped
}

// mostOpen batches are open: one in each hand and in each channel, and one whose verdict nobody has looked at. There is
// room for the verdict on each, so that settling never waits.
const mostOpen = 6

// apply makes the changes of batches: claim links, mail store, then links and log rows together. The three work at
// once, each on another batch; only one that renames or drops links has the others settled before and itself settled before
// the next, as claims are understood by what else is claimed. A change that fails stops no
// other; an error means that nothing is known of the batches on the way, and the next run settles their claims (rule R19).
// When begin ends no batch is begun any more, and those that were are finished.
func (p *Replication) apply(begin, finish context.Context, batches <-chan []account.Change) error {
	line := &pipeline{announced: make(chan []step, 1), done: make(chan []step, 1), settled: make(chan verdict, mostOpen)}
	work, ctx := errgroup.WithContext(finish)
	work.Go(recovered.Func(func() error {
		defer close(line.announced)
		return p.announceAll(begin, ctx, batches, line)
	}))
	work.Go(recovered.Func(func() error {
		defer close(line.done)
		for batch := range line.announced {
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
			came := judge(batch)
			if err := p.settle(ctx, batch); err != nil {
				return err
			}
			line.settled <- came
			p.gauge.done.Add(int64(len(batch)))
		}
		return nil
	}))
	return cmp.Or(work.Wait(), line.stopped)
}

// announceAll claims batch after batch.
func (p *Replication) announceAll(begin, ctx context.Context, batches <-chan []account.Change, line *pipeline) error {
	enrolled := false
	for changes := range batches {
		if begin.Err() != nil {
			line.stopped = context.Cause(begin) // what is on its way is finished
			return nil
		}
		p.gauge.planned.Add(int64(len(changes)))
		alone := slices.ContainsFunc(changes, func(c account.Change) bool { // others may claim what these give up
			return c.Action == account.ActionRenamed || c.Unlink
		})
		enrols := !enrolled && slices.ContainsFunc(changes, func(c account.Change) bool { return len(c.Join) > 0 })
		room := mostOpen - 1
		if alone || enrols { // aliases come last: once everybody is there, they stay
			room, enrolled = 0, enrolled || enrols
		}
		if err := p.await(ctx, line, room); err != nil {
			return err
		}
		batch, err := p.announce(ctx, changes)
		if err != nil {
			return err
		}
		if len(batch) > 0 {
			line.open++
		}
		if err := send(ctx, line.announced, batch); err != nil {
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

// await learns what came of batches until at most so many are open.
func (p *Replication) await(ctx context.Context, line *pipeline, most int) error {
	for line.open > most {
		select {
		case came := <-line.settled:
			line.open--
			p.learn(came)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}
