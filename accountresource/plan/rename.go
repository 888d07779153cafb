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

// settleRenames decides who gets his new address: it must be free, or become free by another renaming. Refusing one
// may take away the room that another needs.
func (b *Builder) settleRenames() []account.Change {
	var changes []account.Change
	granted := b.renames
	for {
		leaving := make(map[string]bool, len(granted))
		for i := range granted {
			leaving[granted[i].from] = true
		}
		wanted := make(map[string]*rename, len(granted))
		var left []rename
		for i := range granted {
			r := &granted[i]
			if why := b.obstacle(r, leaving, wanted); !why.IsZero() {
				c := r.refused(why)
				b.relinked(&c)
				changes = append(changes, c)
				continue
			}
			wanted[r.to] = r
			left = append(left, *r)
		}
		if len(left) == len(granted) {
			break
		}
		granted = left
	}
	b.renames = nil
	return append(changes, b.granted(granted)...)
}

// obstacle says what keeps an account from its new address.
func (b *Builder) obstacle(r *rename, leaving map[string]bool, wanted map[string]*rename) account.Message {
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

// granted are the renamings, and what they change in links of others: the routes that these remember.
func (b *Builder) granted(renames []rename) []account.Change {
	becomes := make(map[string]string, len(renames))
	for i := range renames {
		r := &renames[i]
		becomes[r.from] = r.to
		b.becomes[r.from] = r.to
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
	var changes []account.Change
	renamed := make(map[account.SourceID]bool, len(renames))
	for i := range renames {
		r := &renames[i]
		renamed[r.change.Source] = true
		b.owners[r.to] = owner{b.policy.Resource, r.change.Source, r.change.DN}
		c, next := r.change, r.next
		old, home := r.from, ""
		if r.former != "" { // where it lay when the renaming was claimed; else where it lies now is looked up
			home = r.link.Home
			b.becomes[account.Aside(account.Move{From: r.former, To: r.to})] = r.to // some name it so already
		}
		if r.from == r.to || account.IsAside(r.from) { // it has happened, or half of it, and is finished and logged now
			old, c.Place = r.former, r.from
			// The account's own rows go by what the change calls it.
			c.Routes, c.Waiting = called(c.Routes, r.from, old), called(c.Waiting, r.from, old)
		}
		next.Address, next.Suspended = r.to, Follow(next.Suspended, becomes)
		c.Action, c.Address, c.NewAddress, c.Home, c.Link = account.ActionRenamed, old, r.to, home, &next
		c.Diff = append([]account.Difference{{What: account.WhatAddress, Old: old, New: r.to}},
			slices.DeleteFunc(c.Diff, func(d account.Difference) bool { return d.What == account.WhatAddress })...)
		changes = append(changes, c)
	}
	if len(becomes) == 0 {
		return changes
	}
	for id, l := range b.links {
		changed, has := b.latest[id]
		var routes []account.Route
		switch {
		case renamed[id], has && changed == nil, !has && (len(l.Suspended) == 0 || l.State != account.Confirmed):
			continue
		case has:
			l, routes = changed, changed.Suspended
		default:
			routes = b.suspended(l)
		}
		next := *l
		if next.Suspended = Follow(routes, becomes); !slices.Equal(next.Suspended, l.Suspended) {
			changes = append(changes, account.Change{Kind: l.Kind, Source: id, DN: l.DN, Address: next.Address, Link: &next})
		}
	}
	for i := range changes {
		b.relinked(&changes[i])
	}
	return changes
}

// called are routes of an account by another name of it.
func called(routes []account.Route, from, to string) []account.Route {
	routes = slices.Clone(routes)
	for i := range routes {
		if routes[i].Address == from {
			routes[i].Address = to
		}
	}
	return routes
}

// relinked keeps what a change makes of a link that remembers routes or will do so: what is still to come concerns these.
func (b *Builder) relinked(c *account.Change) {
	l := b.links[c.Source]
	switch {
	case l == nil || len(l.Suspended) == 0 && !c.Disable:
	case c.Unlink || c.Action == account.ActionDeleted:
		b.latest[c.Source] = nil
	case c.Link != nil:
		next := *c.Link
		b.latest[c.Source] = &next
	}
}

// renamedUnder has a change that was decided before the renamings of this run, and is made after them, speak of the names
// that they give.
func (b *Builder) renamedUnder(c *account.Change) {
	c.Routes, c.Waiting = Follow(c.Routes, b.becomes), Follow(c.Waiting, b.becomes)
	if c.Link != nil {
		c.Link.Suspended = Follow(c.Link.Suspended, b.becomes)
	}
	delete(b.latest, c.Source)
	b.relinked(c)
}

// suspended are the routes that a link remembers, by the addresses that all accounts have now. Where a run was cut off
// between a renaming and its confirmation, other links speak of addresses that are not there any more; the claim itself
// speaks of those that were to come, unless its routes were to be switched on before.
func (b *Builder) suspended(l *account.Link) []account.Route {
	if len(l.Suspended) == 0 {
		return nil
	}
	b.findClaimed()
	if l.State == account.Renaming && !switches(l, "yes") {
		return Follow(l.Suspended, b.after)
	}
	return Follow(l.Suspended, b.before)
}

// findClaimed finds out, once, where accounts with a claimed renaming are.
func (b *Builder) findClaimed() {
	if b.before != nil {
		return
	}
	b.before, b.after = make(map[string]string), make(map[string]string)
	for former, claim := range b.claimed {
		if place := b.place(&claim); place != "" && claim.State == account.Renaming {
			b.before[former], b.after[claim.Address] = place, place
			b.before[account.Aside(account.Move{From: former, To: claim.Address})] = place
		}
	}
	for former, place := range b.before { // of a group, which is renamed after the people
		if _, taken := b.after[former]; !taken {
			b.after[former] = place
		}
	}
}

// Follow are routes under their new names.
func Follow(routes []account.Route, becomes map[string]string) []account.Route {
	var next []account.Route
	for _, r := range routes {
		if to := becomes[r.Address]; to != "" {
			r.Address = to
		}
		if to := becomes[r.Forwarding]; to != "" {
			r.Forwarding = to
		}
		next = append(next, r)
	}
	return next
}
