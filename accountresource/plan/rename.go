package plan

import (
	"slices"
	"strings"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// rename is a linked account whose object has another address (rule R8).
type rename struct {
	change   account.Change // what else changes
	link     *account.Link  // as it was read
	from, to string
	between  string         // where it is on the way; empty where it needs no such step
	counts   account.Action // see account.Change.Counts
	decided  bool           // an admin did, so that it does not wait
}

// resolve returns which accounts get their new address, and the refusals of the others: it must be free, or become free by
// another rename. A refusal may take away the room that another needs, and so on.
func (p *Planner) resolve(renames []rename) (accepted []rename, refusals []account.Change) {
	leaving := leavingOf(renames)
	takers := make(map[string]*rename, len(renames)) // accepted so far, by the new address
	for i := range renames {
		r := &renames[i]
		for why := p.conflictReason(r, leaving, takers[r.to]); !why.IsZero(); why = p.conflictReason(r, leaving, nil) {
			if takers[r.to] == r {
				delete(takers, r.to)
			}
			refusals = append(refusals, r.refused(why))
			delete(leaving, r.from)
			if r = takers[r.from]; r == nil {
				break
			}
		}
		if r == &renames[i] {
			takers[r.to] = r
		}
	}
	for i := range renames {
		if r := &renames[i]; takers[r.to] == r {
			accepted = append(accepted, *r)
		}
	}
	return accepted, refusals
}

func leavingOf(renames []rename) map[string]bool {
	leaving := make(map[string]bool, len(renames))
	for i := range renames {
		leaving[renames[i].from] = true
	}
	return leaving
}

// conflictReason returns why an account cannot have its new address; it is zero where it can.
func (p *Planner) conflictReason(r *rename, leaving map[string]bool, other *rename) account.Message {
	if other != nil {
		return account.Say("reason_address_taken", "DN", other.change.DN)
	}
	h := p.addresses.At(r.to)
	if awaited := p.awaited(r.to, r.change.Source); awaited != nil {
		return account.Say("reason_address_taken", "DN", awaited.DN)
	}
	switch {
	case leaving[r.to]:
		return account.Message{}
	case h.linked && h.owner.source != r.change.Source:
		return p.takenBy(h.owner)
	case !h.exists || p.isOwn(r, &h):
		return account.Message{}
	}
	return standsThere(h.kind)
}

// isOwn reports whether what has the new address is the account itself: its additional address becomes its main one.
func (p *Planner) isOwn(r *rename, h *holder) bool {
	home := p.state.extraHome(r.to)
	return h.kind == account.Reserved && home != "" && home == account.NormalHome(r.link.Home)
}

// standsThere returns that an account which is not linked has the address.
func standsThere(k account.Kind) account.Message {
	switch k {
	case account.Alias:
		return account.Say("reason_address_is_alias")
	case account.Mailbox:
		return account.Say("reason_address_is_mailbox")
	}
	return account.Say("reason_address_is_reserved")
}

// refused returns the change that remains where the address cannot be had: the rest of the profile follows all the same.
func (r *rename) refused(why account.Message) account.Change {
	c := r.change
	c.Action, c.Reason = account.ActionConflict, why
	c.Diff = slices.Insert(slices.Clone(c.Diff), 0, account.Difference{What: account.WhatAddress, Old: r.link.Began(), New: r.to})
	return c
}

// renamed returns the change that renames an account with the rest that changes; at is where it is now.
func (r *rename) renamed(at string) account.Change {
	c := r.change
	next := *r.link
	if c.Link != nil {
		next = *c.Link
	}
	next.Address, next.Intent = r.to, nil
	c.Action, c.Reason, c.Verb, c.Address, c.NewAddress = account.ActionRenamed, account.Message{}, account.Rename, at, r.to
	began := r.link.Began()
	switch {
	case began == r.to && len(c.Diff) == 0:
		return r.unlogged(at, r.to) // it is where it was before an earlier run began to rename it
	case began == r.to:
		began = at
	case at == r.link.Address && began != at: // an earlier run left it on its way
		c.Address, c.Place = began, at
	}
	c.Home, c.Before, c.Link, c.Counts = next.Home, r.link, &next, r.counts
	c.Diff = slices.Insert(slices.Clone(c.Diff), 0, account.Difference{What: account.WhatAddress, Old: began, New: r.to})
	return c
}

// stepAside returns the change that takes an account out of the way of others. It is not logged, and its link stays a claim:
// the change that ends the way settles both.
func (r *rename) stepAside() account.Change {
	c := r.unlogged(r.from, r.between)
	c.Diff = []account.Difference{{What: account.WhatAddress, Old: r.from, New: r.to}}
	c.Link.State, c.Link.Intent = account.Renaming, c.Diff
	return c
}

// unlogged returns a rename that is only a step on the way.
func (r *rename) unlogged(from, to string) account.Change {
	next := *r.link
	next.Address, next.Intent = to, nil
	return account.Change{
		Source: r.change.Source, DN: r.change.DN, Before: r.link, Link: &next,
		Diff:      []account.Difference{{What: account.WhatAddress, Old: from, New: to}},
		Operation: account.Operation{Verb: account.Rename, Kind: r.link.Kind, Address: from, NewAddress: to, Home: next.Home},
	}
}

// planAside decides which accounts are renamed, and returns the first steps of those that have to make way. The mail store
// swaps the addresses of mailboxes at once. Where an alias is among those that hand on addresses, they take turns instead:
// it has no mail directory by which a run that was cut off could be understood.
func (p *Planner) planAside() (aside, refusals []account.Change) {
	renames := slices.Concat(p.later.renames, p.groupRenames())
	slices.SortFunc(renames, func(x, y rename) int { // so that every run decides alike between two that want an address
		return strings.Compare(string(x.change.Source), string(y.change.Source))
	})
	renames, waiting := p.guardRenames(renames)
	accepted, refusals := p.resolve(renames)
	refusals = slices.Concat(p.addressProblems(), waiting, refusals)
	p.later.renames = accepted
	leaving, inTurns := leavingOf(accepted), false
	for i := range accepted {
		r := &accepted[i]
		inTurns = inTurns || leaving[r.to] && (r.link.Kind == account.Alias || p.addresses.At(r.to).kind == account.Alias)
	}
	for i := range accepted {
		if r := &accepted[i]; inTurns && leaving[r.to] {
			r.between = account.TempAddress(account.Move{From: r.from, To: r.to})
			aside = append(aside, r.stepAside())
		}
	}
	p.addresses.expect(refusals...)
	p.addresses.expect(aside...)
	return aside, refusals
}

// planRenames returns the renames of accounts that are where they were.
func (p *Planner) planRenames() []account.Change {
	var direct []rename
	for _, r := range p.later.renames {
		if r.between == "" {
			direct = append(direct, r)
		}
	}
	accepted, changes := p.resolve(direct) // one that was to make way may have been refused
	p.addresses.expect(changes...)
	var renames []account.Change
	for i := range accepted {
		renames = append(renames, accepted[i].renamed(accepted[i].from))
	}
	p.addresses.expect(renames...)
	return append(changes, renames...)
}

// planBack returns the last steps of those that made way, to their new address or, where that could not be had, to the old
// one.
func (p *Planner) planBack() (changes []account.Change) {
	for i := range p.later.renames {
		r := &p.later.renames[i]
		if r.between == "" || p.addresses.Of(r.change.Source) != r.between {
			continue
		}
		to := []account.Change{r.renamed(r.between)}
		if h := p.addresses.At(r.to); h.linked || h.exists && !p.isOwn(r, &h) {
			to = r.goBack(p.addresses.At(r.from))
		}
		changes = append(changes, to...)
		p.addresses.expect(to...)
	}
	return changes
}

// goBack returns the changes of an account that made way and cannot have its new address: it gets the old one again, unless
// something has that too. Then the next run tries once more.
func (r *rename) goBack(old holder) []account.Change {
	conflict := account.Change{
		Source: r.change.Source, DN: r.change.DN, Action: account.ActionConflict, Reason: account.Say("reason_address_in_use"),
		Diff:      []account.Difference{{What: account.WhatAddress, Old: r.from, New: r.to}},
		Operation: account.Operation{Kind: r.link.Kind, Address: r.from},
	}
	if old.exists || old.linked {
		return []account.Change{conflict}
	}
	return []account.Change{conflict, r.unlogged(r.between, r.from)}
}
