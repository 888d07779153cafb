package plan

import (
	"maps"
	"slices"
	"strconv"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// FewestForPercent is the number of removals below which they are never too many for their part of all linked accounts (rule R15).
const FewestForPercent = 5

// decide returns what becomes of the accounts of objects that left. Those that are held go into Held too.
func (r *Removals) decide() []account.Change {
	var changes, removals []account.Change
	for _, id := range slices.Sorted(maps.Keys(r.moving)) {
		if l := r.addresses.state.link(id); l != nil && r.addresses.claims[id] == nil {
			changes = append(changes, r.handOver(l, r.moving[id]))
			r.addresses.release(l)
		}
	}
	for _, id := range r.leaving {
		c, ok := r.removal(r.addresses.state.link(id))
		if before := r.policy.Decided[id]; !ok && before.Decision == Dismissed { // the settings may change again
			c.Action, c.Verb, ok = before.Action, account.Update, true
		}
		switch {
		case !ok:
		case c.Verb == "":
			changes = append(changes, c)
		default:
			removals = append(removals, c)
		}
	}
	nobody := slices.ContainsFunc(removals, func(c account.Change) bool { return r.empty[c.Kind] })
	return append(changes, r.guard(account.ActionDeleted, removals, func(n int) account.Message {
		linked, recent := r.addresses.state.Linked(), r.recent(account.ActionDeleted)
		switch {
		case nobody:
			return account.Say("reason_held_empty")
		case !r.policy.exceeded(n+recent, linked):
			return account.Message{}
		case recent > 0:
			return heldOfHour(n, recent, linked)
		}
		return account.Say("reason_held", "Count", strconv.Itoa(n), "Linked", strconv.Itoa(linked))
	}, r.waitsAlone)...)
}

// heldOfHour returns that changes are too many together with those of the last hour.
func heldOfHour(n, recent, linked int) account.Message {
	return account.Say("reason_held_hour", "Count", strconv.Itoa(n), "Recent", strconv.Itoa(recent), "Linked", strconv.Itoa(linked))
}

// waitsAlone returns that the server has never shown the object, or that where it was nobody is seen any more.
func (r *Removals) waitsAlone(c *account.Change) account.Message {
	switch {
	case r.neverShown[c.Source]:
		return account.Say("reason_held_never_shown")
	case r.unseen[c.Source]:
		return account.Say("reason_held_unseen", "DN", c.DN)
	}
	return r.reverts(c)
}

// held returns the row of a change that is not made.
func held(c *account.Change, why account.Message) account.Change {
	return account.Change{
		Source: c.Source, DN: c.DN, Action: account.ActionHeld, Held: c.Action, Reason: why, Diff: c.Diff,
		Operation: account.Operation{Kind: c.Kind, Address: c.Address},
	}
}

// untouched returns the addresses of accounts whose removal is held, or was before and is not decided in this plan since it
// is not known whether the object is gone, and of those whose claim could not be settled: nothing is done to them, so that
// they stay in their aliases (rules R12, R15).
func (r *Removals) untouched() map[string]bool {
	addresses := make(map[string]bool)
	for i := range r.held {
		switch r.held[i].Held {
		case account.ActionTakenOver, account.ActionUnusable: // these say nothing of the account as it is now
		default:
			addresses[r.held[i].Address] = true
		}
	}
	for _, id := range slices.AppendSeq(slices.Clone(r.policy.Unshown), maps.Keys(r.policy.Decided)) {
		if l := r.addresses.state.link(id); l != nil && !r.isLeaving(id) && !r.IsGiven(id) {
			addresses[l.Address] = true
		}
	}
	for _, l := range r.addresses.claims {
		for _, address := range ownedBy(l) {
			addresses[address] = true
		}
	}
	return addresses
}
