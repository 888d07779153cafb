package backendtest

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
)

// renaming gives the account made by creation(made) another address than it has now.
func renaming(made, from, to string) account.Operation {
	return account.Operation{
		Verb: account.Rename, Kind: account.Mailbox,
		Address: from + "@example.com", NewAddress: to + "@example.com", Home: creation(made, "").Home,
	}
}

// lives are the mailboxes as "address made", where made names the creation whose mail directory it has.
func (s suite) lives(made ...string) []string {
	s.Helper()
	var got []string
	for _, a := range s.accounts(backends.Query{}) {
		for _, m := range made {
			if a.Kind == account.Mailbox && a.Home == creation(m, "").Home {
				got = append(got, account.LocalPart(a.Address)+" "+m)
			}
		}
	}
	return got
}

// referenced plants a reference of every kind that names the account.
func (s suite) referenced(local string) []Reference {
	s.Helper()
	address, other := local+"@example.com", "other@elsewhere.example"
	all := []Reference{
		{Moderator, "sales@example.com", address}, {Bcc, address, other}, {Bcc, "copied@example.com", address},
		{DomainBcc, "example.com", address}, {DomainAdmin, address, "example.com"}, {Quota, address, ""},
		{Login, address, ""}, {Share, address, "bob@example.com"}, {Share, "bob@example.com", address},
		{PublicShare, address, ""},
	}
	for _, t := range all {
		s.AddReference(t)
	}
	return all
}

func (s suite) references() []Reference {
	s.Helper()
	all := s.References()
	slices.SortFunc(all, func(a, b Reference) int {
		return strings.Compare(string(a.Kind)+a.Owner+a.Other, string(b.Kind)+b.Owner+b.Other)
	})
	return all
}

// naming are the references with an address in another's place.
func naming(all []Reference, from, to string) []Reference {
	follow := func(a string) string {
		if a == from {
			return to
		}
		return a
	}
	var next []Reference
	for _, t := range all {
		next = append(next, Reference{t.Kind, follow(t.Owner), follow(t.Other)})
	}
	slices.SortFunc(next, func(a, b Reference) int {
		return strings.Compare(string(a.Kind)+a.Owner+a.Other, string(b.Kind)+b.Owner+b.Other)
	})
	return next
}

func renameAccount(s suite) {
	s.applied(creation("ann", "Ann"), creation("bob", "Bob"), creation("copied", "Copied"))
	s.AddAlias("sales@example.com", "ann@example.com", "bob@example.com")
	s.SetRoute(route("ann", "bob"), true)
	s.SetRoute(account.Route{Address: "example.com", Forwarding: "ann@example.com"}, true)
	planted := s.referenced("ann")
	before := s.account("ann@example.com")

	s.applied(renaming("ann", "ann", "anna"))
	after := s.account("anna@example.com")
	assert.Equal(s, before.Home, after.Home, "the mail stays where it is")
	assert.Equal(s, before.Profile[account.Name], after.Profile[account.Name])
	assert.True(s, after.Active)
	assert.True(s, s.Route(route("sales", "anna")))
	assert.True(s, s.Route(route("anna", "bob")), "her own forwarding")
	assert.True(s, s.Route(account.Route{Address: "example.com", Forwarding: "anna@example.com"}), "the catch-all")
	assert.False(s, s.Route(route("sales", "ann")))
	assert.Empty(s, cmp.Diff(naming(planted, "ann@example.com", "anna@example.com"), s.references()))
	assert.Empty(s, s.accounts(backends.Query{Addresses: []string{"ann@example.com"}}))
}

func swapAddresses(s suite) {
	s.applied(creation("ann", "Ann"), creation("bob", "Bob"), creation("eve", "Eve"))
	s.AddAlias("sales@example.com", "ann@example.com", "eve@example.com")
	s.AddReference(Reference{Quota, "ann@example.com", ""})
	s.AddReference(Reference{Share, "ann@example.com", "bob@example.com"})
	s.applied(renaming("ann", "ann", "bob"), renaming("bob", "bob", "ann"))
	assert.Equal(s, []string{"ann bob", "bob ann", "eve eve"}, s.lives("ann", "bob", "eve"))
	assert.True(s, s.Route(route("sales", "bob")))
	assert.False(s, s.Route(route("sales", "ann")))
	assert.True(s, s.Route(route("sales", "eve")))
	assert.Equal(s, []Reference{{Share, "bob@example.com", "ann@example.com"}, {Quota, "bob@example.com", ""}}, s.references())
}

func chainAddresses(s suite) {
	s.applied(creation("a", "A"), creation("b", "B"), creation("c", "C"), creation("x", "X"), creation("y", "Y"), creation("z", "Z"))
	s.applied(
		renaming("a", "a", "b"), renaming("b", "b", "c"), renaming("c", "c", "d"), // a chain that ends where there is room
		renaming("x", "x", "y"), renaming("y", "y", "z"), renaming("z", "z", "x"), // and one that bites its tail
	)
	assert.Equal(s, []string{"b a", "c b", "d c", "x z", "y x", "z y"}, s.lives("a", "b", "c", "x", "y", "z"))
}

