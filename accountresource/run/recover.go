package run

import (
	"context"
	"fmt"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/plan"
)

// readLinks reads the links, and settles the claims that an earlier run of the resource left (rule R19): what has begun is
// finished, of the rest the link is as it was. A claim that cannot be settled now stays one. Where nothing may be written,
// as for a preview, every claim is taken for settled.
func (p *Replication) readLinks(ctx context.Context, mayWrite bool) ([]account.Link, error) {
	var links []account.Link
	var claims []*account.Link
	for link, err := range p.cfg.Links.Links(ctx, p.res.ID, p.domain.Name) {
		if err != nil {
			return nil, fmt.Errorf("read the links: %w", err)
		}
		links = append(links, link)
	}
	for i := range links {
		if l := &links[i]; l.Resource == p.res.ID && l.State != account.Confirmed {
			claims = append(claims, l)
		}
	}
	if len(claims) == 0 {
		return links, nil
	}
	settling, err := p.recover(ctx, links, claims)
	if err != nil {
		return nil, err
	}
	if mayWrite {
		if err := p.settleClaims(ctx, settling, claims); err != nil {
			return nil, err
		}
	}
	settled := make(map[account.SourceID]*step, len(settling))
	for i := range settling {
		settled[settling[i].Source] = &settling[i]
	}
	now := make([]account.Link, 0, len(links))
	for _, l := range links {
		s := settled[l.Source]
		switch {
		case s == nil || l.Resource != p.res.ID || s.err != nil:
			now = append(now, l)
		case s.Link != nil:
			now = append(now, *s.Link)
		}
	}
	return now, nil
}

// recover returns what settles the claims, by what the mail store has of their accounts.
func (p *Replication) recover(ctx context.Context, links []account.Link, claims []*account.Link) ([]step, error) {
	here, err := p.lookUp(ctx, claims)
	if err != nil {
		return nil, err
	}
	owners := make(map[string]account.SourceID, len(links))
	for i := range links {
		owners[links[i].Address] = links[i].Source
	}
	batch, founds := make([]step, len(claims)), make([]plan.Found, len(claims))
	for i, claim := range claims {
		founds[i] = plan.Find(claim, here.of(claim))
		isOthers := func(address string) bool {
			owner, linked := owners[address]
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
		if s.err != nil {
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
