package plan

import (
	"strconv"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// FewestForPercent is the number of removals below which they are never too many for their part of all linked accounts (rule R15).
const FewestForPercent = 5

// decide returns what becomes of the accounts of objects that left. Those that are held go into Held too.
func (r *Removals) decide() []account.Change {
	var changes, doomed, waiting []account.Change
	for _, id := range r.leaving {
		c, ok := r.removal(r.addresses.state.links[id])
		before, heldBefore := r.policy.Decided[id]
		if !ok && before.Decision == Dismissed { // the settings may change again
			c.Action, c.Verb, ok = before.Action, account.Update, true
		}
		switch {
		case !ok:
		case c.Verb == "":
			changes = append(changes, c)
		case heldBefore && before.Action != c.Action:
			waiting = append(waiting, held(&c, account.Say("reason_held_anew")))
		case before.Decision == Dismissed:
			r.held = append(r.held, held(&c, account.Say("reason_held_dismissed")))
		case before.Decision == Confirmed:
			changes = append(changes, c)
		case heldBefore:
			waiting = append(waiting, held(&c, account.Say("reason_held_waiting")))
		case r.unseen[id]:
			waiting = append(waiting, held(&c, account.Say("reason_held_unseen", "DN", c.DN)))
		default:
			doomed = append(doomed, c)
		}
	}
	r.held = append(r.held, waiting...)
	changes = append(changes, waiting...)
	if why := r.guard(doomed, len(waiting)); !why.IsZero() {
		for i := range doomed {
			doomed[i] = held(&doomed[i], why)
		}
		r.held = append(r.held, doomed...)
	}
	return append(changes, doomed...)
}

// guard returns why so many removals are not made, with those that wait already; zero where they are.
func (r *Removals) guard(doomed []account.Change, waiting int) account.Message {
	if len(doomed) == 0 {
		return account.Message{}
	}
	for i := range doomed {
		if r.empty[doomed[i].Kind] {
			return account.Say("reason_held_empty")
		}
	}
	n, linked := len(doomed)+waiting, r.addresses.state.Linked()
	if n > r.policy.Max || n >= FewestForPercent && n*100 > r.policy.MaxPercent*linked {
		return account.Say("reason_held", "Count", strconv.Itoa(n), "Linked", strconv.Itoa(linked))
	}
	return account.Message{}
}

// held returns the row of a removal that is not made.
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
		addresses[r.held[i].Address] = true
	}
	for id := range r.policy.Decided {
		if l := r.addresses.state.links[id]; l != nil && !r.isLeaving(id) && !r.isGiven(id) {
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
