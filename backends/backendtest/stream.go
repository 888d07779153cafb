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
