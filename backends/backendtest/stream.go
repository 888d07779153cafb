package backendtest

import (
	"context"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
)

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
	}
	assert.Equal(s, []string{"mailbox ann@example.com", "reserved list@example.com", "alias sales@example.com"}, got)
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
	_, err := s.Backend.Apply(ctx, d, []account.Operation{creation("ann", "Ann")})
	require.ErrorIs(s, err, context.Canceled)
	s.applied(creation("bob", "Bob"))
	var last error
	for _, err := range s.Backend.Accounts(ctx, "example.com", backends.Query{}) {
		last = err
	}
	require.ErrorIs(s, last, context.Canceled)
	assert.Len(s, s.accounts(backends.Query{}), 1)
}

func aliasesByMember(s suite) {
	s.AddDomain(account.Domain{Name: "other.example", Active: true})
	s.applied(creation("ann", "Ann"), creation("bob", "Bob"))
	s.AddAlias("sales@example.com", "ann@example.com", "them@elsewhere.example")
	s.AddAlias("all@example.com", "bob@example.com", "sales@example.com")
	s.AddAlias("theirs@other.example", "ann@example.com")
	s.SetRoute(route("bob", "ann"), true)                                                  // no membership
	s.SetRoute(account.Route{Address: "example.com", Forwarding: "ann@example.com"}, true) // nor is a catch-all
	having := func(members ...string) []string {
		found := []string{}
		for _, a := range s.accounts(backends.Query{Having: append([]string{}, members...), Members: true}) {
			assert.Equal(s, account.Alias, a.Kind)
			assert.Len(s, a.Members, 2, "with all members")
			found = append(found, a.Address)
		}
		return found
	}
	assert.Equal(s, []string{"sales@example.com"}, having("ann@example.com"))
	assert.Equal(s, []string{"sales@example.com"}, having("them@elsewhere.example", "nobody@example.com"))
	assert.Equal(s, []string{"all@example.com", "sales@example.com"}, having("sales@example.com", "ann@example.com"))
	assert.Empty(s, having("nobody@example.com"))
	assert.Empty(s, having(), "an empty list is not all")
}
