package run

import (
	"cmp"
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/plan"
	"github.com/mailpanel/account-resource/accountresource/recovered"
)

// apply makes the changes of one phase, batch by batch: claim links, mail store, then links and log rows together. The
// three work at once, each on another batch. A change that fails stops no other: what came of it is returned. An error means
// that nothing is known of the batches on the way, and the next run settles their claims (rule R19). When begin ends no
// batch is begun any more, and those that were are finished.
func (p *Replication) apply(begin, finish context.Context, batches <-chan []account.Change) ([]plan.Outcome, error) {
	claimed, written := make(chan []step), make(chan []step)
	var stopped error // why batches were left out
	var outcomes []plan.Outcome
	work, ctx := errgroup.WithContext(finish)
	work.Go(recovered.Func(func() error {
		defer close(claimed)
		for changes := range batches {
			if begin.Err() != nil {
				stopped = context.Cause(begin)
				return nil
			}
			p.counters.planned.Add(int64(len(changes)))
			batch, err := p.claim(ctx, changes)
			if err == nil {
				err = send(ctx, claimed, batch)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}))
	work.Go(recovered.Func(func() error {
		defer close(written)
		for batch := range claimed {
			if err := p.write(ctx, batch); err != nil {
				return err
			}
			if err := send(ctx, written, batch); err != nil {
				return err
			}
		}
		return nil
	}))
	work.Go(recovered.Func(func() error {
		for batch := range written {
			failed, err := p.settle(ctx, batch)
			if err != nil {
				return err
			}
			outcomes = append(outcomes, failed...)
			p.counters.done.Add(int64(len(batch)))
		}
		return nil
	}))
	err := work.Wait()
	return outcomes, cmp.Or(err, stopped)
}

// batchesOf divides the changes of a phase into batches; what hands on addresses among itself is one.
func (p *Replication) batchesOf(changes []account.Change, together bool) <-chan []account.Change {
	size := p.batchSizer.batch()
	if together {
		size = max(len(changes), 1)
	}
	batches := make(chan []account.Change, len(changes)/size+1)
	for ; len(changes) > size; changes = changes[size:] {
		batches <- changes[:size]
	}
	if len(changes) > 0 {
		batches <- changes
	}
	close(batches)
	return batches
}
