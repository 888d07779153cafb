//go:build integration

package openldap_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
)

// A mailbox that is there again - somebody brought its entry back from a backup - is not to lose its mail to the clean-up job: what this
// module has written down of its deletion goes as soon as all accounts are read.
func TestR14_AMailboxThatIsThereAgainKeepsItsMail(t *testing.T) {
	r := newTree(t)
	d := r.people("ann", "bob", "cat", "dan")
	r.addDomain(account.Domain{Name: "other.example", Active: true})
	for _, local := range []string{"ann", "bob", "cat"} {
		results, err := r.backend.Apply(t.Context(), d, []account.Operation{operation(account.Delete, local, "")})
		require.NoError(t, err)
		require.NoError(t, results[0])
	}
	home := func(local string) string { return operation(account.Delete, local, "").Home }
	insert := func(local, domain, home, admin string) {
		t.Helper()
		_, err := r.db.ExecContext(t.Context(), "INSERT INTO deleted_mailboxes (username, domain, maildir, admin, delete_date) VALUES (?, ?, ?, ?, ?)",
			local+"@"+domain, domain, home, admin, "2026-06-01")
		require.NoError(t, err)
	}
	insert("dan", "example.com", strings.ToUpper(home("dan")), "account-resource")
	insert("dan", "example.com", home("dan"), "postmaster@example.com") // it is theirs to say
	insert("dan", "other.example", home("dan"), "account-resource")     // so is what another domain had, until that is read
	r.addMailbox(account.Account{Address: "ann@example.com", Kind: account.Mailbox, Active: true, Home: strings.TrimSuffix(home("ann"), "/")})
	r.addMailbox(account.Account{Address: "robert@example.com", Kind: account.Mailbox, Home: home("bob")}) // under another address, and off

	rows := func() (all []string) {
		for _, row := range r.pairs("SELECT username, admin FROM deleted_mailboxes") {
			all = append(all, row[0]+" by "+row[1])
		}
		slices.Sort(all)
		return all
	}
	before := rows()
	for _, q := range []backends.Query{
		{Addresses: []string{"ann@example.com"}, Mend: true}, {Having: []string{"ann@example.com"}, Mend: true}, {Homes: []string{home("ann")}, Mend: true}, {},
	} {
		for _, err := range r.backend.Accounts(t.Context(), d.Name, q) {
			require.NoError(t, err)
		}
	}
	for _, err := range r.backend.Accounts(t.Context(), d.Name, backends.Query{Mend: true}) {
		require.NoError(t, err)
		break
	}
	assert.Equal(t, before, rows(), "not everybody was read")

	for range 2 {
		for _, err := range r.backend.Accounts(t.Context(), d.Name, backends.Query{Members: true, Mend: true}) {
			require.NoError(t, err)
		}
		assert.Equal(t, []string{
			"cat@example.com by account-resource", "dan@example.com by postmaster@example.com", "dan@other.example by account-resource",
		}, rows())
	}
}
