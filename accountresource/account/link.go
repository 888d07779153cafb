package account

import (
	"slices"
	"time"
)

// Origin tells how an account came to be linked. What was there before is never deleted by a removal (rule R4).
type Origin string

// The origins.
const (
	Created Origin = "created"
	Linked  Origin = "linked"
)

// LinkState is what a link announces. A claim is written before the mail store is touched and settled together with the
// log row; one that a killed run left is settled by the next run before anything is planned (rule R19).
type LinkState string

// The states. All but Confirmed are claims: the operation may have been made or not.
const (
	Confirmed LinkState = "confirmed"
	Creating  LinkState = "creating"
	Linking   LinkState = "linking"
	Updating  LinkState = "updating"
	Disabling LinkState = "disabling"
	Enabling  LinkState = "enabling"
	Renaming  LinkState = "renaming"
	Deleting  LinkState = "deleting"
)

// OffReason says why this module switched an account off.
type OffReason string

// The reasons. The empty one: the account is on, or somebody else switched it off.
const (
	OffByStatus  OffReason = "status"  // the object is disabled in the directory
	OffByRemoval OffReason = "removal" // the object left the scope
)

// Link says that this source object is that account (rules R1, R2).
type Link struct {
	Resource int64
	Source   SourceID
	Known
	Local
	Origin Origin
	// Off is why this module switched the account off: only then may it switch it on again (rule R9).
	Off   OffReason
	State LinkState
	// Intent is what a claim is going to change. Where an account stayed on the way of a rename, which can happen in a mail
	// directory without transactions, its confirmed link has that rename (see Began).
	Intent []Difference
	// Released says that the resource is gone (rule R16), Parted that what stands at the address is not the link's account
	// (rule R26). See IsHandedOver for both together.
	Released, Parted bool
	// OffWaits says that the object was disabled when the account, which was here before, was linked to it: switching that off
	// waits for an admin (rule R4).
	OffWaits bool
	// Left is when the account was switched off since its object had left, or the link was released, as the store says; zero for any
	// other.
	Left time.Time
	// Members are the members that the directory gave to an alias that was here before: its others are local, and stay (rule R4).
	Members []LinkMember
}

// LinkMember is a member that the directory gave to an alias: the object, and the address by which it was reached.
type LinkMember struct {
	Source  SourceID `json:"s"`
	Address string   `json:"a"`
}

// Known is what a link keeps of its source object.
type Known struct {
	DN string // for people; never used to find the object
	// Logon is the name with which the person signs in to the directory (sAMAccountName, uid), EmployeeID the employee ID.
	// They tell whether a new object is the same person (rule R16).
	Logon, EmployeeID string
	// Shown are the mapped fields for which the directory has ever shown a value (rule R7).
	Shown Fields
	// ExtraProfile holds those mapped fields for which the mail server has no place.
	ExtraProfile Profile
}

// Local is what a link knows of its account. An account at the address with both another mail directory and another time
// of creation is not the link's (rule R26).
type Local struct {
	Kind    Kind
	Address string
	Home    string // the mail directory of a mailbox, as Account.Home
	Made    string // as Account.Made
}

// IsHandedOver reports whether the object has moved to another resource of the domain, which is to take the account over (rule R16).
func (l *Link) IsHandedOver() bool { return l.Released && l.Parted }

// Former and Target return the addresses between which a claimed rename takes the account; they are empty for any other
// link. The account may be at the former address, at the target, or between (see Between).
func (l *Link) Former() string { return l.move().From }

// Target: see Former.
func (l *Link) Target() string { return l.move().To }

// Between returns the address on the way of a claimed rename; it is empty for any other link.
func (l *Link) Between() string {
	m := l.move()
	if m.From == "" {
		return ""
	}
	for _, d := range l.Intent {
		if d.What == whatPlace {
			return d.Old
		}
	}
	return TempAddress(m)
}

// Began returns the address that the account had before a rename on whose way it stayed, and else the address that it has.
func (l *Link) Began() string {
	for _, d := range l.Intent {
		if d.What == WhatAddress && IsTempAddress(l.Address) {
			return d.Old
		}
	}
	return l.Address
}

func (l *Link) move() (m Move) {
	if l.State != Renaming {
		return m
	}
	for _, d := range l.Intent {
		if d.What == WhatAddress {
			m = Move{From: d.Old, To: d.New}
		}
	}
	return m
}

// HasMadeWay reports whether the account of a claimed rename left its former address before: another may have that by now.
func (l *Link) HasMadeWay() bool {
	return slices.ContainsFunc(l.Intent, func(d Difference) bool { return d.What == whatPlace })
}

// Announced returns what a claim is going to change, as the log has it.
func (l *Link) Announced() []Difference {
	return slices.DeleteFunc(slices.Clone(l.Intent), func(d Difference) bool { return d.What == whatPlace })
}
