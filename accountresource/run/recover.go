package run

import (
	"context"
	"errors"
	"fmt"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/plan"
	"github.com/mailpanel/account-resource/backends"
)

// readLinks adds the links to the state. The claims that an earlier run of the resource left are settled first (rule R19): what
// has begun is finished, of the rest the link is as it was. A claim that cannot be settled now stays one. Where nothing may be
// written, as for a preview, every claim is taken for settled.
func (p *Replication) readLinks(ctx context.Context, reader Reader, state *plan.State, mayWrite bool) error {
	var claims []*account.Link
	var released []account.Link
	for link, err := range p.cfg.Links.Links(ctx, p.res.ID, p.domain.Name) {
		if err != nil {
			return fmt.Errorf("read the links: %w", err)
		}
		switch own := link.Resource == p.res.ID; {
		case own && link.State != account.Confirmed:
			claims = append(claims, &link)
		case own && link.Released:
			released = append(released, link)
		default:
			state.AddLink(link)
		}
	}
	if err := p.addReleased(ctx, reader, state, released); err != nil {
		return err
	}
	if len(claims) == 0 {
		return nil
	}
	settling, err := p.recover(ctx, state, claims)
	if err != nil {
		return err
	}
	if mayWrite {
		if err := p.settleClaims(ctx, settling, claims); err != nil {
			return err
		}
	}
	for i := range settling {
		switch s := &settling[i]; {
		case s.isGone():
		case s.err != nil:
			state.AddLink(*claims[i])
		case s.Link != nil:
			state.AddLink(*s.Link)
		}
	}
	return nil
}

// recover returns what settles the claims, by what the mail store has of their accounts and by whose the other accounts are.
func (p *Replication) recover(ctx context.Context, state *plan.State, claims []*account.Link) ([]step, error) {
	here, err := p.lookUp(ctx, claims)
	if err != nil {
		return nil, err
	}
	claimed := make(map[string]account.SourceID, len(claims))
	for _, claim := range claims {
		claimed[claim.Address] = claim.Source
	}
	batch, founds := make([]step, len(claims)), make([]plan.Found, len(claims))
	for i, claim := range claims {
		founds[i] = plan.Find(claim, here.of(claim))
		isOthers := func(address string) bool {
			owner, linked := state.Owner(address)
			if !linked {
				owner, linked = claimed[address]
			}
			return linked && owner != claim.Source
		}
		if founds[i].Place == plan.Elsewhere && isOthers(founds[i].Account.Address) {
			founds[i].Place = plan.Nowhere // another object has that account by now
		}
		founds[i].Taken = founds[i].Taken || isOthers(claim.Target())
		founds[i].FormerTaken = founds[i].FormerTaken || isOthers(claim.Former())
		batch[i] = step{Change: plan.Recover(p.policy, claim, founds[i]), claim: *claim, claimed: true}
	}
	p.keepApart(batch, founds)
	for i := range batch {
		p.log.InfoContext(ctx, "claim of an earlier run", "address", claims[i].Address, "state", claims[i].State,
			"account", founds[i].Place, "logged", batch[i].Action)
	}
	return batch, nil
}

// keepApart has no two accounts that are on their way get the same address: the second stays where it is.
func (p *Replication) keepApart(batch []step, founds []plan.Found) {
	goals := make(map[string]bool, len(batch))
	for _, underWay := range []bool{false, true} {
		for i := range batch {
			s := &batch[i]
			if s.Link == nil || (founds[i].Place != plan.AtAddress && s.Action == account.ActionRenamed) != underWay {
				continue
			}
			if goals[s.Link.Address] {
				founds[i].Taken, founds[i].FormerTaken = true, true
				s.Change = plan.Recover(p.policy, &s.claim, founds[i])
			}
			goals[s.Link.Address] = true
		}
	}
}

// isGone reports whether a step finishes a deletion whose account is gone, while something else has the address by now. The mail store
// refuses that again each time, and there is nothing left to delete.
func (s *step) isGone() bool {
	return s.claimed && s.claim.State == account.Deleting && errors.Is(s.err, backends.ErrNotFound)
}

// settleClaims finishes what has begun, and writes the links and log rows. A claim whose operation the mail store refuses
// stays as it is.
func (p *Replication) settleClaims(ctx context.Context, batch []step, claims []*account.Link) error {
	if err := p.markDirty(ctx); err != nil {
		return err
	}
	if err := p.write(ctx, batch); err != nil {
		return err
	}
	var settled Settled
	for i := range batch {
		s := &batch[i]
		entry := p.entryOf(s)
		if s.isGone() {
			settled.add(s, nil, true)
		} else if s.err != nil {
			p.retryLater(s.Source, s.Kind)
			p.log.WarnContext(ctx, "finish what an earlier run began", "address", s.Address, "error", s.err)
		} else {
			settled.add(s, s.Link, s.Unlink)
		}
		if entry.Action != "" {
			settled.Entries = append(settled.Entries, entry)
		}
	}
	settled.Tasks = p.newTasks(batch)
	if err := p.cfg.Journal.Settle(ctx, p.lease, p.run.ID, settled); err != nil {
		return fmt.Errorf("settle %d claims of an earlier run: %w", len(claims), err)
	}
	for i := range settled.Entries {
		p.counts[settled.Entries[i].Action]++
	}
	if len(settled.Tasks) > 0 {
		return p.doTasks(ctx)
	}
	return nil
}
