//go:build integration

package openldap_test

import (
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
)

// An entry that makes an address of a mailing list's member known (mailExternalUser) holds no address: the mailbox that has
// it, in this domain or another one, is found whichever entry the server gives first.
func TestR14_AnExternalMemberHidesNoMailbox(t *testing.T) {
	r := newTree(t)
	d := account.Domain{Name: "example.com", Active: true, Quota: 1024}
	r.addDomain(d)
	r.addDomain(account.Domain{Name: "lists.example", Active: true})
	home := "/var/vmail/vmail1/example.com/ann-2026.05.06.07.08.09/"
	r.addMailbox(account.Account{Address: "ann@example.com", Kind: account.Mailbox, Active: true, Home: home})
	external := func(address string) {
		r.add("mail="+address+",ou=Externals,"+r.domainDN("lists.example"), "objectClass", "mailExternalUser", "mail", address,
			"accountStatus", "active", "enabledService", "mail", "memberOfGroup", "news@lists.example")
	}
	for _, address := range []string{"ann@example.com", "new@example.com", "anna@example.com"} {
		external(address)
	}
	try := func(op account.Operation) error {
		t.Helper()
		results, err := r.backend.Apply(t.Context(), d, []account.Operation{op})
		require.NoError(t, err)
		return results[0]
	}
	made := func(op account.Operation) {
		t.Helper()
		require.NoError(t, try(op))
	}
	op := account.Operation{Verb: account.Update, Kind: account.Mailbox, Address: "ann@example.com", Home: home}
	op.Set, op.Profile[account.Name] = account.FieldSet(account.Name), "Ann Lee"
	made(op)
	op.Set, op.Switch = 0, account.Off
	made(op)
	op.Verb, op.Switch, op.NewAddress = account.Rename, "", "anna@example.com"
	made(op)
	create := account.Operation{
		Verb: account.Create, Kind: account.Mailbox, Address: "new@example.com", Home: "/var/vmail/vmail1/example.com/new/",
	}
	create.Switch = account.On
	made(create)
	got := map[string]string{}
	for a, err := range r.backend.Accounts(t.Context(), d.Name, backends.Query{}) {
		require.NoError(t, err)
		got[a.Address] = a.Home
	}
	assert.Equal(t, map[string]string{"anna@example.com": home, "new@example.com": create.Home}, got)

	moved := account.Operation{Verb: account.Delete, Kind: account.Mailbox, Address: "moved@example.com", Home: home}
	require.ErrorIs(t, try(moved), backends.ErrNotFound, "it has another address by now")
	assert.Empty(t, r.deleted(), "and its mail stays")
	dn := r.search("(&(objectClass=mailUser)(mail=anna@example.com))", "mail")[0].DN
	for _, written := range []string{strings.TrimSuffix(home, "/"), "/var/vmail/vmail1/Example.com/Ann-2026.05.06.07.08.09/", home} {
		request := ldap.NewModifyRequest(dn, nil)
		request.Replace("homeDirectory", []string{written})
		require.NoError(t, r.conn.Modify(request))
		for _, known := range []string{home, strings.ToUpper(home), strings.TrimSuffix(home, "/")} {
			moved.Home = known
			require.ErrorIs(t, try(moved), backends.ErrNotFound)
			assert.Empty(t, r.deleted(), "%s is where %s is", known, written)
		}
	}
	made(account.Operation{Verb: account.Delete, Kind: account.Mailbox, Address: "anna@example.com", Home: home})
	assert.Empty(t, r.search("(&(objectClass=mailUser)(homeDirectory="+home+"))", "mail"))
	assert.Len(t, r.deleted(), 1)
}

