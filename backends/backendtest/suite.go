package backendtest

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
)

// Store is an empty store of one test, and what the suite does to it behind the backend's back, as a local admin
// would.
type Store struct {
	Backend backends.Backend
	// AddDomain hosts a domain with these limits and defaults; the counts are ignored.
	AddDomain func(account.Domain)
	// AddMailbox makes a mailbox with its route to itself; Role and Profile are kept.
	AddMailbox func(account.Account)
	AddAlias   func(address string, members ...string)
	// AddReserved makes the address one that something else has taken.
	AddReserved func(address string)
	// Policy is the access policy of an alias, SetPolicy changes it.
	Policy    func(address string) string
	SetPolicy func(address, policy string)
	// SetRoute switches a forwarding row, and makes it where it is missing.
	SetRoute func(r account.Route, active bool)
	// ForwardOnly has a mailbox send all its mail on and keep none.
	ForwardOnly func(from, to string)
	// Route tells whether a forwarding is there and active.
	Route func(r account.Route) bool
	// AddReference has something name an account; References are all there are.
	AddReference func(Reference)
	References   func() []Reference
	// DeletedMailboxes are the deleted mailboxes whose directories are still kept.
	DeletedMailboxes func() []DeletedMailbox
	// ExactHomes: the store finds a mail directory in the case only in which it is written.
	ExactHomes bool
	// Tick lets the store's clock go on by a second; nil: no clock tells the store's accounts apart.
	Tick func()
	// Writes counts the statements or requests that wrote, so far.
	Writes func() int
}

// Reference is an address that stands somewhere beside the account itself.
type Reference struct {
	Kind  ReferenceKind
	Owner string
	Other string // the second address, where the kind has one
}

// ReferenceKind says where an address stands.
type ReferenceKind string

// The kinds that every store has.
const (
	Moderator   ReferenceKind = "moderator"    // Other moderates the alias Owner
	Bcc         ReferenceKind = "bcc"          // a copy of what Owner gets goes to Other
	DomainBcc   ReferenceKind = "domain bcc"   // a copy of what the domain Owner gets goes to Other
	DomainAdmin ReferenceKind = "domain admin" // Owner administers the domain Other
	Quota       ReferenceKind = "used quota"
	Login       ReferenceKind = "last login"
	Share       ReferenceKind = "share" // a folder of Owner is shared with Other
	PublicShare ReferenceKind = "public share"
)

// DeletedMailbox is a deleted mailbox; Until is the date from which its directory may go, or empty.
type DeletedMailbox struct{ Address, Home, Until string }

// Run has every case run on a store of its own.
func Run(t *testing.T, open func(t *testing.T) Store) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			s.AddDomain(account.Domain{Name: "example.com", Active: true, Quota: 1024, MailboxLimit: 1000, AliasLimit: 1000})
			c.run(suite{t, s})
		})
	}
}

