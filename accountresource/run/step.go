package run

import (
	"context"
	"fmt"
	"slices"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// step is a change of a batch, its claim, and what became of it.
type step struct {
	account.Change
	claim   account.Link
	claimed bool
	err     error
}

// confirmsClaim reports whether the claim already equals the final link except for its state; then only that is written.
func (s *step) confirmsClaim() bool {
	c, l := &s.claim, s.Link
	return s.claimed && c.Local == l.Local && c.Known == l.Known && c.Off == l.Off && c.Parted == l.Parted && c.OffWaits == l.OffWaits &&
		slices.Equal(c.Members, l.Members) && len(l.Intent) == 0
}

// claim makes a batch of changes, and writes what it is about to do to each link, so that the next run can finish it (rule
// R19).
func (p *Replication) claim(ctx context.Context, changes []account.Change) ([]step, error) {
	batch := make([]step, len(changes))
	for i := range changes {
		batch[i].Change = changes[i]
	}
	if slices.ContainsFunc(changes, func(c account.Change) bool { return c.Link != nil || c.Unlink || c.Writes() }) {
		if err := p.markDirty(ctx); err != nil {
			return nil, err
		}
	}
	if err := p.identify(ctx, batch); err != nil {
		return nil, err
	}
	if err := p.chooseHomes(ctx, batch); err != nil {
		return nil, err
	}
	var links []account.Link
	var owners []*step
	for i := range batch {
		s := &batch[i]
		if s.claim, s.claimed = s.Claim(); s.claimed {
			links, owners = append(links, s.claim), append(owners, s)
		}
	}
	if len(links) == 0 {
		return batch, nil
	}
	results, err := p.cfg.Links.Claim(ctx, p.lease, links)
	if err != nil {
		return nil, fmt.Errorf("claim %d links: %w", len(links), err)
	}
	for i, result := range results {
		owners[i].err, owners[i].claimed = result, result == nil
	}
	return batch, nil
}

// write has the mail store make those operations that were not refused.
func (p *Replication) write(ctx context.Context, batch []step) error {
	operations, owners := make([]account.Operation, 0, len(batch)), make([]*step, 0, len(batch))
	for i := range batch {
		if batch[i].err == nil && batch[i].Writes() {
			operations, owners = append(operations, batch[i].Operation), append(owners, &batch[i])
		}
	}
	if len(operations) == 0 {
		return nil
	}
	if err := p.stillOwner(ctx); err != nil {
		return err
	}
	limited, _, cancel := withIdleTimeout(ctx)
	defer cancel()
	began := p.cfg.Clock()
	results, err := p.cfg.Backend.Apply(limited, p.domain, operations)
	if err != nil {
		return storeProblem(fmt.Errorf("write %d accounts: %w", len(operations), stopped(limited, err)))
	}
	p.batchSizer.wrote(len(operations), p.cfg.Clock().Sub(began))
	for i, result := range results {
		owners[i].err = result
	}
	return nil
}
