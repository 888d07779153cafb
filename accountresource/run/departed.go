package run

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
)

// findDeparted finds the linked objects that may have left. What changed and is not in scope now has left if it is
// linked; where deleted objects have not been seen, and every hour, everybody's identity is listed besides.
func (p *Replication) findDeparted(ctx context.Context, reader Reader, d *delta, elsewhere map[account.SourceID]ChangedObject) error {
	groups := p.res.Settings.Replication.Groups
	suspects := d.missing
	for id := range elsewhere {
		suspects = append(suspects, id)
	}
	known, err := p.cfg.Links.Known(ctx, p.res.ID, suspects)
	if err != nil {
		return fmt.Errorf("look for the links of %d objects: %w", len(suspects), err)
	}
	d.missing = known
	if groups {
		d.notice(elsewhere)
	}
	for _, id := range known {
		p.tombstoneSeen = p.tombstoneSeen || elsewhere[id].Deleted
	}
	if p.trustsTombstones() || p.skipsListing(len(p.elsewhere)) {
		return nil
	}
	p.identitiesListed = true
	for _, kind := range withGroups(&p.res.Settings) {
		d.listed[kind] = []account.SourceID{}
		if err := p.listComplete(ctx, reader, Query{Kind: sourceKinds[kind], IDsOnly: true}, func(o account.Object) error {
			d.listed[kind] = append(d.listed[kind], o.ID)
			return nil
		}); err != nil {
			return err
		}
	}
	if err := p.absent(ctx, d); err != nil || !groups {
		return err
	}
	gone, err := p.unlinkedGone(ctx, reader)
	if gone {
		d.groups, d.anonymous = true, true
	}
	return err
}

// notice adds what changed outside of the scope and may be a member of a group: a group that is nested in one, a contact,
// somebody outside.
func (d *delta) notice(elsewhere map[account.SourceID]ChangedObject) {
	linked := make(map[account.SourceID]bool, len(d.missing))
	for _, id := range d.missing {
		linked[id] = true
	}
	for id, t := range elsewhere {
		switch mayBeMember := t.Kind == account.Group || t.Kind == account.Contact || t.Kind == account.User && !t.Computer; {
		case !mayBeMember:
			continue
		case !t.Deleted:
			d.others = append(d.others, account.Object{ID: id, Kind: t.Kind, DN: t.DN})
		case !linked[id]:
			d.anonymous = true
		}
		d.groups = true
	}
}

// absent adds the linked objects that a listing of identities does not have.
func (p *Replication) absent(ctx context.Context, d *delta) error {
	there := make(map[account.SourceID]struct{})
	for _, ids := range d.listed {
		for _, id := range ids {
			there[id] = struct{}{}
		}
	}
	policy := &p.res.Settings.Replication
	left := make(map[string]account.SourceID)
	for l, err := range p.cfg.Links.Links(ctx, p.res.ID, p.res.Settings.Connection.Domain) {
		if err != nil {
			return fmt.Errorf("read the links: %w", err)
		}
		_, listed := d.listed[l.Kind]
		_, present := there[l.Source]
		if l.Resource != p.res.ID || !listed || present {
			continue
		}
		if _, unshown := p.unshown[l.Source]; unshown && !p.elsewhere[l.Source] { // it has not left a database that never showed it
			if p.misses(l.Source); !p.neverShown(l.Source) {
				continue
			}
		}
		if !policy.Delete && !policy.DisableRemoved { // its account is left as it is, but it is a member of no alias any more
			left[l.Address] = l.Source
			continue
		}
		if l.Off != "" && !(policy.Delete && l.Origin == account.Created) {
			continue // it left before, and is switched off already
		}
		if _, waits := p.kept[l.Source]; !waits && !p.elsewhere[l.Source] {
			p.tombstoneMissed = true
		}
		d.missing = append(d.missing, l.Source)
		d.groups = d.groups || l.Kind == account.Alias
	}
	if len(left) == 0 || !policy.Groups {
		return nil
	}
	return p.stillMembers(ctx, d, left)
}

// stillMembers adds those of the objects that left whose accounts, by address, are still members of an alias.
func (p *Replication) stillMembers(ctx context.Context, d *delta, left map[string]account.SourceID) error {
	query := backends.Query{Having: slices.Sorted(maps.Keys(left)), Members: true}
	return p.accounts(ctx, query, func(a account.Account) {
		for _, m := range a.Members {
			if id, hasLeft := left[m]; hasLeft {
				d.missing, d.groups = append(d.missing, id), true
			}
		}
	})
}