func renameTwice(s suite) {
	s.applied(creation("ann", "Ann"), creation("bob", "Bob"), creation("eve", "Eve"))
	s.AddAlias("sales@example.com", "ann@example.com", "eve@example.com")
	operations := []account.Operation{renaming("ann", "ann", "bob"), renaming("bob", "bob", "ann"), renaming("eve", "eve", "eva")}
	s.applied(operations...)
	s.applied(operations...)
	assert.Equal(s, []string{"ann bob", "bob ann", "eva eve"}, s.lives("ann", "bob", "eve"))
	assert.True(s, s.Route(route("sales", "bob")))
	assert.True(s, s.Route(route("sales", "eva")))
	assert.False(s, s.Route(route("sales", "ann")))
}

func renameTaken(s suite) {
	s.applied(creation("ann", "Ann"), creation("bob", "Bob"), creation("eve", "Eve"), creation("joe", "Joe"))
	s.AddAlias("sales@example.com", "bob@example.com")
	s.AddReserved("list@example.com")
	results := s.apply(renaming("ann", "ann", "bob"), renaming("eve", "eve", "sales"), renaming("joe", "joe", "list"),
		renaming("gone", "gone", "here"), creation("max", "Max"))
	for i := range 3 {
		assert.ErrorIs(s, results[i], backends.ErrExists, "operation %d", i)
	}
	assert.ErrorIs(s, results[3], backends.ErrNotFound)
	assert.NoError(s, results[4])
	assert.Equal(s, []string{"ann ann", "bob bob", "eve eve", "joe joe", "max max"}, s.lives("ann", "bob", "eve", "joe", "max"))

	results = s.apply(renaming("eve", "eve", "sales"), renaming("joe", "joe", "eve"))
	assert.ErrorIs(s, results[0], backends.ErrExists)
	assert.ErrorIs(s, results[1], backends.ErrExists, "there is no room where nobody leaves")
}

func transferAddress(s suite) {
	s.applied(creation("ann", "Ann"), creation("bob", "Bob"))
	newcomer, second := creation("new", "New"), creation("other", "Other")
	newcomer.Address, second.Address = "ann@example.com", "bob@example.com"
	s.applied(newcomer, second, renaming("bob", "bob", "rob"), deletion("ann"))
	assert.Equal(s, []string{"ann new", "bob other", "rob bob"}, s.lives("ann", "bob", "new", "other"))
}

func renameOverLeftovers(s suite) {
	s.applied(creation("ann", "Ann"), creation("bob", "Bob"))
	s.AddAlias("sales@example.com", "ann@example.com", "anna@example.com") // there was an Anna once
	s.AddAlias("old@example.com", "anna@example.com")
	s.AddReference(Reference{Quota, "ann@example.com", ""})
	s.AddReference(Reference{Quota, "anna@example.com", ""})
	s.applied(renaming("ann", "ann", "anna"))
	assert.True(s, s.Route(route("sales", "anna")))
	assert.True(s, s.Route(route("old", "anna")))
	assert.Equal(s, []Reference{{Quota, "anna@example.com", ""}}, s.references())
}

func renameAndUpdate(s suite) {
	s.applied(creation("ann", "Ann"))
	s.AddAlias("sales@example.com", "ann@example.com")
	op := renaming("ann", "ann", "anna")
	op.Profile, op.Set = account.Profile{account.Name: "Anna"}, account.FieldSet(account.Name)
	op.Switch = account.Off
	s.applied(op)
	got := s.account("anna@example.com")
	assert.Equal(s, "Anna", got.Profile[account.Name])
	assert.False(s, got.Active)
	assert.False(s, s.Route(route("anna", "anna")))
	assert.True(s, s.forwards("sales", "anna"))

	back := renaming("ann", "anna", "ann")
	back.Switch = account.On
	s.applied(back)
	assert.True(s, s.account("ann@example.com").Active)
	assert.Equal(s, s.hasSelfRoutes(), s.Route(route("ann", "ann")))
	assert.True(s, s.forwards("sales", "ann"))
}

// A renaming that has happened is done again as part of another operation: the rest of that is made all the same.
func renameAgainWithMore(s suite) {
	s.applied(creation("ann", "Ann"), creation("bob", "Bob"))
	there, back := renaming("ann", "ann", "bob"), renaming("bob", "bob", "ann")
	s.applied(there, back)
	there.Switch = account.Off
	back.Profile, back.Set = account.Profile{account.Name: "Robert"}, account.FieldSet(account.Name)
	s.applied(there, back)
	assert.Equal(s, []string{"ann bob", "bob ann"}, s.lives("ann", "bob"))
	assert.False(s, s.account("bob@example.com").Active)
	assert.True(s, s.account("ann@example.com").Active)
	assert.Equal(s, "Robert", s.account("ann@example.com").Profile[account.Name])
}

func failingRename(s suite) {
	d, boom := s.domain("example.com"), errors.New("boom")
	s.applied(creation("ann", "Ann"), creation("bob", "Bob"))
	operations := []account.Operation{renaming("ann", "ann", "bob"), renaming("bob", "bob", "ann"), deletion("eve")}
	faulty := NewFaulty(s.Backend)
	_, err := faulty.FailAfter(boom).Apply(s.Context(), d, operations)
	require.ErrorIs(s, err, boom)
	results, err := faulty.FailAfter(nil).Apply(context.WithoutCancel(s.Context()), d, operations)
	require.NoError(s, errors.Join(append(results, err)...))
	assert.Equal(s, []string{"ann bob", "bob ann"}, s.lives("ann", "bob"))
}
