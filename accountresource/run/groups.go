package run

import (
	"context"
	"fmt"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/plan"
	"github.com/mailpanel/account-resource/accountresource/resource"
)

// groupPolicy is nil where groups are not replicated.
func groupPolicy(s *resource.Settings) *plan.GroupPolicy {
	if !s.Replication.Groups {
		return nil
	}
	return &plan.GroupPolicy{Named: s.Groups.Name != "", AccessPolicy: string(s.Groups.AccessPolicy), Moderated: s.Groups.Moderator}
}

// lookUpRounds bounds how deep groups are nested outside of the scope.
const lookUpRounds = 30

// readGroups reads the groups in scope, and whoever is a member and has not been seen. Who is in a group is only known
// when all groups are, so that they are all read where one may have changed.
func (p *Replication) readGroups(ctx context.Context, reader Reader, b *plan.Planner, incremental bool, f *feed) error {
	p.counters.enter(Groups)
	p.groupsRead = allGroups
	add := func(o account.Object) error {
		p.shows(o.ID)
		b.AddGroup(o)
		return nil
	}
	listing, err := reader.List(ctx, Query{Kind: account.Group}, p.counting(add))
	if err != nil {
		return fmt.Errorf("read the groups: %w", err)
	}
	p.listed(ctx, b, account.Alias, listing)
	if err := p.findLeavers(ctx, reader, b, account.Alias, nil, add, f); err != nil {
		return err
	}
	for range lookUpRounds {
		if incremental {
			if err := p.readPrimary(ctx, reader, b); err != nil {
				return err
			}
		}
		unknown := b.Unknown()
		if len(unknown) == 0 {
			break
		}
		found, err := reader.LookUp(ctx, unknown)
		if err != nil {
			return fmt.Errorf("look up %d members of groups: %w", len(unknown), err)
		}
		for _, o := range found {
			b.AddOutside(o)
		}
	}
	return nil
}

// giveGroups puts the groups that a delta concerns through the plan, and finds out which of the linked ones left.
func (p *Replication) giveGroups(ctx context.Context, reader Reader, b *plan.Planner, d *delta, f *feed) error {
	p.counters.enter(Groups)
	c := d.concerned
	if len(c.groups) > 0 {
		p.groupsRead = someGroups
	}
	for i := range c.groups {
		p.shows(c.groups[i].ID)
		b.AddGroup(c.groups[i])
	}
	missing := append([]account.SourceID{}, d.missing...)
	if ids, listed := d.listed[account.Alias]; listed {
		for _, id := range ids {
			p.shows(id)
			b.Given(id)
		}
		b.Listed(account.Alias, len(ids))
	}
	back := func(o account.Object) error { // it is there after all, but what it needs was not loaded
		b.Given(o.ID)
		p.retryLater(o.ID, account.Alias)
		return nil
	}
	if err := p.findLeavers(ctx, reader, b, account.Alias, missing, back, f); err != nil {
		return err
	}
	for _, id := range b.Moved() { // what came up since the groups were looked for
		if _, waits := p.kept[id]; !waits && !c.covered[id] {
			p.retryLater(id, account.Mailbox)
		}
	}
	for i := range c.outside {
		if !b.IsKnown(c.outside[i].ID) {
			b.AddOutside(c.outside[i])
		}
	}
	for i := range c.primary {
		b.AddPrimary(c.primary[i])
	}
	return nil
}

// wellKnownPrimaryGroups are the primary groups that many have: domain users and guests, computers, domain controllers,
// read-only ones (MS-DTYP 2.4.2.4).
var wellKnownPrimaryGroups = []uint32{513, 514, 515, 516, 521}

// readPrimary reads who has which primary group, as far as groups were read since it was called last: those members
// stand in no list of a group. Nearly everybody is in a crowd, whose members are only asked for where its group counts.
func (p *Replication) readPrimary(ctx context.Context, reader Reader, b *plan.Planner) error {
	wanted, others := b.PrimaryGroups(wellKnownPrimaryGroups)
	ask := func(rids []uint32, otherwise bool) error {
		listing, err := reader.List(ctx, Query{Kind: account.User, IDsOnly: true, Primary: rids, ExcludePrimary: otherwise}, func(o account.Object) error {
			b.AddPrimary(o)
			return nil
		})
		if err != nil {
			return fmt.Errorf("read members by primary group: %w", err)
		}
		if !listing.Complete {
			p.notWhole(account.Alias)
			b.PrimaryPartial()
		}
		return nil
	}
	if len(wanted) > 0 {
		if err := ask(wanted, false); err != nil {
			return err
		}
	}
	if others {
		return ask(wellKnownPrimaryGroups, true)
	}
	return nil
}