// Lists of other domains have members who are elsewhere in an entry of their own: it names a renamed account by its new address, and a
// deleted one no more.
func TestR8_R14_ListsOfOtherDomainsFollow(t *testing.T) {
	r := newTree(t)
	d := account.Domain{Name: "example.com", Active: true}
	r.addDomain(d)
	r.addDomain(account.Domain{Name: "lists.example", Active: true})
	home := func(local string) string { return "/var/vmail/vmail1/example.com/" + local + "/" }
	for _, local := range []string{"ann", "bob", "cat"} {
		r.addMailbox(account.Account{Address: local + "@example.com", Kind: account.Mailbox, Active: true, Home: home(local)})
	}
	dn := "memberOfGroup=news@lists.example,ou=Externals," + r.domainDN("lists.example")
	r.add(dn, "objectClass", "mailExternalUser", "memberOfGroup", "news@lists.example", "accountStatus", "active", "enabledService", "mail",
		"mail", "ann@example.com", "mail", "Bob@Example.com", "mail", "cat@example.com", "mail", "zoe@elsewhere.example")
	results, err := r.backend.Apply(t.Context(), d, []account.Operation{
		{Verb: account.Delete, Kind: account.Mailbox, Address: "ann@example.com", Home: home("ann")},
		{Verb: account.Rename, Kind: account.Mailbox, Address: "bob@example.com", NewAddress: "robert@example.com", Home: home("bob")},
	})
	require.NoError(t, err)
	require.NoError(t, results[0])
	require.NoError(t, results[1])
	assert.ElementsMatch(t, []string{"robert@example.com", "cat@example.com", "zoe@elsewhere.example"},
		r.search("(memberOfGroup=news@lists.example)", "mail")[0].GetAttributeValues("mail"))
	assert.Len(t, r.search("(&(objectClass=mailUser)(mail=cat@example.com))", "mail"), 1)
}

// An entry of members who are elsewhere may be called by its list or by the member: it is renamed with either, and goes with either. So does
// what a person's entry says of the list.
func TestR8_R14_EntriesOfMembersElsewhereAreRenamed(t *testing.T) {
	r := newTree(t)
	d := r.people("ann", "bob", "cat")
	r.addAlias("news@example.com")
	r.addAlias("old@example.com")
	dn := func(name string) string { return name + ",ou=Externals," + r.domainDN("example.com") }
	external := func(name string, pairs ...string) {
		r.add(dn(name), append([]string{"objectClass", "mailExternalUser", "accountStatus", "active", "enabledService", "mail"}, pairs...)...)
	}
	external("memberOfGroup=news@example.com", "memberOfGroup", "news@example.com", "mail", "zoe@elsewhere.example")
	external("memberOfGroup=old@example.com", "memberOfGroup", "old@example.com", "mail", "zoe@elsewhere.example")
	external("mail=ann@example.com", "memberOfGroup", "list@lists.example", "mail", "ann@example.com")
	external("mail=bob@example.com", "memberOfGroup", "list@lists.example", "mail", "bob@example.com")
	external("mail=cat@example.com", "memberOfGroup", "list@lists.example", "mail", "cat@example.com", "mail", "bob@example.com",
		"mail", "zoe@elsewhere.example")
	external("mail=max@elsewhere.example", "memberOfGroup", "old@example.com", "mail", "max@elsewhere.example") // in that list alone
	r.addValues(r.dn("Users", "ann@example.com"), "memberOfGroup", "news@example.com", "old@example.com")

	renamed := alias(account.Rename, "news")
	renamed.Switch, renamed.NewAddress = "", "notes@example.com"
	operations := []account.Operation{
		renamed, alias(account.Delete, "old"), operation(account.Rename, "ann", "anna"), operation(account.Delete, "bob", ""),
		operation(account.Delete, "cat", ""),
	}
	for range 2 {
		results, err := r.backend.Apply(t.Context(), d, operations)
		require.NoError(t, err)
		for _, result := range results {
			require.NoError(t, result)
		}
	}
	var left []string
	for _, e := range r.search("(objectClass=mailExternalUser)", "mail") {
		left = append(left, e.DN)
	}
	assert.ElementsMatch(t, []string{dn("memberOfGroup=notes@example.com"), dn("mail=anna@example.com"), dn("mail=zoe@elsewhere.example")}, left)
	user := r.search("(&(objectClass=mailUser)(mail=anna@example.com))", "memberOfGroup")[0]
	assert.Equal(t, []string{"notes@example.com"}, user.GetAttributeValues("memberOfGroup"))
}
