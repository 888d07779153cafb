package plan

import (
	"slices"
	"strconv"
	"time"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// Removal is what happens to the accounts of objects that left the scope (rules R14, R15).
type Removal struct {
	// Delete deletes accounts that this module made, and disables others; Disable disables all. Neither: they are left
	// as they are.
	Delete, Disable bool
	// KeepUntil is the day from which a deleted mailbox's directory may go; zero keeps it for ever.
	KeepUntil time.Time
	// Max and MaxPercent are the guard: more removals than Max, or more than MaxPercent of the linked accounts and at
	// least five, are held.
	Max, MaxPercent int
	// Confirmed may go whatever the guard says; Dismissed stay. Waiting were held and are not decided on: they go on
	// waiting, even when so few are left that the guard would let them pass. Each object has one of them, with the action
	// that was held; where another one is due now, that is held and waits, whatever was decided.
	Confirmed, Dismissed, Waiting map[account.SourceID]account.Action
}

const fewestForPercent = 5

// Listed says that a listing of a kind was complete, and how many objects it had. Only then may absence mean anything
// (rule R13).
func (b *Builder) Listed(kind account.Kind, count int) {
	b.listed[kind] = true
	b.Scope(kind, count)
}

// IsListed reports whether a kind was listed completely.
func (b *Builder) IsListed(kind account.Kind) bool { return b.listed[kind] }

// Scope takes how many objects of a kind are in scope, as far as they were counted: where there is none, nobody is
// removed unasked (rule R15).
func (b *Builder) Scope(kind account.Kind, count int) { b.empty[kind] = count == 0 }

// Present takes objects that a listing of identities had, and that are as they were unless they were added.
func (b *Builder) Present(id account.SourceID) { b.present[id] = struct{}{} }

// Absent are the linked objects of a completely listed kind that were not in it.
func (b *Builder) Absent(kind account.Kind) []account.SourceID {
	if !b.listed[kind] {
		return nil
	}
	var absent []account.SourceID
	for id, l := range b.links {
		if l.Kind == kind && !b.given(id) {
			absent = append(absent, id)
		}
	}
	slices.Sort(absent)
	return absent
}

// Missing are those of the objects that are linked to accounts of the kind and were not given.
func (b *Builder) Missing(kind account.Kind, ids []account.SourceID) []account.SourceID {
	var missing []account.SourceID
	for _, id := range ids {
		if l := b.links[id]; l != nil && l.Kind == kind && !b.given(id) {
			missing = append(missing, id)
		}
	}
	slices.Sort(missing)
	return slices.Compact(missing)
}

// given reports whether an object was in a listing.
func (b *Builder) given(id account.SourceID) bool {
	_, seen := b.seen[id]
	_, present := b.present[id]
	g := b.groups[id]
	return seen || present || g != nil && g.inScope
}

// Leaving takes the objects that are really gone; what happens to their accounts is in Finish.
func (b *Builder) Leaving(ids []account.SourceID) { b.leaving = append(b.leaving, ids...) }

// Doubt is the row in the log for an object that is missing and yet not taken for gone; ok is false where nothing would
// be done to its account anyway.
func (b *Builder) Doubt(id account.SourceID) (c account.Change, ok bool) {
	c, ok = b.removal(b.links[id])
	if !ok || !c.Action.Writes() || c.Action == "" {
		return c, false
	}
	return account.Change{
		Action: account.ActionIgnored, Kind: c.Kind, Source: c.Source, DN: c.DN, Address: c.Address,
		Reason: account.Say("reason_missing_elsewhere"),
	}, true
}

// removals decides what becomes of the accounts of objects that left. Those that are held go into Held too.
func (b *Builder) removals() []account.Change {
	var changes, doomed, waiting []account.Change
	p := &b.policy.Removal
	for _, id := range b.leaving {
		c, ok := b.removal(b.links[id])
		if !ok && p.Dismissed[id] != "" { // the settings may change again
			c.Action, ok = p.Dismissed[id], true
		}
		switch {
		case !ok:
		case c.Action == "" || c.Action == account.ActionIgnored:
			changes = append(changes, c)
		case p.Dismissed[id] == c.Action:
			b.held = append(b.held, held(c, account.Say("reason_held_dismissed")))
		case p.Confirmed[id] == c.Action:
			changes = append(changes, c)
		case p.Waiting[id] == c.Action:
			waiting = append(waiting, held(c, account.Say("reason_held_waiting")))
		case p.before(id):
			waiting = append(waiting, held(c, account.Say("reason_held_anew")))
		default:
			doomed = append(doomed, c)
		}
	}
	b.held = append(b.held, waiting...)
	changes = append(changes, waiting...)
	if why := b.guard(doomed, len(waiting)); !why.IsZero() {
		for i := range doomed {
			doomed[i] = held(doomed[i], why)
		}
		b.held = append(b.held, doomed...)
	}
	changes = append(changes, doomed...)
	for i := range changes {
		c := &changes[i]
		if l := b.links[c.Source]; c.Unlink && b.owners[l.Address].source == l.Source {
			delete(b.owners, l.Address) // no account is there any more
		} else if c.Link != nil && c.Link.Address == b.place(l) {
			b.handBack(l, c.Link.Address)
		}
		if c.Action != account.ActionDeleted || b.place(b.links[c.Source]) != c.Address {
			continue // or it is gone already, and an heir may have the address
		}
		b.deletedAddresses[c.Address] = true // it is free for a newcomer
		delete(b.local, c.Address)
		delete(b.owners, c.Address)
		delete(b.claimed, c.Address)
	}
	return changes
}

// before reports whether the removal of an object was held before, for whatever action.
func (p *Removal) before(id account.SourceID) bool {
	return p.Confirmed[id] != "" || p.Dismissed[id] != "" || p.Waiting[id] != ""
}

// Held are the removals that wait for an admin.
func (b *Builder) Held() []account.Change { return b.held }

// untouched are the addresses of accounts whose removal is held, or was before and is not decided in this plan since it is
// not known whether the object is gone: nothing is done to them, so that they stay in their aliases (rules R12, R15).
func (b *Builder) untouched() map[string]bool {
	addresses := make(map[string]bool)
	for i := range b.held {
		addresses[b.held[i].Address] = true
	}
	decided := make(map[account.SourceID]bool, len(b.leaving))
	for _, id := range b.leaving {
		decided[id] = true
	}
	p := &b.policy.Removal
	for _, before := range []map[account.SourceID]account.Action{p.Confirmed, p.Dismissed, p.Waiting} {
		for id := range before {
			if l := b.links[id]; l != nil && !decided[id] && !b.given(id) {
				addresses[b.place(l)] = true
			}
		}
	}
	return addresses
}

// held is a removal that is not made.
func held(c account.Change, why account.Message) account.Change {
	return account.Change{
		Action: account.ActionHeld, Held: c.Action, Kind: c.Kind, Source: c.Source, DN: c.DN, Address: c.Address,
		Diff: c.Diff, Reason: why,
	}
}

// guard says why so many removals are not made, with those that wait already.
func (b *Builder) guard(doomed []account.Change, waiting int) account.Message {
	if len(doomed) == 0 {
		return account.Message{}
	}
	n := len(doomed) + waiting
	p := &b.policy.Removal
	linked := len(b.links)
	for i := range doomed {
		if b.empty[doomed[i].Kind] {
			return account.Say("reason_held_empty")
		}
	}
	if n > p.Max || n >= fewestForPercent && n*100 > p.MaxPercent*linked {
		return account.Say("reason_held", "Count", strconv.Itoa(n), "Linked", strconv.Itoa(linked))
	}
	return account.Message{}
}

// removal is what happens to one account; ok is false for nothing.
func (b *Builder) removal(l *account.Link) (c account.Change, ok bool) {
	p := &b.policy.Removal
	next := *l
	c = account.Change{Kind: l.Kind, Source: l.Source, DN: l.DN, Address: l.Address, Reason: account.Say("reason_left")}
	place := b.place(l)
	switch {
	case l.State == account.Creating && b.local[place].home != l.Home:
		c.Unlink = true // nothing was made, or somebody else made it
		return c, true
	case place != "":
		c.Address = place
	case l.State == account.Deleting:
		c.Address = l.Former() // it may have happened, and is finished and logged now
	default:
		c.Unlink = true // the account went by hand: there is nothing to remove
		return c, true
	}
	if who, linked := b.owners[c.Address]; linked && who.resource != l.Resource {
		c.Unlink = true // another resource has linked the account since: it is that one's
		return c, true
	}
	r := b.local[place]
	deletes := p.Delete && l.Origin == account.Created
	next.Address, next.State, next.Intent = c.Address, account.Confirmed, nil
	switch {
	case l.State != account.Deleting && r.role != account.NoRole:
		c.Action, c.Reason = account.ActionIgnored, account.Say("reason_administrator_left")
		return c, deletes || p.Disable && r.active
	case deletes:
		c.Action, c.KeepUntil, c.Link = account.ActionDeleted, p.KeepUntil, &next
		if l.State == account.Deleting { // where it lay when the deletion was claimed; else where it lies now is looked up
			c.Home = l.Home
		}
		c.Diff = []account.Difference{{What: account.WhatAddress, Old: c.Address}}
		return c, true
	case (p.Delete || p.Disable) && (r.active || l.State == account.Disabling):
		next.Disabled = true
		c.Action, c.Disable, c.Link = account.ActionDisabled, true, &next
		c.Diff = []account.Difference{{What: "active", Old: "yes", New: "no"}}
		return c, true
	case l.State == account.Deleting || l.State == account.Renaming: // a claim is left, and nothing more to be done
		next.Disabled = l.Disabled || !r.active && switches(l, "yes")
		c.Action, c.Link, c.Relink = "", &next, true
		return c, true
	}
	return c, false
}
