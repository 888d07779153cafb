package account

// Origin tells how an account came to be linked. What was there before is never deleted by a removal (rule R4).
type Origin string

// The origins.
const (
	Created Origin = "created"
	Linked  Origin = "linked"
)

// LinkState is where a link stands between its claim and the effect it announces. A claim is written before the mail
// store is touched and settled together with the log row; one that a killed run left behind tells the next run what
// may have happened already (rule R19).
type LinkState string

// The states.
const (
	Confirmed LinkState = "confirmed"
	Creating  LinkState = "creating"  // the account may exist: Link.Home tells whether it is ours
	Linking   LinkState = "linking"   // the account may have been brought in step already
	Updating  LinkState = "updating"  // its fields may be written already; Link.Intent says which
	Disabling LinkState = "disabling" // it may be off already
	Enabling  LinkState = "enabling"  // it may be on already
	Renaming  LinkState = "renaming"  // it may have the new address already, which Link.Address is; Link.Home tells
	Deleting  LinkState = "deleting"  // it may be gone already; Link.Address is nobody's any more
)

// Link says that this source object is that account (rules R1, R2).
type Link struct {
	Resource int64
	Source   SourceID
	Address  string
	Kind     Kind
	Origin   Origin
	State    LinkState
	DN       string // for people; never used to find the object
	// Home is the mail directory of the mailbox, where a claim needs it to tell our account from another that has or
	// had the address.
	Home string
	// Disabled says that this module switched the account off, and only then may it switch it on again (rule R9).
	Disabled bool
	// Intent is what a claim was going to change, for the log of the run that settles it.
	Intent []Difference
	// Kept holds those mapped fields for which the mail server has no place.
	Kept Profile
}

// Former is the address that a claimed renaming or deletion takes from the account; empty in any other state.
func (l *Link) Former() string {
	if l.State != Renaming && l.State != Deleting {
		return ""
	}
	for _, d := range l.Intent {
		if d.What == WhatAddress {
			return d.Old
		}
	}
	return ""
}
