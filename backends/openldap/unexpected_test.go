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

// A deletion says so where the address belongs to something else, and leaves that alone: the mail server would go on serving what the log
// calls deleted.
func TestR14_ADeletionThatMeetsSomethingElseFails(t *testing.T) {
	r := newTree(t)
	d := account.Domain{Name: "example.com", Active: true}
	r.addDomain(d)
	home := func(local string) string { return "/var/vmail/vmail1/example.com/" + local + "-2026.05.06.07.08.09/" }
	for _, local := range []string{"ann", "bob", "cat", "dan"} {
		r.addMailbox(account.Account{Address: local + "@example.com", Kind: account.Mailbox, Active: true, Home: home(local)})
	}
	additional := ldap.NewModifyRequest(r.dn("Users", "ann@example.com"), nil)
	additional.Add("shadowAddress", []string{"former@example.com"})
	require.NoError(t, r.conn.Modify(additional))
	r.addAlias("sales@example.com", "ann@example.com")
	r.add(r.dn("Groups", "news@example.com"), "objectClass", "mailList", "mail", "news@example.com")
	kept := r.search("(|(mail=ann@example.com)(mail=sales@example.com)(mail=news@example.com))", "*")

	mailbox, alias := account.Mailbox, account.Alias
	for _, c := range []struct {
		why           string
		kind          account.Kind
		address, home string
	}{
		{"an alias has it", mailbox, "sales@example.com", home("gone")},
		{"a mailing list has it", mailbox, "news@example.com", home("gone")},
		{"it is an additional one of a mailbox", mailbox, "former@example.com", home("gone")},
		{"it is an additional one of this mailbox", mailbox, "former@example.com", home("ann")},
		{"another mailbox has it, and this one is elsewhere", mailbox, "bob@example.com", home("ann")},
		{"a mailbox has it", alias, "ann@example.com", ""},
		{"a mailing list has it", alias, "news@example.com", ""},
		{"it is an additional one", alias, "former@example.com", ""},
	} {
		results, err := r.backend.Apply(t.Context(), d, []account.Operation{
			{Verb: account.Delete, Kind: c.kind, Address: c.address, Home: c.home},
			{Verb: account.Delete, Kind: mailbox, Address: "cat@example.com", Home: home("cat")},
		})
		require.NoError(t, err)
		require.ErrorIs(t, results[0], backends.ErrNotFound, "%s %s: %s", c.kind, c.address, c.why)
		require.NoError(t, results[1], "the others of the batch are made")
	}
	assert.Equal(t, kept, r.search("(|(mail=ann@example.com)(mail=sales@example.com)(mail=news@example.com))", "*"))
	assert.Len(t, r.deleted(), 1, "of Cat")

	// What was deleted before leaves nothing to do, whoever has the address now; a slash at the end makes no other mail directory.
	results, err := r.backend.Apply(t.Context(), d, []account.Operation{
		{Verb: account.Delete, Kind: mailbox, Address: "bob@example.com", Home: home("gone")},
		{Verb: account.Delete, Kind: mailbox, Address: "dan@example.com", Home: home("dan")[:len(home("dan"))-1]},
	})
	require.NoError(t, err)
	require.NoError(t, results[0])
	require.NoError(t, results[1])
	assert.Len(t, r.search("(mail=bob@example.com)", "mail"), 1)
	assert.Empty(t, r.search("(mail=dan@example.com)", "mail"))
}
