package backendtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
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
	// SetRoute switches a forwarding row, and makes it where it is missing.
	SetRoute func(r account.Route, active bool)
	// Route tells of a forwarding row.
	Route func(r account.Route) (active, exists bool)
	// Writes counts the statements or requests that wrote, so far.
	Writes func() int
}

// Run has every case run on a store of its own.
func Run(t *testing.T, open func(t *testing.T) Store) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			s.AddDomain(account.Domain{Name: "example.com", Active: true, Quota: 1024})
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
	{"a bad change fails alone", badAlone},
	{"R7 only the fields of the change are written", updateFields},
	{"a change of an account that is gone is refused", updateGone},
	{"R7 canonical values are read back unchanged", canonicalLaw},
	{"R9 an account goes off and on with its routes", switchAccount},
	{"R9 switching twice is harmless", switchTwice},
	{"every holder of an address is streamed once", streamHolders},
	{"R4 administrators are known as such", readRoles},
	{"the store is free while accounts are streamed", useWhileStreaming},
	{"a stopped context stops", stopped},
	{"renaming and deleting are refused as not supported", unsupported},
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

func (s suite) apply(changes ...account.Change) []error {
	s.Helper()
	results, err := s.Backend.Apply(s.Context(), s.domain("example.com"), changes)
	require.NoError(s, err)
	require.Len(s, results, len(changes))
	return results
}

func (s suite) applied(changes ...account.Change) {
	s.Helper()
	require.NoError(s, errors.Join(s.apply(changes...)...))
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
	found := s.accounts(backends.Query{Addresses: []string{address}, Routes: true})
	require.Len(s, found, 1, "account %s", address)
	return found[0]
}

func creation(local, name string) account.Change {
	address := local + "@example.com"
	return account.Change{
		Action: account.ActionCreated, Kind: account.Mailbox, Source: account.SourceID(local), Address: address,
		Profile: account.Profile{account.Name: name}, Set: account.FieldSet(account.Name),
		Home: "/var/vmail/vmail1/example.com/" + local + "-2026.05.06.07.08.09/", Active: true,
	}
}

func route(address, forwarding string) account.Route {
	return account.Route{Address: address + "@example.com", Forwarding: forwarding + "@example.com"}
}

func searchDomains(s suite) {
	for _, name := range []string{"other.example", "a_b.example", "axb.example"} {
		s.AddDomain(account.Domain{Name: name, Active: true})
	}
	s.AddDomain(account.Domain{Name: "relayed.example", Active: true, BackupMX: true})
	for part, want := range map[string][]string{
		"":            {"a_b.example", "axb.example", "example.com", "other.example"},
		"EXAMPLE.com": {"example.com"},
		"a_b":         {"a_b.example"},
		"%":           nil,
		"' OR 1=1 --": nil,
		"relayed":     nil,
	} {
		got, err := s.Backend.Domains(s.Context(), part, 10)
		require.NoError(s, err, part)
		assert.ElementsMatch(s, want, got, "part %q", part)
	}
	got, err := s.Backend.Domains(s.Context(), "example", 2)
	require.NoError(s, err)
	assert.Len(s, got, 2, "no more than asked for")
}

func readDomain(s suite) {
	want := account.Domain{
		Name: "limited.example", Active: true, MailboxLimit: 5, AliasLimit: -1, QuotaLimit: 5000, Quota: 1024,
		Language: "de_DE", Timezone: "Asia/Tokyo", DisabledServices: []string{"pop3", "imap"},
	}
	s.AddDomain(want)
	s.AddDomain(account.Domain{Name: "relayed.example", BackupMX: true})
	assert.Empty(s, cmp.Diff(want, s.domain("limited.example")))
	relayed := s.domain("relayed.example")
	assert.True(s, relayed.BackupMX)
	assert.False(s, relayed.Active)
	_, err := s.Backend.Domain(s.Context(), "nowhere.example")
	require.ErrorIs(s, err, backends.ErrNotFound)

	s.applied(creation("ann", "Ann"), creation("bob", "Bob"))
	s.AddAlias("sales@example.com")
	used := s.domain("example.com")
	assert.Equal(s, 2, used.Mailboxes)
	assert.Equal(s, 1, used.Aliases)
	assert.EqualValues(s, 2048, used.QuotaUsed)
}

