package plan

import (
	"slices"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// resolveClaim decides on a creation that an earlier run claimed and did not confirm (rule R19).
func (b *Builder) resolveClaim(o *account.Object, address string, link *account.Link) (account.Change, bool) {
	r, exists := b.local[link.Address]
	if exists && r.home == link.Home {
		// It is ours: applying the creation once more completes and logs it.
		c := b.creation(o, link.Address)
		c.Home, c.Link.Home = link.Home, link.Home
		return c, true
	}
	// Nothing was made, or somebody else made it meanwhile: the claim came to nothing.
	return b.relinkAsNew(o, address, link)
}

// relinkAsNew plans for an object whose link leads to no account as if it had never been linked.
func (b *Builder) relinkAsNew(o *account.Object, address string, link *account.Link) (account.Change, bool) {
	if b.owners[link.Address].source == link.Source {
		delete(b.owners, link.Address)
	}
	delete(b.links, link.Source)
	b.stale[link.Source] = true
	return b.newcomer(o, address)
}

// updateLinked plans what brings a linked account in step with its object.
func (b *Builder) updateLinked(o *account.Object, address string, link *account.Link) (account.Change, bool) {
	place := b.place(link)
	if place == "" {
		// Deleted here by hand, or with its domain: the person is still there, so the mailbox comes back.
		return b.relinkAsNew(o, address, link)
	}
	next, r := *link, b.local[place]
	next.DN, next.Address = o.DN, place
	c, changed := b.compare(o, &next, &r, address)
	if link.State == account.Linking {
		c.Action, changed = account.ActionLinked, true
	}
	if link.State == account.Deleting && address == place { // it is here again, and the account still is
		next.State, next.Intent = account.Confirmed, nil
		c.Link, c.Relink = &next, true
		return c, true
	}
	former := link.Former()
	next.State, next.Intent = account.Confirmed, nil
	if address != place || former != "" {
		b.renames = append(b.renames, rename{change: c, link: link, next: next, from: place, to: address, former: former})
		return c, false
	}
	if c.Action.Writes() && c.Action != "" || next.DN != link.DN || next.State != link.State || next.Disabled != link.Disabled {
		c.Link = &next
		changed = true
	}
	return c, changed
}

// compare finds what of the account differs from what the directory wants of one with the address, and brings the link
// along. ok is false where nothing does.
func (b *Builder) compare(o *account.Object, link *account.Link, r *record, address string) (c account.Change, ok bool) {
	c = account.Change{Kind: account.Mailbox, Source: o.ID, DN: o.DN, Address: link.Address}
	wanted, have := b.wanted(o, address), r.unpack()
	b.compareFields(&c, &have, &wanted, b.policy.Mapped&b.policy.Stored)
	c.Set = have.Differing(&wanted, b.policy.Mapped&b.policy.Stored)
	c.Profile = wanted
	b.compareFields(&c, &link.Kept, &wanted, b.policy.Mapped&^b.policy.Stored)
	b.keep(link, &wanted)
	recall(&c, link.Intent, &wanted)
	if len(c.Diff) > 0 {
		c.Action = account.ActionUpdated
	}
	if b.policy.FollowStatus || link.Disabled {
		b.compareStatus(&c, o.Disabled && b.policy.FollowStatus, link, r)
	}
	return c, c.Action != ""
}

func (b *Builder) compareFields(c *account.Change, have, wanted *account.Profile, mask account.Fields) {
	differing := have.Differing(wanted, mask)
	for _, f := range account.AllFields() {
		if differing.Has(f) {
			c.Diff = append(c.Diff, account.Difference{What: f.String(), Old: have[f], New: wanted[f]})
		}
	}
}

// compareStatus applies rules R9 and R16: what the directory disables is disabled here, and only what this module
// disabled, for that or because the object had left, is enabled again.
func (b *Builder) compareStatus(c *account.Change, disabled bool, link *account.Link, r *record) {
	claimed := link.State == account.Disabling || // or as a part of something greater
		(link.State == account.Linking || link.State == account.Renaming) && link.Disabled && switches(link, "no")
	switch {
	case disabled && (r.active || claimed):
		c.Action, c.Disable = account.ActionDisabled, true
		link.Disabled = true
		c.Diff = append(c.Diff, account.Difference{What: "active", Old: "yes", New: "no"})
	case !disabled && link.Disabled: // also where a local admin was quicker, who need not have switched on its forwardings
		c.Enable, link.Disabled = true, false
		if claimed && r.active { // nobody has seen it off
			return
		}
		c.Action = account.ActionEnabled
		c.Diff = append(c.Diff, account.Difference{What: "active", Old: "no", New: "yes"})
	}
}

// switches reports whether a claim was going to switch the account on ("yes") or off ("no").
func switches(claim *account.Link, to string) bool {
	return slices.ContainsFunc(claim.Intent, func(d account.Difference) bool { return d.What == "active" && d.New == to })
}

// recall adds what a claim was going to change and has changed already, so that the log does not lose it.
func recall(c *account.Change, intent []account.Difference, wanted *account.Profile) {
	for _, d := range intent {
		f, isField := account.FieldNamed(d.What)
		again := slices.ContainsFunc(c.Diff, func(found account.Difference) bool { return found.What == d.What })
		if isField && !again && wanted[f] == d.New {
			c.Diff = append(c.Diff, d)
		}
	}
}

// wanted are the object's mapped values in the store's form; fields that are not mapped are empty.
func (b *Builder) wanted(o *account.Object, address string) account.Profile {
	var p account.Profile
	for _, f := range account.AllFields() {
		if b.policy.Mapped.Has(f) {
			p[f] = o.Profile[f]
		}
	}
	return b.policy.Canonical(address, p)
}

// keep leaves with the link what the mail store has no place for.
func (b *Builder) keep(link *account.Link, wanted *account.Profile) {
	for _, f := range account.AllFields() {
		if b.policy.Mapped.Has(f) && !b.policy.Stored.Has(f) {
			link.Kept[f] = wanted[f]
		}
	}
}
