package account

import "time"

// Verb names what the mail store does to an account.
type Verb string

// The verbs. The zero Verb leaves the mail store alone: only the link or the log changes.
const (
	Create Verb = "create"
	Update Verb = "update"
	Rename Verb = "rename"
	Delete Verb = "delete"
)

// Switch says whether an operation switches an account on or off. Both concern the account and the forwarding rows of its
// own address; rows of others that lead to it are left alone (rule R9).
type Switch string

// The switches. The zero Switch leaves an account as it is, and has a new one begin switched off.
const (
	On  Switch = "on"
	Off Switch = "off"
)

// Operation is what the mail store does to one account. Applying it again is harmless.
type Operation struct {
	Verb    Verb
	Kind    Kind
	Address string // of the account before the operation
	// NewAddress is what the address of a renamed account becomes (rule R8).
	NewAddress string
	// Place is where the account of a rename is that stopped half-way; empty: at Address.
	Place string
	// Home is the mail directory of a mailbox, and tells it from any other that has or had the address: a creation or rename
	// that finds it where it is to be has already happened, a deletion that does not find it too, and an update does nothing
	// to another one (rule R26). An update or deletion may leave it open.
	Home string
	Values
	Membership
	// KeepUntil is the day from which the mail directory of a deleted mailbox may be removed; the zero time keeps it
	// for ever (rule R14).
	KeepUntil time.Time
}

// Values is what an operation writes of an account itself.
type Values struct {
	// Profile holds the values of the fields in Set; no other field is written.
	Profile Profile
	Set     Fields
	Switch  Switch
}

// Membership is what an operation writes of an alias besides its values.
type Membership struct {
	// Policy is the access policy of an alias to create (rule R10).
	Policy string
	// Join and Leave are members that the alias gets and loses (rule R11). One that is a member already, or not any more,
	// is fine.
	Join, Leave []string
	// Moderate are addresses that become moderators of the alias.
	Moderate []string
}

// IsEmpty reports whether an update writes nothing.
func (o *Operation) IsEmpty() bool {
	return o.Set == 0 && o.Switch == "" && len(o.Join)+len(o.Leave)+len(o.Moderate) == 0
}

// Writes reports whether the mail store has anything to write.
func (o *Operation) Writes() bool { return o.Verb != "" && (o.Verb != Update || !o.IsEmpty()) }

// Moves returns the addresses between which a rename still has to bring the account; ok is false where there is nothing
// left to do, and for any other operation.
func (o *Operation) Moves() (from, to string, ok bool) {
	from = o.Address
	if o.Place != "" {
		from = o.Place
	}
	return from, o.NewAddress, o.Verb == Rename && from != o.NewAddress
}
