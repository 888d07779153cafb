package account

// SourceID is the identity of a directory object that survives a rename, a move and a new address (rule R1): the
// lower-case text form of objectGUID (MS-DTYP 2.3.4.3: first three groups little-endian) or entryUUID (RFC 4530).
type SourceID string

// ObjectKind tells what a directory object is.
type ObjectKind uint8

// The kinds of objects the replication knows.
const (
	User ObjectKind = iota + 1
	Group
	Contact
	Other // a computer, a principal of a foreign domain: nothing that gets mail
)

// SystemObject is a kind of user that a system makes for itself (rule R3).
type SystemObject string

// The kinds, by what tells them: admins know these words in any language.
const (
	Computer       SystemObject = "computer"                   // of the class computer, which is a kind of user
	ServiceAccount SystemObject = "managed service account"    // gMSA and their like
	TrustAccount   SystemObject = "trust (userAccountControl)" // of another domain
	Duplicate      SystemObject = "CNF"                        // left of two objects that were made at once on two servers
	BuiltIn        SystemObject = "isCriticalSystemObject"     // made with the domain: krbtgt, Guest
	ExchangeSystem SystemObject = "Exchange"                   // a system mailbox
)

// Object is a user, group or contact of the directory, reduced to what the replication needs.
type Object struct {
	ID   SourceID
	Kind ObjectKind
	DN   string
	// Logon is the name with which a user signs in to the directory (sAMAccountName, uid), never an address; empty where
	// the directory shows none.
	Logon string
	// Mail holds the values of the configured address attribute, untouched but for the choice of the primary one
	// where the attribute marks it (proxyAddresses). Whether one of them is an address here is the plan's decision.
	// A contact has those of its mail and then of its targetAddress, whatever is configured.
	Mail []string
	// External holds the values of a user's mail: the configured attribute may be a login name, which is no address
	// outside the hosted domain. They are read where groups are replicated.
	External []string
	// Disabled is what the status attribute says; false where it is absent or not mapped. NoStatus reports that the directory does
	// not show a status that every user has, so that nobody knows (rule R22).
	Disabled, NoStatus bool
	// Profile holds the mapped attributes; a field that is absent in the directory is empty.
	Profile Profile
	UserTraits
	// USN is the object's own change counter on the server that was asked (uSNChanged), 0 where there is none.
	USN int64
	// Members are a group's direct members; Partial says that they could not be read whole. Members by primary group
	// are not among them.
	Members []SourceID
	Partial bool
	// Manager is who manages a group, where that is asked for.
	Manager SourceID
	// Primary is the relative identifier of a user's primary group, and of a group its own; 0 where there is none.
	Primary uint32
}

// AccountKind returns what the account of a user or group is.
func (o *Object) AccountKind() Kind {
	if o.Kind == Group {
		return Alias
	}
	return Mailbox
}

// UserTraits are what the directory says of a user beside the mapped attributes; zero for others.
type UserTraits struct {
	// CommonName is what a user is called that has no display name (cn).
	CommonName string
	// System says that a user is nobody's mailbox, and what it is instead; zero for people.
	System SystemObject
}
