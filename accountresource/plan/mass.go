package plan

import (
	"slices"
	"strconv"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// massOf returns what a guarded change counts as, where many of its kind at once wait for an admin (rule R23); empty where it
// never waits.
func massOf(c *account.Change) account.Action {
	switch {
	case c.Action == account.ActionLinked, c.Action == account.ActionConflict:
		return c.Action
	case c.Switch == account.Off:
		return account.ActionDisabled
	case c.Switch == account.On:
		return account.ActionEnabled
	case cleared(c) != 0:
		return account.ActionUpdated
	}
	return ""
}

// guardMasses returns those of the guarded changes that are made, and a row for each that becomes held: more of a kind at once than
// the limits allow are a mistake more often than not.
func (p *Planner) guardMasses(guarded []account.Change) (changes []account.Change) {
	kinds := make(map[account.Action][]account.Change)
	for i := range guarded {
		kind := massOf(&guarded[i])
		kinds[kind] = append(kinds[kind], guarded[i])
	}
	changes = kinds[""]
	for _, kind := range []account.Action{account.ActionLinked, account.ActionConflict, account.ActionDisabled, account.ActionEnabled, account.ActionUpdated} {
		all := kinds[kind]
		if kind != account.ActionLinked {
			changes = append(changes, p.guard(kind, all, p.tooManyOf(kind, p.state.Linked()), p.switchWaits)...)
			continue
		}
		made := p.guard(kind, all, p.tooManyOf(kind, p.state.Linked()+len(all)), waitsForNothing)
		changes = append(changes, made...)
		waiting := p.releaseHeld(all, made)
		kinds[account.ActionDisabled] = slices.DeleteFunc(kinds[account.ActionDisabled], func(c account.Change) bool {
			return waiting[c.Source]
		})
	}
	return changes
}

// switchWaits returns that an account which was here before and whose object is disabled since it was linked is not switched off
// unasked (rule R4), or that another database said the opposite.
func (p *Planner) switchWaits(c *account.Change) account.Message {
	if c.Switch != account.Off || c.Before == nil || !c.Before.OffWaits {
		return p.reverts(c)
	}
	return account.Say("reason_held_off")
}

// releaseHeld takes back that accounts are linked whose link waits, and returns their objects.
func (p *Planner) releaseHeld(all, made []account.Change) map[account.SourceID]bool {
	waiting := make(map[account.SourceID]bool)
	for i := range all {
		waiting[all[i].Source] = true
	}
	for i := range made {
		if made[i].Action == account.ActionLinked {
			delete(waiting, made[i].Source)
		}
	}
	for i := range all {
		if c := &all[i]; waiting[c.Source] {
			p.addresses.release(c.Link)
			delete(p.addresses.aliases, c.Source)
		}
	}
	return waiting
}

// guardRenames returns those of the renames that are made, and a row for each that becomes held. The new address of one that waits
// is nobody else's. A rename that an earlier run began is brought to its end.
func (p *Planner) guardRenames(renames []rename) (made []rename, rows []account.Change) {
	var all []account.Change
	for i := range renames {
		if r := &renames[i]; r.link.Began() == r.from && !r.decided {
			all = append(all, r.renamed(r.from))
		}
	}
	const kind = account.ActionRenamed
	goes := make(map[account.SourceID]account.Change, len(renames))
	for _, c := range p.guard(kind, all, p.tooManyOf(kind, p.state.Linked()), p.reverts) {
		if c.Action == kind {
			goes[c.Source] = c
		} else {
			rows = append(rows, c)
		}
	}
	for i := range renames {
		r := &renames[i]
		c, goesOn := goes[r.change.Source]
		if goesOn || r.decided || r.link.Began() != r.from {
			r.counts = c.Counts
			made = append(made, *r)
			continue
		}
		if h := p.addresses.At(r.to); !h.exists && !h.linked {
			h.linked, h.owner = true, owner{resource: p.policy.Resource, source: r.change.Source}
			p.addresses.set(r.to, h)
			p.addresses.noteDN(r.change.Source, r.change.DN)
		}
		if g := p.groups[r.change.Source]; g != nil {
			g.waits = true
		}
	}
	return made, rows
}

// guardMembers returns a change of an alias's members, or the row that it waits, where the alias would lose more than half of its
// members and at least five, or all of several. Members whose accounts went or were switched off do not count.
func (p *Planner) guardMembers(g *group, c account.Change) (account.Change, bool) {
	if c.Verb != account.Update || !c.Action.Writes() || c.Action == account.ActionLinked {
		return c, true
	}
	members, _ := p.rowsOf(g, &c)
	lost := 0
	for _, m := range c.Leave {
		if h := p.addresses.At(m); !p.addresses.deleted[m] && (!h.exists || h.active) && !p.isLeaving(h.owner.source) {
			lost++
		}
	}
	const least = 5
	many := lost >= least && 2*lost > len(members)
	all := lost >= 2 && lost == len(members) && len(c.Join) == 0
	if !many && !all {
		return c, true
	}
	why := account.Say("reason_held_members", "Count", strconv.Itoa(lost), "Members", strconv.Itoa(len(members)))
	made := p.guard("", []account.Change{c}, nil, func(*account.Change) account.Message { return why })
	if len(made) == 0 {
		return c, false
	}
	return made[0], true
}

// tooManyOf returns that so many changes of a kind, with those that wait already and those of the last hour, are too many of so
// many accounts.
func (p *Planner) tooManyOf(kind account.Action, linked int) func(n int) account.Message {
	return func(n int) account.Message {
		recent := p.recent(kind)
		switch {
		case !p.policy.Removal.exceeded(n+recent, linked):
			return account.Message{}
		case recent > 0:
			return heldOfHour(n, recent, linked)
		}
		return account.Say("reason_held_mass", "Count", strconv.Itoa(n), "Linked", strconv.Itoa(linked))
	}
}

// exceeded reports whether so many changes of so many accounts are more than the limits allow at once (rule R15). A hundred percent is
// no limit, although an account may be changed twice within an hour.
func (r *Removal) exceeded(n, linked int) bool {
	const all = 100
	return n > r.Max || n >= FewestForPercent && r.MaxPercent < all && n*all > r.MaxPercent*linked
}

func waitsForNothing(*account.Change) account.Message { return account.Message{} }

// guard returns those of the changes of one kind that are made, and a row for each that waits for an admin: because it was held
// before, because alone says why it waits by itself, or because tooMany says so of all. Those that nobody confirmed count as the kind.
func (r *Removals) guard(
	kind account.Action, all []account.Change, tooMany func(n int) account.Message, alone func(*account.Change) account.Message,
) []account.Change {
	var made, doomed, waiting []account.Change
	for i := range all {
		c := all[i]
		before, heldBefore := r.heldBefore(&c)
		why := alone(&c)
		switch {
		case heldBefore && before.Action != c.Action:
			waiting = append(waiting, held(&c, account.Say("reason_held_anew")))
		case before.Decision == Dismissed:
			r.held = append(r.held, held(&c, orSay(why, "reason_held_dismissed")))
		case before.Decision == Confirmed:
			made = append(made, c)
		case heldBefore:
			waiting = append(waiting, held(&c, orSay(why, "reason_held_waiting")))
		case !why.IsZero():
			waiting = append(waiting, held(&c, why))
		default:
			doomed = append(doomed, c)
		}
	}
	if len(doomed) > 0 {
		if why := tooMany(len(doomed) + len(waiting)); !why.IsZero() {
			for i := range doomed {
				waiting = append(waiting, held(&doomed[i], why))
			}
			doomed = nil
		}
	}
	for i := range doomed {
		doomed[i].Counts = kind
	}
	r.made[kind] += len(doomed)
	r.held = append(r.held, waiting...)
	return slices.Concat(made, doomed, waiting)
}

// recent returns how many changes of a kind were made within the last hour without an admin's confirmation, those of earlier phases
// among them.
func (r *Removals) recent(kind account.Action) int { return r.policy.Recent[kind] + r.made[kind] }

// orSay returns why, or where that is nothing the message of the key.
func orSay(why account.Message, key string) account.Message {
	if why.IsZero() {
		return account.Say(key)
	}
	return why
}

// heldBefore returns what was held of an object, where that is the same kind of change: what an admin decided on a removal is
// nothing to a rename.
func (r *Removals) heldBefore(c *account.Change) (Decided, bool) {
	before, is := r.policy.Decided[c.Source]
	if !is || before.Action != c.Action && !(before.Action.Removes() && c.Action.Removes()) {
		return Decided{}, false
	}
	return before, true
}