var cases = []struct {
	name string
	run  func(suite)
}{
	{"domains are searched by any part of their name", searchDomains},
	{"a domain tells limits, use and defaults", readDomain},
	{"R5 what is created is read back as it was wanted", createAndRead},
	{"R5 a disabled user gets a disabled mailbox", createDisabled},
	{"creating again is harmless", createTwice},
	{"R4 an address that is taken is refused", createTaken},
	{"a bad operation fails alone", badAlone},
	{"R5 which mail directories are taken is known", homesTaken},
	{"R5 a mailbox is not made in the mail directory of another", createInTakenHome},
	{"R7 only the fields of the operation are written", updateFields},
	{"an operation on an account that is gone is refused", updateGone},
	{"R26 another mailbox of that address is neither updated nor disabled", updateOther},
	{"R7 canonical values are read back unchanged", canonicalLaw},
	{"R9 an account goes off and on with its routes", switchAccount},
	{"R9 switching twice is harmless", switchTwice},
	{"R9 a route comes back with the later of its ends", switchBothEnds},
	{"R27 a login leads to the mailbox of its name", loginNames},
	{"every holder of an address is streamed once", streamHolders},
	{"R26 when an account was made stays with it", madeStays},
	{"R26 another account of the same address was made at another time", madeDiffers},
	{"R4 administrators are known as such", readRoles},
	{"the store is free while accounts are streamed", useWhileStreaming},
	{"aliases are found by their members", aliasesByMember},
	{"a stopped context stops", stopped},
	{"R8 a renamed account keeps its mail and whatever names it", renameAccount},
	{"R8 two accounts swap their addresses", swapAddresses},
	{"R8 addresses are handed on in a chain and in a ring", chainAddresses},
	{"R8 renaming again is harmless", renameTwice},
	{"R8 an address that is taken stays whose it is", renameTaken},
	{"R8 a leaver's address goes to a newcomer", transferAddress},
	{"R8 what only names the new address gives way", renameOverLeftovers},
	{"R8 a renamed account is updated and switched in the same operation", renameAndUpdate},
	{"R8 a mailbox steps aside in one call and goes on in another", mailboxAside},
	{"R8 an alias steps aside in one call and goes on in another", aliasAside},
	{"R8 a mailbox and an alias swap their addresses in three calls", swapKinds},
	{"R8 two aliases swap their addresses in three calls", swapAliases},
	{"R8 an account that stopped half-way goes on from where it is", goOnFromPlace},
	{"R8 members join and leave a renamed alias in the same operation", renameAndJoin},
	{"R8 a renaming that failed and happened is harmless to do again", failingRename},
	{"R8 a renaming that has happened takes the rest of a later operation", renameAgainWithMore},
	{"R14 a deleted account is gone with whatever names it", deleteAccount},
	{"R14 how long the mail directory is kept is written down", deleteKeeps},
	{"R14 deleting again is harmless", deleteTwice},
	{"R14 somebody else's mailbox of that address is not deleted", deleteOther},
	{"R14 who forwarded to a deleted account gets his mail himself", deleteForwarded},
	{"R10 an alias has name, policy and members", createAlias},
	{"R10 creating an alias again is harmless and leaves its policy", createAliasTwice},
	{"R11 members join and leave", changeMembers},
	{"R11 an alias gets moderators beside those it has", addModerators},
	{"R11 an alias may have very many members", manyMembers},
	{"R8 a renamed alias keeps members and policy, and whatever names it", renameAlias},
	{"R14 a deleted alias is gone with whatever names it", deleteAlias},
	{"R14 an alias goes off and on", switchAlias},
	{"R12 a member's disabling and renaming shows in the alias", followMembers},
	{"the faulty wrapper fails as asked, and applying again converges", faultyWrapper},
}

type suite struct {
	*testing.T
	Store
}

func (s suite) domain(name string) account.Domain {
	s.Helper()
	d, err := s.Backend.Domain(s.Context(), name)
	require.NoError(s, err)
	return d
}

func (s suite) apply(operations ...account.Operation) []error {
	s.Helper()
	results, err := s.Backend.Apply(s.Context(), s.domain("example.com"), operations)
	require.NoError(s, err)
	require.Len(s, results, len(operations))
	return results
}

func (s suite) applied(operations ...account.Operation) {
	s.Helper()
	require.NoError(s, errors.Join(s.apply(operations...)...))
}

func (s suite) accounts(q backends.Query) []account.Account {
	s.Helper()
	var all []account.Account
	for a, err := range s.Backend.Accounts(s.Context(), "example.com", q) {
		require.NoError(s, err)
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b account.Account) int { return strings.Compare(a.Address, b.Address) })
	return all
}

func (s suite) account(address string) account.Account {
	s.Helper()
	found := s.accounts(backends.Query{Addresses: []string{address}})
	require.Len(s, found, 1, "account %s", address)
	return found[0]
}

func creation(local, name string) account.Operation {
	address := local + "@example.com"
	return account.Operation{
		Verb: account.Create, Kind: account.Mailbox, Address: address,
		Home:   "/var/vmail/vmail1/example.com/" + local + "-2026.05.06.07.08.09/",
		Values: account.Values{Profile: account.Profile{account.Name: name}, Set: account.FieldSet(account.Name), Switch: account.On},
	}
}

func route(address, forwarding string) account.Route {
	return account.Route{Address: address + "@example.com", Forwarding: forwarding + "@example.com"}
}