func createAndRead(s suite) {
	var all []account.Change
	var want []account.Account
	for i := range 1200 { // more than a statement takes
		c := creation(fmt.Sprintf("user%04d", i), fmt.Sprintf("User %d", i))
		all = append(all, c)
		want = append(want, account.Account{
			Address: c.Address, Kind: account.Mailbox, Active: true, Home: c.Home, Profile: c.Profile,
		})
	}
	s.applied(all...)
	assert.Empty(s, cmp.Diff(want, s.accounts(backends.Query{})))
}

func createDisabled(s suite) {
	c := creation("ann", "Ann")
	c.Active = false
	s.applied(c)
	got := s.account("ann@example.com")
	assert.False(s, got.Active)
	assert.Empty(s, got.Routes)
	s.applied(account.Change{
		Action: account.ActionEnabled, Kind: account.Mailbox, Address: c.Address, Enable: true,
		Routes: []account.Route{route("ann", "ann")},
	})
	got = s.account("ann@example.com")
	assert.True(s, got.Active)
	assert.Len(s, got.Routes, len(s.selfRoutes()))
}

// selfRoutes are the routes of a new mailbox to itself: one in SQL, none in stores that need none.
func (s suite) selfRoutes() []account.Route {
	s.AddMailbox(account.Account{Address: "probe@example.com", Kind: account.Mailbox, Active: true, Home: "/probe/"})
	return s.account("probe@example.com").Routes
}

func createTwice(s suite) {
	c := creation("ann", "Ann")
	s.applied(c)
	before := s.account("ann@example.com")
	s.applied(c, creation("bob", "Bob"))
	assert.Empty(s, cmp.Diff(before, s.account("ann@example.com")))
	s.account("bob@example.com")
}

func createTaken(s suite) {
	s.AddMailbox(account.Account{Address: "ann@example.com", Kind: account.Mailbox, Active: true, Home: "/elsewhere/ann/"})
	s.AddAlias("sales@example.com", "ann@example.com")
	s.AddReserved("list@example.com")
	results := s.apply(creation("ann", "A"), creation("sales", "S"), creation("list", "L"), creation("bob", "Bob"))
	for i, result := range results[:3] {
		assert.ErrorIs(s, result, backends.ErrExists, "change %d", i)
	}
	assert.NoError(s, results[3])
	assert.Equal(s, account.Alias, s.account("sales@example.com").Kind)
	assert.Equal(s, account.Reserved, s.account("list@example.com").Kind)
	assert.Empty(s, s.account("ann@example.com").Profile[account.Name], "what was there is untouched")
}

func badAlone(s suite) {
	var all []account.Change
	for i := range 500 {
		all = append(all, creation(fmt.Sprintf("user%03d", i), "User"))
	}
	all[137].Address = "user137@other.example" // not of the domain
	all[350].Kind = account.Reserved           // nothing that could be created
	results := s.apply(all...)
	for i, result := range results {
		if bad := i == 137 || i == 350; bad {
			assert.Error(s, result, "change %d", i)
		} else {
			assert.NoError(s, result, "change %d", i)
		}
	}
	assert.Equal(s, 498, len(s.accounts(backends.Query{})))
}

func updateFields(s suite) {
	before := account.Account{
		Address: "ann@example.com", Kind: account.Mailbox, Active: true, Home: "/elsewhere/ann/",
		Profile: account.Profile{account.Name: "Ann", account.Mobile: "+1", account.EmployeeID: "7"},
	}
	s.AddMailbox(before)
	s.AddMailbox(account.Account{Address: "bob@example.com", Kind: account.Mailbox, Active: true, Home: "/elsewhere/bob/"})
	s.applied(
		account.Change{
			Action: account.ActionUpdated, Kind: account.Mailbox, Address: "ann@example.com",
			Profile: account.Profile{account.Name: "Ann O'Neill", account.EmployeeID: "no", account.Mobile: ""},
			Set:     account.FieldSet(account.Name, account.Mobile),
		},
		account.Change{
			Action: account.ActionUpdated, Kind: account.Mailbox, Address: "bob@example.com",
			Profile: account.Profile{account.Name: "Bob"}, Set: account.FieldSet(account.Name, account.Mobile),
		},
	)
	after := s.account("ann@example.com")
	assert.Equal(s, account.Profile{account.Name: "Ann O'Neill", account.EmployeeID: "7"}, after.Profile)
	assert.True(s, after.Active)
	assert.Equal(s, before.Home, after.Home)
	assert.Equal(s, "Bob", s.account("bob@example.com").Profile[account.Name])

	writes := s.Writes()
	s.applied(account.Change{Action: account.ActionLinked, Kind: account.Mailbox, Address: "ann@example.com"})
	s.accounts(backends.Query{})
	assert.Equal(s, writes, s.Writes(), "nothing to write, nothing written; and reading does not write")
}

