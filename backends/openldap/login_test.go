//go:build integration

package openldap_test

import (
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
)

// A shadow address leads to its mailbox where the service is enabled, as Dovecot has it; the mailbox's own address wins.
func TestR27_AShadowAddressLeadsToItsMailbox(t *testing.T) {
	r := newTree(t)
	r.addDomain(account.Domain{Name: "example.com", Active: true})
	for _, name := range []string{"ann", "bob"} {
		r.addMailbox(account.Account{
			Address: name + "@example.com", Kind: account.Mailbox, Active: true, Home: "/var/vmail/vmail1/example.com/" + name + "/",
		})
	}
	request := ldap.NewModifyRequest(r.dn("Users", "ann@example.com"), nil)
	request.Replace("shadowAddress", []string{"a.lee@example.com", "bob@example.com"})
	request.Delete("enabledService", []string{"shadowaddress"})
	if err := r.conn.Modify(request); err != nil { // it was not enabled
		request.Changes = request.Changes[:1]
		require.NoError(t, r.conn.Modify(request))
	}
	_, err := r.backend.Login(t.Context(), "a.lee@example.com")
	require.ErrorIs(t, err, backends.ErrNotFound, "the service is not enabled")

	request = ldap.NewModifyRequest(r.dn("Users", "ann@example.com"), nil)
	request.Add("enabledService", []string{"shadowaddress"})
	require.NoError(t, r.conn.Modify(request))
	for name, want := range map[string]string{
		"a.lee@example.com": "ann@example.com", "A.Lee@Example.com": "ann@example.com", "bob@example.com": "bob@example.com",
	} {
		login, err := r.backend.Login(t.Context(), name)
		require.NoError(t, err, name)
		assert.Equal(t, backends.Login{Address: want, Active: true}, login, name)
	}
}
