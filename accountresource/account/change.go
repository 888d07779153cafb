package account

import (
	"cmp"
	"time"
)

// Action names what happened to an account in a run. The names are those of the log and of the status counts.
type Action string

// The actions.
const (
	ActionCreated  Action = "created"
	ActionLinked   Action = "linked"
	ActionUpdated  Action = "updated"
	ActionRenamed  Action = "renamed"
	ActionDisabled Action = "disabled"
	ActionEnabled  Action = "enabled"
	ActionDeleted  Action = "deleted"
	ActionIgnored  Action = "ignored"
	ActionConflict Action = "conflict"
	ActionHeld     Action = "held"
	ActionFailed   Action = "failed"
)

// Actions lists every action in the order in which pages show them.
func Actions() []Action {
	return []Action{
		ActionCreated, ActionLinked, ActionUpdated, ActionRenamed, ActionDisabled, ActionEnabled, ActionDeleted,
		ActionIgnored, ActionConflict, ActionHeld, ActionFailed,
	}
}

// Writes reports whether the action touches the mail server or the link, rather than only being logged.
func (a Action) Writes() bool {
	switch a {
	case ActionIgnored, ActionConflict, ActionHeld, ActionFailed:
		return false
	}
	return true
}

// Change is everything that happens to one account in one run, under the name of the greatest part of it: a linked
// account whose name follows and which is switched off is one change, ActionLinked, with Set and Disable. A change
// without an Action only keeps the link in step and is not logged.
type Change struct {
	Action  Action
	Kind    Kind
	Source  SourceID
	DN      string
	Address string // the account's address before the change; may be empty for an ignored object
	// NewAddress is what the address of a renamed account becomes (rule R8). Everything else in the change speaks of
	// Address.
	NewAddress string
	// Place is where the account of a renaming is that was begun before; empty: at Address.
	Place string
	// Profile holds the wanted values of the fields in Set; the backend writes those and no others.
	Profile Profile
	Set     Fields
	// Home is the mail directory of a mailbox to create, rename or delete, and tells it from any other that has or had
	// the address: a creation or renaming that finds it where it shall be has already happened, a deletion that does
	// not find it too. Only a deletion may leave it open, and a creation until it is announced.
	Home string
	// Active is the state a created account starts in.
	Active bool
	// Disable and Enable switch an existing account and the forwarding rows of its own address. Rows of others that lead
	// to it are theirs (rule R9).
	Disable, Enable bool
	// Policy is the access policy of an alias to create; Join and Leave are members that an alias gets and loses (rules
	// R10, R11). One that is there already, or not any more, is fine.
	Policy      string
	Join, Leave []string
	// Moderate are addresses that become moderators of an alias.
	Moderate []string
	// KeepUntil is the day from which the mail directory of a deleted mailbox may be removed; the zero time keeps it
	// for ever (rule R14).
	KeepUntil time.Time
	// Diff is what the log shows: old and new value of everything that changes.
	Diff []Difference
	// Held is what waits for an admin, where Action is ActionHeld: a deletion or a disabling.
	Held Action
	// Reason says why an object was ignored, held or is in conflict, or why a change failed.
	Reason Message
	// Link is the link as it shall stand when the change has happened; nil leaves the link alone.
	Link *Link
	// Relink says that the link goes back to an address that it had, though the account changes nothing.
	Relink bool
	// Unlink drops the link that the source object has: a claim that came to nothing.
	Unlink bool
}

// Moves are the addresses between which a renaming still has to bring the account; ok is false where there is nothing left
// to do, and for any other change.
func (c *Change) Moves() (from, to string, ok bool) {
	from = cmp.Or(c.Place, c.Address)
	return from, c.NewAddress, c.Action == ActionRenamed && from != c.NewAddress
}

// TouchesAccount reports whether the mail store has anything to write, rather than the link and the log alone.
func (c *Change) TouchesAccount() bool {
	switch c.Action {
	case ActionCreated, ActionRenamed, ActionDeleted:
		return true
	}
	return c.Set != 0 || c.Disable || c.Enable || len(c.Join) > 0 || len(c.Leave) > 0 ||
		len(c.Moderate) > 0
}

// Claim is the link as it announces the change before anything is done; ok is false for what changes the link alone.
// It says what may have happened already, should the run not live to settle it.
func (c *Change) Claim() (claim Link, ok bool) {
	if c.Link == nil {
		return claim, false
	}
	claim = *c.Link
	claim.Intent = c.Diff
	if c.Enable { // that it was switched off here must not be forgotten before it is on
		claim.Disabled = true
	}
	switch {
	case c.Action == ActionCreated:
		claim.State = Creating
	case c.Action == ActionLinked:
		claim.State = Linking
	case c.Action == ActionRenamed:
		claim.State = Renaming
	case c.Action == ActionDeleted:
		claim.State, claim.Address = Deleting, vacated(claim.Source)
	case c.Disable:
		claim.State = Disabling
	case c.Enable:
		claim.State = Enabling
	case c.Action == ActionUpdated:
		claim.State = Updating
	case c.Relink:
		return claim, true
	default:
		return claim, false
	}
	return claim, true
}

// vacated is what the link of an account on its way out has for an address, so that somebody else can have the real
// one in the same run (rule R8). It is no address.
func vacated(id SourceID) string { return "deleting " + string(id) }

// WhatAddress and WhatMembers are the names of the address and of an alias's members in a Difference.
const (
	WhatAddress = "address"
	WhatMembers = "members"
)

// Members is the difference that members who join and leave make to an alias; where they are many, some are named.
func Members(join, leave []string) Difference {
	return Difference{What: WhatMembers, Old: Few(leave), New: Few(join)}
}

// Difference is one changed value, for people. What names a profile field or "active", "address", "members".
type Difference struct {
	What string `json:"what"`
	Old  string `json:"old"`
	New  string `json:"new"`
}
