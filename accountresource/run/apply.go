package run

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
)

// step is a change of the batch and what became of it.
type step struct {
	account.Change
	claimed bool
	err     error
}

// confirmsClaim reports whether the claimed link already equals the final one except for its state; then only the state
// is written. One that enables an account differs in more.
func (s *step) confirmsClaim() bool {
	return s.claimed && !s.Enable && s.Link.State == account.Confirmed && len(s.Link.Intent) == 0
}

// leavesNothing reports whether a failed change left no account behind, so that its claim must be deleted.
func (s *step) leavesNothing() bool {
	created := s.Action == account.ActionCreated &&
		(errors.Is(s.err, backends.ErrExists) || errors.Is(s.err, backends.ErrHomeTaken))
	gone := s.Action == account.ActionRenamed && errors.Is(s.err, backends.ErrNotFound)
	return created || gone
}

// prepare makes a batch of changes and claims its links.
func (p *Replication) prepare(ctx context.Context, changes []account.Change) ([]step, error) {
	batch := make([]step, len(changes))
	for i := range changes {
		batch[i].Change = changes[i]
		p.adjust(&batch[i].Change)
	}
	if slices.ContainsFunc(changes, func(c account.Change) bool { return c.Link != nil || c.Unlink || c.TouchesAccount() }) {
		if err := p.opens(ctx); err != nil {
			return nil, err
		}
	}
	if err := p.findHomes(ctx, batch); err != nil {
		return nil, err
	}
	if err := p.chooseHomes(ctx, batch); err != nil {
		return nil, err
	}
	return batch, p.claim(ctx, batch)
}

// claim writes what the batch is about to do to each link, so that the next run can finish it (rule R19).
func (p *Replication) claim(ctx context.Context, batch []step) error {
	links, owners := make([]account.Link, 0, len(batch)), make([]*step, 0, len(batch))
	for i := range batch {
		if link, ok := batch[i].Claim(); ok {
			links, owners = append(links, link), append(owners, &batch[i])
			batch[i].claimed = true
		}
	}
	if len(links) == 0 {
		return nil
	}
	results, err := p.cfg.Links.Claim(ctx, p.lease, links)
	if err != nil {
		return fmt.Errorf("claim %d links: %w", len(links), err)
	}
	for i, result := range results {
		owners[i].err, owners[i].claimed = result, result == nil
	}
	return nil
}

// write has the mail store make those changes that were not refused.
func (p *Replication) write(ctx context.Context, batch []step) error {
	changes, owners := make([]account.Change, 0, len(batch)), make([]*step, 0, len(batch))
	for i := range batch {
		if batch[i].err == nil && batch[i].TouchesAccount() {
			changes, owners = append(changes, batch[i].Change), append(owners, &batch[i])
		}
	}
	if len(changes) == 0 {
		return nil
	}
	if err := p.stillOwner(ctx); err != nil {
		return err
	}
	limited, _, cancel := withIdleTimeout(ctx)
	defer cancel()
	began := p.cfg.Clock()
	results, err := p.cfg.Backend.Apply(limited, p.domain, changes)
	if err != nil {
		return storeProblem(fmt.Errorf("write %d accounts: %w", len(changes), stopped(limited, err)))
	}
	p.batchSizer.wrote(len(changes), p.cfg.Clock().Sub(began))
	for i, result := range results {
		owners[i].err = result
	}
	return nil
}

// settle writes the links as they now stand and the log rows, in one transaction.
func (p *Replication) settle(ctx context.Context, batch []step) error {
	now := p.cfg.Clock()
	var settled Settled
	for i := range batch {
		s := &batch[i]
		entry := Entry{
			Time: now, Action: s.Action, Kind: s.Kind, Source: s.Source, DN: s.DN, Address: s.Address, Diff: s.Diff,
			Reason: s.Reason,
		}
		switch {
		case s.err != nil:
			entry.Action, entry.Reason, entry.Detail = failure(s.err)
			entry.Diff = nil
			if s.leavesNothing() {
				settled.Unlinked = append(settled.Unlinked, s.Source)
			}
			p.log.WarnContext(ctx, "account", "address", s.Address, "change", s.Action, "error", s.err)
		case s.Unlink || s.Action == account.ActionDeleted:
			settled.Unlinked = append(settled.Unlinked, s.Source)
		case s.Link != nil && s.confirmsClaim():
			settled.Confirmed = append(settled.Confirmed, s.Link.Address)
		case s.Link != nil:
			settled.Links = append(settled.Links, *s.Link)
		}
		if entry.Action == account.ActionFailed || entry.Action == account.ActionConflict {
			p.again(s.Source, s.Kind)
		}
		if entry.Action == account.ActionRenamed {
			entry.Address = s.NewAddress // that is its name from now on; the old one is in the difference
		}
		if entry.Action != "" && !p.kept.has(&s.Change) {
			settled.Entries = append(settled.Entries, entry)
		}
	}
	settled.Tasks = p.newTasks(batch)
	if err := p.cfg.Journal.Settle(ctx, p.lease, p.run.ID, settled); err != nil {
		return fmt.Errorf("settle %d accounts: %w", len(batch), err)
	}
	for i := range settled.Entries {
		if action := settled.Entries[i].Action; action != account.ActionHeld { // what waits is counted at the end
			p.counts[action]++
		}
	}
	if len(settled.Tasks) > 0 {
		return p.doTasks(ctx)
	}
	return nil
}