func updateGone(s suite) {
	gone := account.Change{
		Action: account.ActionUpdated, Kind: account.Mailbox, Address: "gone@example.com", Set: account.FieldSet(account.Name),
	}
	off := gone
	off.Set, off.Disable = 0, true
	for _, result := range s.apply(gone, off) {
		assert.ErrorIs(s, result, backends.ErrNotFound)
	}
}

func canonicalLaw(s suite) {
	names := []string{
		"O'Brien, \"Ann\" #1 \\ ; -- %s", "山田 太郎", "👩‍👩‍👧 Ann", "مرحبا بك", "René Żółć", strings.Repeat("x", 255),
		strings.Repeat("ü", 300), strings.Repeat("e\u0301", 150), "  blanks \t", "a\x00b\nc", "broken \xff utf-8", "<b>&amp;", "",
	}
	var all []account.Change
	for i, name := range names {
		c := creation(fmt.Sprintf("user%02d", i), "")
		c.Set = s.Backend.Fields()
		for _, f := range account.AllFields() {
			if c.Set.Has(f) {
				c.Profile[f] = name
			}
		}
		wanted := s.Backend.Canonical(c.Profile)
		assert.Equal(s, wanted, s.Backend.Canonical(wanted), "canonical twice is canonical: %q", name)
		c.Profile = wanted
		all = append(all, c)
	}
	s.applied(all...)
	for i, got := range s.accounts(backends.Query{}) {
		assert.Equal(s, all[i].Profile, got.Profile, "%q", names[i])
	}
	for i, same := range []int{0, 1, 2, 3, 4, 5} {
		assert.Equal(s, names[same], all[i].Profile[account.Name], "arrives unharmed")
	}
}

func switchAccount(s suite) {
	s.applied(creation("ann", "Ann"), creation("bob", "Bob"))
	s.AddAlias("sales@example.com", "ann@example.com", "bob@example.com")
	s.AddAlias("old@example.com", "ann@example.com")
	s.SetRoute(route("old", "ann"), false) // switched off on purpose
	before := s.account("ann@example.com").Routes

	s.applied(account.Change{
		Action: account.ActionDisabled, Kind: account.Mailbox, Address: "ann@example.com", Disable: true, Routes: before,
	})
	off := s.account("ann@example.com")
	assert.False(s, off.Active)
	assert.Empty(s, off.Routes)
	assert.True(s, s.account("bob@example.com").Active)
	assert.NotEmpty(s, s.account("bob@example.com").Routes, "nobody else's mail is touched")

	s.applied(account.Change{
		Action: account.ActionEnabled, Kind: account.Mailbox, Address: "ann@example.com", Enable: true, Routes: before,
	})
	on := s.account("ann@example.com")
	assert.True(s, on.Active)
	assert.ElementsMatch(s, before, on.Routes)
	active, exists := s.Route(route("old", "ann"))
	assert.True(s, exists)
	assert.False(s, active, "what an admin switched off stays off")
}

func switchTwice(s suite) {
	s.applied(creation("ann", "Ann"))
	before := s.account("ann@example.com").Routes
	off := account.Change{
		Action: account.ActionDisabled, Kind: account.Mailbox, Address: "ann@example.com", Disable: true, Routes: before,
	}
	s.applied(off)
	s.applied(off)
	on := off
	on.Action, on.Disable, on.Enable = account.ActionEnabled, false, true
	s.applied(on)
	s.applied(on)
	assert.True(s, s.account("ann@example.com").Active)
	assert.ElementsMatch(s, before, s.account("ann@example.com").Routes)
}

