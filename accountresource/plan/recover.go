package plan

import (
	"cmp"
	"slices"
	"strings"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// Place is where a claim's account is found.
type Place string

// The places. AtAddress is the address of the claim, which is the new one of a rename; AtFormer and Between are the one
// from which a rename takes the account and the one on the way (account.TempAddress). Elsewhere is an address that somebody
// else gave to the mailbox.
const (
	Nowhere   Place = "nowhere"
	AtAddress Place = "at its address"
	AtFormer  Place = "at its former address"
	Between   Place = "between"
	Elsewhere Place = "elsewhere"
)

// Found is what the mail store has of a claim's account.
type Found struct {
	Place   Place
	Account account.Account // the account where Place is not Nowhere
	// Taken reports whether another account has the address that the account is to get, or that a deleted one had.
	Taken bool
	// FormerTaken reports whether another account has the address from which a rename takes the account.
	FormerTaken bool
	// Receives is AtAddress or Between where an account that is at its former address gets the mail of that one already: a
	// mail directory without transactions has it so before the account moves.
	Receives Place
}

// Find looks for a claim's account among accounts: those that have one of the claim's addresses, and those that have its
// mail directory.
func Find(claim *account.Link, accounts []account.Account) Found {
	found := Found{Place: Nowhere}
	goal := cmp.Or(claim.Target(), claim.Address)
	places, order := map[string]Place{goal: AtAddress}, []string{goal}
	if former, between := claim.Former(), claim.Between(); former != "" {
		places[between], order = Between, []string{between, goal}
		if !claim.HasMadeWay() || account.IsTempAddress(former) { // else another may be there by now
			places[former], order = AtFormer, []string{between, former, goal}
		}
	}
	at := make(map[string]*account.Account, len(accounts))
	var atHome *account.Account // elsewhere
	for i := range accounts {
		a := &accounts[i]
		at[a.Address] = a
		if claim.Kind == account.Mailbox && claim.Home != "" && a.Kind == account.Mailbox &&
			places[a.Address] == "" && account.NormalHome(a.Home) == account.NormalHome(claim.Home) {
			atHome = a
		}
	}
	foundBy := func(is func(*account.Account) bool) bool {
		i := slices.IndexFunc(order, func(address string) bool { return at[address] != nil && is(at[address]) })
		if i >= 0 {
			found.Place, found.Account = places[order[i]], *at[order[i]]
		}
		return i >= 0
	}
	switch {
	case foundBy(claim.HasHome):
	case atHome != nil:
		found.Place, found.Account = Elsewhere, *atHome
	default:
		foundBy(claim.Is)
	}
	for address, place := range places {
		a := at[address]
		receives := a != nil && a.Kind == account.Reserved && a.Home != "" && account.NormalHome(a.Home) == account.NormalHome(claim.Home)
		switch {
		case receives && found.Place == AtFormer && found.Receives != AtAddress:
			found.Receives = place
		case a != nil && !receives && place == AtAddress && found.Place != AtAddress:
			found.Taken = true
		}
	}
	if a := at[claim.Former()]; a != nil && found.Place != AtFormer {
		found.FormerTaken = true
	}
	return found
}

// Recover returns what settles a claim that a run left, by what the mail store has of its account (rule R19). What has
// begun to be visible is finished and logged as what it was; of the rest the link is as it was before.
//
//	claim      | nowhere         | at its address    | at its former | between       | elsewhere
//	creating   | no link         | created           |               |               | created, there
//	linking    | no link         | linked or no link |               |               | no link
//	  (again)  | no link         | linked            |               |               | no link
//	updating,  | no link         | done or as before |               |               | no link
//	disabling, |                 |                   |               |               |
//	enabling   |                 |                   |               |               |
//	renaming   | no link         | renamed           | as before, or | renamed, back | linked there
//	           |                 |                   | as if between | or there      |
//	deleting   | deleted         | as before         |               |               | no link
//
// "Done" is what of the intent can be seen at the account. An account that made way for others goes back; one that the mail
// store has between goes on. Where another account has that address it goes the other way, and stays where others have both.
// Where the account is nowhere and another one has the address of an update, disabling, enabling or rename, the link stays
// there, and is parted from that account (rule R26).
func Recover(p *Policy, claim *account.Link, found Found) account.Change {
	r := recovery{policy: p, claim: claim, found: found}
	switch claim.State {
	case account.Creating:
		switch found.Place {
		case AtAddress, Elsewhere:
			return r.done(account.ActionCreated, found.Account.Address)
		}
		return r.drop()
	case account.Linking:
		if found.Place == AtAddress && (r.isSeen() || len(claim.Intent) == 0) {
			return r.done(account.ActionLinked, claim.Address)
		}
		if found.Place == AtAddress && claim.Origin == account.Created { // a link that was taken back, which nothing has to be changed for
			c := r.asBefore(claim.Address)
			c.Action, c.Reason = account.ActionLinked, account.Say("reason_taken_back")
			return c
		}
		return r.drop()
	case account.Renaming:
		switch {
		case found.Place == AtAddress:
			return r.finishRename()
		case found.Place == Between && !found.FormerTaken && (found.Taken || claim.Address == claim.Between()):
			return r.goBack()
		case found.Place == Between && !found.Taken:
			return r.finishRename()
		case found.Place == Between:
			return r.stay()
		case found.Place == Elsewhere:
			return r.asBefore(found.Account.Address)
		case found.Receives == AtAddress && !found.Taken:
			return r.finishRename()
		case found.Receives == Between:
			return r.goBack()
		case found.Place == AtFormer:
			return r.asBefore(claim.Former())
		case found.Taken && claim.Address == claim.Target():
			return r.asBefore(claim.Address)
		}
		return r.drop()
	case account.Deleting:
		switch found.Place {
		case Nowhere:
			return r.finishDeletion()
		case Elsewhere:
			return r.drop()
		}
		return r.asBefore(claim.Address)
	}
	switch {
	case found.Place == AtAddress && r.isSeen():
		return r.done(actionOf(claim.Intent), claim.Address)
	case found.Place == AtAddress, found.Taken:
		return r.asBefore(claim.Address)
	}
	return r.drop()
}

// recovery is a claim and what was found of its account.
type recovery struct {
	policy *Policy
	claim  *account.Link
	found  Found
}

func (r *recovery) change() account.Change {
	return account.Change{
		Source: r.claim.Source, DN: r.claim.DN,
		Operation: account.Operation{Kind: r.claim.Kind, Address: r.claim.Address, Home: r.claim.Home},
	}
}

// drop deletes the link.
func (r *recovery) drop() account.Change {
	c := r.change()
	c.Unlink = true
	return c
}

// done returns the change of an operation that was made: the link as it announced, at the address, and a row in the log.
func (r *recovery) done(action account.Action, address string) account.Change {
	c := r.change()
	c.Action, c.Diff, c.Address = action, r.claim.Announced(), address
	next := r.settled(address)
	for _, d := range r.claim.Intent {
		if f, isField := account.FieldNamed(d.What); isField && !r.policy.Stored.Has(f) {
			next.ExtraProfile[f] = d.New
		}
		if d == account.Switched(account.On) {
			next.Off = ""
		}
	}
	c.Link = &next
	return c
}

// asBefore returns the change of an operation that was not made: the link is as it was, at the address. A part of a rename
// may have been made before it stopped: that is logged.
func (r *recovery) asBefore(address string) account.Change {
	part := slices.DeleteFunc(r.claim.Announced(), func(d account.Difference) bool { return d.What == account.WhatAddress })
	if r.claim.State == account.Renaming && r.found.Place != Nowhere && r.isSeen() {
		c := r.done(actionOf(part), address)
		c.Diff = part
		return c
	}
	c := r.change()
	c.Address = address
	next := r.settled(address)
	c.Link = &next
	return c
}

// settled returns the link, no longer a claim, at an address. Whether this module switched the account off is what can be
// seen of it. That it switched it on cannot be seen, as a local admin may have done so: it is done again.
func (r *recovery) settled(address string) account.Link {
	next := *r.claim
	next.State, next.Intent, next.Address = account.Confirmed, nil, address
	for _, d := range r.claim.Intent {
		if d == account.Switched(account.Off) && (r.found.Place == Nowhere || r.found.Account.Active) {
			next.Off = ""
		}
	}
	return next
}

// finishRename returns the change that brings an account to its new address, with what of the announced values it does not
// show yet: those come last.
func (r *recovery) finishRename() account.Change {
	c := r.done(account.ActionRenamed, r.claim.Target())
	c.Verb, c.Address, c.NewAddress, c.Place = account.Rename, r.claim.Former(), r.claim.Target(), r.found.Account.Address
	for _, d := range r.claim.Intent {
		f, isField := account.FieldNamed(d.What)
		switch {
		case isField && r.policy.Stored.Has(f) && d.Old != d.New && r.found.Account.Profile[f] == d.Old:
			c.Set, c.Profile[f] = c.Set.With(f), d.New
		case d == account.Switched(account.On):
			c.Switch = account.On
		case d == account.Switched(account.Off):
			c.Switch, c.Link.Off = account.Off, r.claim.Off
		}
	}
	return c
}

// goBack returns the change that gives an account its former address again.
func (r *recovery) goBack() account.Change {
	c := r.change()
	next := r.settled(r.claim.Former())
	c.Verb, c.Address, c.NewAddress, c.Link = account.Rename, r.found.Account.Address, r.claim.Former(), &next
	return c
}

// stay returns the change that leaves an account on its way, with what the next rename has to know of this one.
func (r *recovery) stay() account.Change {
	c := r.asBefore(r.found.Account.Address)
	c.Link.Intent = []account.Difference{{What: account.WhatAddress, Old: r.claim.Former(), New: r.claim.Target()}}
	return c
}

func (r *recovery) finishDeletion() account.Change {
	c := r.drop()
	c.Action, c.Diff = account.ActionDeleted, r.claim.Announced()
	if !r.found.Taken {
		c.Verb, c.KeepUntil = account.Delete, r.policy.Removal.KeepUntil
	}
	return c
}

// isSeen reports whether the account shows something of what the claim was going to change.
func (r *recovery) isSeen() bool {
	a := &r.found.Account
	return slices.ContainsFunc(r.claim.Intent, func(d account.Difference) bool {
		f, isField := account.FieldNamed(d.What)
		switch {
		case isField:
			return r.policy.Stored.Has(f) && d.Old != d.New && a.Profile[f] == d.New
		case d == account.Switched(account.Off):
			return !a.Active
		case d.What == account.WhatMembers:
			return d.New != "" && names(d.New, a.Members) || d.New == "" && !names(d.Old, slices.Concat(a.Members, a.Idle))
		case d.What == account.WhatModerators:
			return names(d.New, a.Moderators)
		}
		return false
	})
}

// names reports whether a list in a difference has one of the addresses.
func names(list string, addresses []string) bool {
	return slices.ContainsFunc(strings.Split(list, ", "), func(name string) bool { return slices.Contains(addresses, name) })
}

// actionOf returns the action under which differences are logged.
func actionOf(diff []account.Difference) account.Action {
	switch {
	case slices.Contains(diff, account.Switched(account.On)):
		return account.ActionEnabled
	case slices.Contains(diff, account.Switched(account.Off)):
		return account.ActionDisabled
	}
	return account.ActionUpdated
}
