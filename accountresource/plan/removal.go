package plan

import (
	"slices"
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
	// Recent is how many changes of each kind were made within the last hour without an admin's confirmation (see
	// account.Change.Counts): they count like those of this run.
	Recent map[account.Action]int
	// Decided are the removals that were held before, by object.
	Decided map[account.SourceID]Decided
	// Unshown are linked objects that the database has never shown, so that they are not missed (rule R24).
	Unshown []account.SourceID
	// OtherWords are what other databases said within the last day.
	OtherWords map[account.SourceID]OtherWord
}

// Decided is a removal that was held, and what an admin said of it. It holds for that action only: where another one is due
// now, that is held and waits.
type Decided struct {
	Action   account.Action
	Decision Decision
}

// Decision is what an admin said of a held removal; empty while it waits.
type Decision string

// The decisions.
const (
	Confirmed Decision = "confirmed" // the next run makes it
	Dismissed Decision = "dismissed" // it stays as it is until the object comes back
	// PutAway is for an address that an account has whose object does not need it: the newcomer is somebody else, and the account
	// gets another address.
	PutAway Decision = "putaway"
	// Retired is for an account that keeps its address since the directory's cannot be used: it is switched off.
	Retired Decision = "retired"
)

// Removals finds out which linked objects left the scope, and decides what becomes of their accounts.
type Removals struct {
	policy    *Removal
	addresses *Addresses
	// given are the objects in scope: those of a listing of everything or of identities, and those asked for.
	given *sourceSet
	// listed has the kinds that were listed completely, empty those of which no object is in scope.
	listed, empty map[account.Kind]bool
	leaving       []account.SourceID
	left          *sourceSet                // the same
	unseen        map[account.SourceID]bool // those of them whose places show nobody
	neverShown    map[account.SourceID]bool // those that the database which lacks them has never shown
	held          []account.Change
	made          map[account.Action]int      // what the guard let pass so far, by kind
	moving        map[account.SourceID]string // DNs of objects that are in the scope of another resource now
}

func newRemovals(p *Removal, a *Addresses) *Removals {
	return &Removals{
		policy: p, addresses: a, given: newSourceSet(a.state.numbers), left: newSourceSet(a.state.numbers),
		unseen: make(map[account.SourceID]bool), neverShown: make(map[account.SourceID]bool),
		made: make(map[account.Action]int), moving: make(map[account.SourceID]string),
		listed: make(map[account.Kind]bool), empty: make(map[account.Kind]bool),
	}
}

// Given notes that an object is in scope.
func (r *Removals) Given(id account.SourceID) { r.given.add(id) }

// IsGiven reports whether an object is in scope.
func (r *Removals) IsGiven(id account.SourceID) bool { return r.given.has(id) }

// Listed notes that a listing of a kind was complete, and how many objects it had. Only then may absence mean anything
// (rule R13).
func (r *Removals) Listed(kind account.Kind, count int) {
	r.listed[kind] = true
	r.Scope(kind, count)
}

// IsListed reports whether a kind was listed completely.
func (r *Removals) IsListed(kind account.Kind) bool { return r.listed[kind] }

// Scope notes how many objects of a kind are in scope, as far as they were counted: where there is none, nothing is
// removed unasked (rule R15).
func (r *Removals) Scope(kind account.Kind, count int) { r.empty[kind] = count == 0 }

// Absent returns the linked objects of a completely listed kind that were not in the listing.
func (r *Removals) Absent(kind account.Kind) []account.SourceID {
	if !r.listed[kind] {
		return nil
	}
	var absent []account.SourceID
	state := r.addresses.state
	state.eachLink(func(number uint32, _ string, is account.Kind) {
		if is == kind && !r.given.hasNumber(number) {
			absent = append(absent, state.numbers.ids[number])
		}
	})
	slices.Sort(absent)
	return absent
}

// Missing returns those of the objects that are linked to accounts of the kind and were not given.
func (r *Removals) Missing(kind account.Kind, ids []account.SourceID) []account.SourceID {
	var missing []account.SourceID
	for _, id := range ids {
		if l := r.addresses.state.link(id); l != nil && l.Kind == kind && !r.IsGiven(id) {
			missing = append(missing, id)
		}
	}
	slices.Sort(missing)
	return slices.Compact(missing)
}

// Leaving notes objects that are really gone.
func (r *Removals) Leaving(ids []account.SourceID) {
	r.leaving = append(r.leaving, ids...)
	for _, id := range ids {
		r.left.add(id)
	}
}

// DN returns where a linked object was when it was last seen.
func (r *Removals) DN(id account.SourceID) string {
	if l := r.addresses.state.link(id); l != nil {
		return l.DN
	}
	return ""
}

// Unseen notes that the place where an object was shows nobody at all: it may have left, or become unreadable with everybody there.
// What becomes of its account is held (rule R13).
func (r *Removals) Unseen(id account.SourceID) { r.unseen[id] = true }

// NeverShown notes that an object which is gone has been missing for long from a database that never showed it: its account is
// switched off at most, and only when an admin says so (rule R13).
func (r *Removals) NeverShown(id account.SourceID) { r.neverShown[id] = true }

func (r *Removals) isLeaving(id account.SourceID) bool {
	return r.left.has(id)
}

// Doubt returns the row in the log for an object that is missing and yet not taken for gone; ok is false where nothing
// would be done to its account anyway.
func (r *Removals) Doubt(id account.SourceID) (c account.Change, ok bool) {
	c, ok = r.removal(r.addresses.state.link(id))
	if !ok || c.Verb == "" {
		return c, false
	}
	return account.Change{
		Source: c.Source, DN: c.DN, Action: account.ActionIgnored, Reason: account.Say("reason_missing_elsewhere"),
		Operation: account.Operation{Kind: c.Kind, Address: c.Address},
	}, true
}

// Held returns the removals that wait for an admin.
func (r *Removals) Held() []account.Change { return r.held }

// removal decides what happens to one account; ok is false for nothing.
func (r *Removals) removal(l *account.Link) (c account.Change, ok bool) {
	p := r.policy
	c = account.Change{
		Source: l.Source, DN: l.DN, Reason: account.Say("reason_left"), Before: l,
		Operation: account.Operation{Kind: l.Kind, Address: l.Address},
	}
	h := r.addresses.At(l.Address)
	if r.addresses.claims[l.Source] != nil {
		return c, false // what became of its account is not known
	}
	if !h.exists || h.foreign {
		c.Unlink = true // the account went by hand: there is nothing to remove
		return c, true
	}
	next := r.addresses.next(l)
	next.Released, next.Parted = false, false // nobody took it over
	deletes := p.Delete && l.Origin == account.Created && !r.neverShown[l.Source]
	switch {
	case h.role != account.NoRole:
		c.Action, c.Reason = account.ActionIgnored, account.Say("reason_administrator_left")
		return c, deletes || p.Disable && h.active
	case deletes:
		c.Action, c.Verb, c.KeepUntil, c.Home, c.Link = account.ActionDeleted, account.Delete, p.KeepUntil, next.Home, &next
		c.Diff = []account.Difference{{What: account.WhatAddress, Old: l.Address}}
		return c, true
	case (p.Delete || p.Disable) && h.active:
		next.Off = account.OffByRemoval
		c.Action, c.Verb, c.Switch, c.Home, c.Link = account.ActionDisabled, account.Update, account.Off, next.Home, &next
		c.Diff = []account.Difference{account.Switched(account.Off)}
		return c, true
	}
	return c, false
}
