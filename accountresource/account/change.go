package account

import "slices"

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
	// ActionTakenOver only waits: the account of somebody who does not need its address would go to a newcomer (rule R16).
	ActionTakenOver Action = "takenover"
	// ActionUnusable only waits: the object has no usable address, and the account may be retired (rule R25).
	ActionUnusable Action = "unusable"
)

// Actions lists every action in the order in which pages show them.
func Actions() []Action {
	return []Action{
		ActionCreated, ActionLinked, ActionUpdated, ActionRenamed, ActionDisabled, ActionEnabled, ActionDeleted,
		ActionIgnored, ActionConflict, ActionHeld, ActionFailed,
	}
}

// HeldActions lists what may wait for an admin (rules R15, R16, R23), in the order in which pages show it.
func HeldActions() []Action {
	return []Action{
		ActionTakenOver, ActionLinked, ActionUpdated, ActionRenamed, ActionDisabled, ActionEnabled, ActionDeleted,
		ActionConflict, ActionUnusable,
	}
}

// Removes reports whether the action takes an account away from its user.
func (a Action) Removes() bool { return a == ActionDeleted || a == ActionDisabled }

// Writes reports whether the action touches the mail server or the link, rather than only being logged.
func (a Action) Writes() bool {
	switch a {
	case ActionIgnored, ActionConflict, ActionHeld, ActionFailed:
		return false
	}
	return true
}

// Change is what happens to one account in one phase of a run: what was decided, the operation that the mail store makes,
// and what becomes of the link. It is never edited once it is decided.
//
// It goes under the name of its greatest part: a linked account whose name follows and which is switched off is one change,
// ActionLinked. A change without an Action is not logged.
type Change struct {
	Source SourceID
	DN     string

	Action Action
	Held   Action // what waits for an admin, where Action is ActionHeld
	// Counts is the kind as which the change counts towards the limits of rules R15 and R23; empty where nothing limits it or
	// an admin confirmed it. Removals are ActionDeleted whatever becomes of the account.
	Counts Action
	Reason Message // why an object is ignored, held or in conflict, or why its account changes
	Diff   []Difference

	Operation

	// Lost are fields whose value goes since the directory has none any more.
	Lost Fields

	// Before is the link as it was, Link as it stands when the operation has been made; nil leaves it alone. Unlink deletes
	// it.
	Before, Link *Link
	Unlink       bool
}

// Claim returns the link as it announces the operation before it is made; ok is false where the mail store writes nothing,
// so that the link can be written as it will stand. A claim is the link as it was, with what is going to change as its
// intent; an address or a switching-off that is announced stands in it already.
func (c *Change) Claim() (claim Link, ok bool) {
	if c.Link == nil || !c.Writes() {
		return claim, false
	}
	claim = *c.Link
	isNew := c.Before == nil || c.Verb == Create || c.Action == ActionLinked && !c.Before.Released
	if !isNew {
		claim = *c.Before
		claim.Released, claim.Parted = false, claim.Parted && !claim.Released
		claim.Address, claim.Home, claim.Made = c.Link.Address, c.Link.Home, c.Link.Made
		if c.Switch == Off {
			claim.Off = c.Link.Off
		}
	}
	claim.Intent = c.Diff
	if at, _, _ := c.Moves(); c.Verb == Rename && IsTempAddress(at) { // the log has the address that it had before it made way
		claim.Intent = append(slices.Clone(c.Diff), Difference{What: whatPlace, Old: at})
	}
	switch {
	case c.Verb == Create:
		claim.State = Creating
	case c.Action == ActionLinked:
		claim.State = Linking
	case c.Verb == Rename:
		claim.State = Renaming
	case c.Verb == Delete:
		claim.State = Deleting
	case c.Switch == Off:
		claim.State = Disabling
	case c.Switch == On:
		claim.State = Enabling
	default:
		claim.State = Updating
	}
	return claim, true
}

// The names of what is no field of the profile in a Difference.
const (
	WhatAddress    = "address"
	WhatMembers    = "members"
	WhatModerators = "moderators"
	WhatActive     = "active" // "yes" or "no"
	whatPlace      = "place"  // of a claim alone: where the account of a rename is, which made way for another
)

// Members is the difference that members who join and leave make to an alias; where they are many, some are named.
func Members(join, leave []string) Difference {
	return Difference{What: WhatMembers, Old: Abbreviate(leave), New: Abbreviate(join)}
}

// Switched is the difference that switching an account makes.
func Switched(to Switch) Difference {
	if to == On {
		return Difference{What: WhatActive, Old: "no", New: "yes"}
	}
	return Difference{What: WhatActive, Old: "yes", New: "no"}
}

// Difference is one changed value, for people. What names a profile field or "active", "address", "members".
type Difference struct {
	What string `json:"what"`
	Old  string `json:"old"`
	New  string `json:"new"`
}
