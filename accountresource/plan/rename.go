package plan

import (
	"slices"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// rename is a linked account whose object has another address, or whose renaming was claimed by a run that did not
// live to confirm it (rules R8, R19).
type rename struct {
	change   account.Change // what else changes
	link     *account.Link  // as it was read
	next     account.Link   // as it shall stand, but for the address
	from, to string         // from is where the account is now
	former   string         // from where the claim took it; empty where there was none
}

// resolveRenames decides which accounts get their new address: it must be free, or become free by another renaming.
// Refusing one may take away the room that another needs.
func (b *Builder) resolveRenames() []account.Change {
	var changes []account.Change
	accepted := b.renames
	for i := range accepted {
		b.handBack(accepted[i].link, accepted[i].from)
	}
	for {
		leaving := make(map[string]bool, len(accepted))
		for i := range accepted {
			leaving[accepted[i].from] = true
		}
		wanted := make(map[string]*rename, len(accepted))
		var remaining []rename
		for i := range accepted {
			r := &accepted[i]
			if why := b.conflictReason(r, leaving, wanted); !why.IsZero() {
				changes = append(changes, r.refused(why))
				continue
			}
			wanted[r.to] = r
			remaining = append(remaining, *r)
		}
		if len(remaining) == len(accepted) {
			break
		}
		accepted = remaining
	}
	b.renames = nil
	return append(changes, b.applyRenames(accepted)...)
}

// handBack lets a linked account own the address that it has, and no longer the one that a claim wanted for it.
func (b *Builder) handBack(link *account.Link, place string) {
	if link.Former() == "" || link.Address == place {
		return
	}
	who := owner{link.Resource, link.Source, link.DN}
	if b.owners[link.Address] == who {
		delete(b.owners, link.Address)
	}
	b.owners[place] = who
}

// conflictReason returns why an account cannot have its new address; it is zero where it can.
func (b *Builder) conflictReason(r *rename, leaving map[string]bool, wanted map[string]*rename) account.Message {
	if other := wanted[r.to]; other != nil {
		return account.Say("reason_address_taken", "DN", other.change.DN)
	}
	if r.to == r.from || leaving[r.to] {
		return account.Message{}
	}
	if who, taken := b.owner(r.to); taken && who.source != r.change.Source {
		return b.takenBy(who)
	}
	switch local, exists := b.local[r.to]; {
	case !exists:
		return account.Message{}
	case local.kind == account.Alias:
		return account.Say("reason_address_is_alias")
	case local.kind == account.Mailbox:
		return account.Say("reason_address_is_mailbox")
	}
	return account.Say("reason_address_is_reserved")
}

// refused is the change that remains where the address cannot be had: the rest of the profile follows all the same.
func (r *rename) refused(why account.Message) account.Change {
	c := r.change
	c.Action, c.Reason = account.ActionConflict, why
	c.Diff = append([]account.Difference{{What: account.WhatAddress, Old: r.from, New: r.to}}, c.Diff...)
	next := r.next
	c.Link = &next
	c.Relink = r.former != "" // the claimed address goes back
	return c
}

// applyRenames returns the accepted renames as changes, and has the builder know the accounts by their new addresses.
func (b *Builder) applyRenames(renames []rename) []account.Change {
	for i := range renames {
		r := &renames[i]
		b.renamedTo[r.from] = r.to
		if l, there := b.local[r.from]; there {
			defer func() { b.local[r.to] = l }() // once all have left
		}
		delete(b.local, r.from)
		if b.owners[r.from].source == r.change.Source {
			delete(b.owners, r.from)
		}
		if b.claimed[r.former].Source == r.change.Source {
			delete(b.claimed, r.former)
		}
	}
	changes := make([]account.Change, 0, len(renames))
	for i := range renames {
		r := &renames[i]
		b.owners[r.to] = owner{b.policy.Resource, r.change.Source, r.change.DN}
		c, next := r.change, r.next
		old, home := r.from, ""
		if r.former != "" { // where it lay when the renaming was claimed; else where it lies now is looked up
			home = r.link.Home
			b.renamedTo[account.Aside(account.Move{From: r.former, To: r.to})] = r.to // some name it so already
		}
		if r.from == r.to || account.IsAside(r.from) { // it has happened, or half of it, and is finished and logged now
			old, c.Place = r.former, r.from
		}
		next.Address = r.to
		c.Action, c.Address, c.NewAddress, c.Home, c.Link = account.ActionRenamed, old, r.to, home, &next
		c.Diff = append([]account.Difference{{What: account.WhatAddress, Old: old, New: r.to}},
			slices.DeleteFunc(c.Diff, func(d account.Difference) bool { return d.What == account.WhatAddress })...)
		changes = append(changes, c)
	}
	return changes
}
