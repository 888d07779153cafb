package run

import (
	"context"
	"fmt"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/plan"
)

// settle writes the links as they now stand and the log rows, in one transaction. It returns what came of changes that
// failed: the mail store is asked, since a change may have been made though it failed.
func (p *Replication) settle(ctx context.Context, batch []step) ([]plan.Outcome, error) {
	failed, err := p.outcomes(ctx, batch)
	if err != nil {
		return nil, err
	}
	var settled Settled
	for i := range batch {
		s := &batch[i]
		entry := p.entryOf(s)
		switch outcome := failed[s]; {
		case outcome != nil:
			if s.claimed {
				settled.add(s, outcome.Link, outcome.Link == nil)
			}
			p.log.WarnContext(ctx, "account", "address", s.Address, "change", s.Action, "error", s.err)
		default:
			settled.add(s, s.Link, s.Unlink || s.Verb == account.Delete)
			p.noteLinked(s)
			p.noteSaid(s)
			if s.Counts != "" {
				p.unconfirmed[s.Counts]++
				settled.Unconfirmed = p.unconfirmed
			}
		}
		if entry.Action == account.ActionFailed || entry.Action == account.ActionConflict {
			p.retryLater(s.Source, s.Kind)
		}
		if entry.Action != "" && !p.kept.has(&s.Change) {
			settled.Entries = append(settled.Entries, entry)
		}
	}
	settled.Tasks = p.newTasks(batch)
	if err := p.cfg.Journal.Settle(ctx, p.lease, p.run.ID, settled); err != nil {
		return nil, fmt.Errorf("settle %d accounts: %w", len(batch), err)
	}
	for i := range settled.Entries {
		if action := settled.Entries[i].Action; action != account.ActionHeld { // what waits is counted at the end
			p.counts[action]++
		}
	}
	all := make([]plan.Outcome, 0, len(failed))
	for _, outcome := range failed {
		all = append(all, *outcome)
	}
	if len(settled.Tasks) > 0 {
		return all, p.doTasks(ctx)
	}
	return all, nil
}

// add adds what becomes of a step's link.
func (settled *Settled) add(s *step, link *account.Link, unlink bool) {
	switch {
	case unlink:
		settled.Unlinked = append(settled.Unlinked, s.Source)
	case link == nil, link.State != account.Confirmed: // it stays as it is
	case link == s.Link && s.claimed && s.confirmsClaim():
		settled.Confirmed = append(settled.Confirmed, link.Address)
	case s.claim.Address != "" && s.claim.Address != link.Address:
		settled.Moved = append(settled.Moved, *link)
	default:
		settled.Links = append(settled.Links, *link)
	}
	if s.Before != nil && s.Before.Released && !unlink && link != nil && link.State == account.Confirmed {
		settled.Freed = append(settled.Freed, s.Before.Address)
	}
}

// entryOf returns the log row of a step.
func (p *Replication) entryOf(s *step) Entry {
	entry := Entry{
		Time: p.cfg.Clock(), Action: s.Action, Kind: s.Kind, Source: s.Source, DN: s.DN, Address: s.Address, Diff: s.Diff,
		Reason: s.Reason,
	}
	switch {
	case s.err != nil:
		entry.Action, entry.Reason, entry.Detail = failure(s.err)
		entry.Diff = nil
	case s.Action == account.ActionRenamed:
		entry.Address = s.NewAddress // that is its name from now on; the old one is in the difference
	}
	return entry
}

// outcomes returns what came of the steps of a batch that failed. One whose change can be seen in the mail store has not.
func (p *Replication) outcomes(ctx context.Context, batch []step) (map[*step]*plan.Outcome, error) {
	var failed []*step
	var links []*account.Link
	for i := range batch {
		if s := &batch[i]; s.err != nil {
			failed, links = append(failed, s), append(links, s.asked())
		}
	}
	if len(failed) == 0 {
		return nil, nil
	}
	here, err := p.lookUp(ctx, links)
	if err != nil {
		return nil, err
	}
	outcomes := make(map[*step]*plan.Outcome, len(failed))
	for i, s := range failed {
		accounts := here.of(links[i])
		outcome := plan.Outcome{Change: &s.Change, Link: s.Before, Accounts: accounts}
		if s.claimed {
			settling := plan.Recover(p.policy, &s.claim, plan.Find(&s.claim, accounts))
			switch {
			case settling.Verb != "": // it is half made: the next run finishes it
				outcome.Link = &s.claim
			case settling.Action != "" && settling.Action == s.Action && s.Verb != account.Rename:
				s.err = nil
				continue
			default:
				outcome.Link = settling.Link
			}
		}
		outcomes[s] = &outcome
	}
	return outcomes, nil
}

// asked returns a link that names the addresses and the mail directory of a step's account.
func (s *step) asked() *account.Link {
	if s.claimed {
		return &s.claim
	}
	return &account.Link{
		State: account.Renaming, Local: account.Local{Kind: s.Kind, Address: s.Address, Home: s.Home},
		Intent: []account.Difference{{What: account.WhatAddress, Old: s.NewAddress}},
	}
}
