package account

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

// Writes tells whether the action touches the mail server or the link, rather than only being logged.
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
	// Profile holds the wanted values of the fields in Set; the backend writes those and no others.
	Profile Profile
	Set     Fields
	// Home is the mail directory of a mailbox to create. A creation that finds an account with this very home has
	// already happened.
	Home string
	// Active is the state a created account starts in.
	Active bool
	// Disable and Enable switch an existing account; Routes are the forwarding rows that go with it.
	Disable, Enable bool
	Routes          []Route
	// Diff is what the log shows: old and new value of everything that changes.
	Diff []Difference
	// Reason says why an object was ignored, held or is in conflict, or why a change failed.
	Reason Message
	// Link is the link as it shall stand when the change has happened; nil leaves the link alone.
	Link *Link
	// Unlink drops the link that the source object has: a claim that came to nothing.
	Unlink bool
}

// TouchesAccount tells whether the mail store has anything to write, rather than the link and the log alone.
func (c *Change) TouchesAccount() bool {
	switch c.Action {
	case ActionCreated, ActionRenamed, ActionDeleted:
		return true
	}
	return c.Set != 0 || c.Disable || c.Enable
}

// Claim is the link as it announces the change before anything is done; ok is false for what changes the link alone.
// It says what may have happened already, should the run not live to settle it.
func (c *Change) Claim() (claim Link, ok bool) {
	if c.Link == nil {
		return claim, false
	}
	claim = *c.Link
	claim.Intent = c.Diff
	switch {
	case c.Action == ActionCreated:
		claim.State = Creating
	case c.Action == ActionLinked:
		claim.State = Linking
	case c.Disable:
		claim.State = Disabling
	case c.Enable: // what is switched back on must not be forgotten before it is
		claim.State, claim.Disabled, claim.Suspended = Enabling, true, c.Routes
	case c.Action == ActionUpdated:
		claim.State = Updating
	default:
		return claim, false
	}
	return claim, true
}

// Difference is one changed value, for people. What names a profile field or "active", "address".
type Difference struct {
	What string `json:"what"`
	Old  string `json:"old"`
	New  string `json:"new"`
}
