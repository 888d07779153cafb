package backendtest

import (
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
)

// Only a mailbox may be logged in to, and it and its domain have to be on.
func loginNames(s suite) {
	s.applied(creation("ann", "Ann"), creation("bob", "Bob"))
	s.applied(off("bob"))
	s.AddAlias("sales@example.com", "ann@example.com")
	s.AddReserved("taken@example.com")
	s.AddDomain(account.Domain{Name: "closed.example", Active: false})
	s.AddMailbox(account.Account{Address: "cat@closed.example", Kind: account.Mailbox, Active: true, Home: "/var/vmail/vmail1/closed.example/cat"})
	for name, want := range map[string]backends.Login{
		"ann@example.com":    {Address: "ann@example.com", Active: true},
		"bob@example.com":    {Address: "bob@example.com"},
		"cat@closed.example": {Address: "cat@closed.example"},
	} {
		login, err := s.Backend.Login(s.Context(), name)
		require.NoError(s, err, name)
		assert.Equal(s, want, login, name)
	}
	for _, name := range []string{
		"sales@example.com", "taken@example.com", "nobody@example.com", "ann@elsewhere.example", "example.com", "", "*@example.com", "a*",
		`ann@example.com' OR '1'='1`, "ann@example.com)(mail=*",
	} {
		_, err := s.Backend.Login(s.Context(), name)
		require.ErrorIs(s, err, backends.ErrNotFound, name)
	}
}