func streamHolders(s suite) {
	s.AddDomain(account.Domain{Name: "other.example", Active: true})
	s.applied(creation("ann", "Ann"))
	s.AddMailbox(account.Account{Address: "them@other.example", Kind: account.Mailbox, Active: true, Home: "/x/"})
	s.AddAlias("sales@example.com", "ann@example.com", "them@other.example")
	s.AddReserved("list@example.com")
	s.SetRoute(account.Route{Address: "example.com", Forwarding: "ann@example.com"}, true) // catch-all
	s.SetRoute(route("ann", "bob"), true)                                                  // her own forwarding
	var got []string
	for _, a := range s.accounts(backends.Query{}) {
		got = append(got, string(a.Kind)+" "+a.Address)
		assert.Empty(s, a.Routes, "not asked for")
	}
	assert.Equal(s, []string{"mailbox ann@example.com", "reserved list@example.com", "alias sales@example.com"}, got)
	routes := s.account("ann@example.com").Routes
	assert.Contains(s, routes, route("sales", "ann"))
	assert.Contains(s, routes, route("ann", "bob"))
	assert.NotContains(s, routes, account.Route{Address: "sales@example.com", Forwarding: "them@other.example"})
	assert.Empty(s, s.accounts(backends.Query{Addresses: []string{}}), "an empty list is not all")
	assert.Len(s, s.accounts(backends.Query{Addresses: []string{"ann@example.com", "nobody@example.com"}}), 1)
}

func readRoles(s suite) {
	for local, role := range map[string]account.Role{
		"user": account.NoRole, "domain": account.DomainAdmin, "global": account.GlobalAdmin,
	} {
		address := local + "@example.com"
		s.AddMailbox(account.Account{Address: address, Kind: account.Mailbox, Active: true, Home: "/x/" + local + "/", Role: role})
		assert.Equal(s, role, s.account(address).Role, local)
	}
}

func useWhileStreaming(s suite) {
	s.applied(creation("ann", "Ann"), creation("bob", "Bob"))
	for a, err := range s.Backend.Accounts(s.Context(), "example.com", backends.Query{}) {
		require.NoError(s, err)
		s.account(a.Address) // deadlocks where rows are open and the pool has one connection
	}
}

func stopped(s suite) {
	d := s.domain("example.com")
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	_, err := s.Backend.Apply(ctx, d, []account.Change{creation("ann", "Ann")})
	require.ErrorIs(s, err, context.Canceled)
	s.applied(creation("bob", "Bob"))
	var last error
	for _, err := range s.Backend.Accounts(ctx, "example.com", backends.Query{}) {
		last = err
	}
	require.ErrorIs(s, last, context.Canceled)
	assert.Len(s, s.accounts(backends.Query{}), 1)
}

func unsupported(s suite) {
	s.applied(creation("ann", "Ann"))
	for _, action := range []account.Action{account.ActionRenamed, account.ActionDeleted} {
		result := s.apply(account.Change{Action: action, Kind: account.Mailbox, Address: "ann@example.com"})[0]
		assert.ErrorIs(s, result, backends.ErrUnsupported, action)
	}
}

func faultyWrapper(s suite) {
	d, boom := s.domain("example.com"), errors.New("boom")
	faulty := NewFaulty(s.Backend)
	c := []account.Change{creation("ann", "Ann")}

	_, err := faulty.FailBefore(boom).Apply(s.Context(), d, c)
	require.ErrorIs(s, err, boom)
	assert.Empty(s, s.accounts(backends.Query{}))
	_, err = faulty.FailBefore(nil).FailAfter(boom).Apply(s.Context(), d, c)
	require.ErrorIs(s, err, boom)
	assert.Len(s, s.accounts(backends.Query{}), 1, "it failed, and yet it happened")

	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	_, err = faulty.FailAfter(nil).Hang(true).Apply(ctx, d, c)
	require.ErrorIs(s, err, context.Canceled)
	results, err := faulty.Hang(false).Apply(s.Context(), d, c)
	require.NoError(s, errors.Join(append(results, err)...))
	assert.Len(s, s.accounts(backends.Query{}), 1)
}
