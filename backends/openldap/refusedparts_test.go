//go:build integration

package openldap_test

import (
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
	"github.com/mailpanel/account-resource/backends/openldap"
)

const mailDirectories = "/var/vmail/vmail1/example.com/"

// people makes mailboxes in example.com.
func (r *tree) people(locals ...string) account.Domain {
	r.t.Helper()
	d := account.Domain{Name: "example.com", Active: true}
	r.addDomain(d)
	for _, local := range locals {
		r.addMailbox(account.Account{
			Address: local + "@example.com", Kind: account.Mailbox, Active: true, Home: mailDirectories + local + "-2026.05.06.07.08.09/",
		})
	}
	return d
}

func operation(verb account.Verb, local, to string) account.Operation {
	op := account.Operation{Verb: verb, Kind: account.Mailbox, Address: local + "@example.com"}
	op.Home = mailDirectories + local + "-2026.05.06.07.08.09/"
	if to != "" {
		op.NewAddress = to + "@example.com"
	}
	return op
}

// What is below an account goes before it. Where the server refuses one of these, those that are gone are made again.
func TestR14_WhatIsBelowAnAccountStaysWithIt(t *testing.T) {
	r := newTree(t)
	d := r.people("ann")
	dn := r.dn("Users", "ann@example.com")
	notes, more := "cn=notes,"+dn, "cn=more,cn=notes,"+dn
	r.add(notes, "objectClass", "applicationProcess", "cn", "notes", "description", "one", "description", "two")
	r.add(more, "objectClass", "applicationProcess", "cn", "more", "description", "kept too")
	r.add("cn=other,"+dn, "objectClass", "applicationProcess", "cn", "other")
	r.addAlias("sales@example.com", "ann@example.com")
	proxy := newRefuser(t, r.server.URI, ldap.ApplicationDelRequest, notes)
	b := r.through(proxy)
	everything := func() (all []*ldap.Entry) {
		for _, filter := range []string{"(mail=ann@example.com)", "(cn=notes)", "(cn=more)", "(cn=other)", "(mail=sales@example.com)"} {
			all = append(all, r.search(filter, "*")...)
		}
		return all
	}
	before := everything()
	require.Len(t, before, 5)

	results, err := b.Apply(t.Context(), d, []account.Operation{operation(account.Delete, "ann", "")})
	require.NoError(t, err)
	require.ErrorContains(t, results[0], "no write access to parent")
	assert.Equal(t, before, everything())
	assert.Empty(t, r.deleted())

	proxy.spared.Store(&spared{})
	results, err = b.Apply(t.Context(), d, []account.Operation{operation(account.Delete, "ann", "")})
	require.NoError(t, err)
	require.NoError(t, results[0])
	require.Len(t, everything(), 1, "the alias")
}

// A list that the server lets nobody change keeps its member, and the deletion or renaming of that one alone fails. Others are made; it is
// made too once the list may be changed.
func TestR14_R8_AListThatMayNotBeChangedFailsItsMemberAlone(t *testing.T) {
	r := newTree(t)
	d := r.people("ann", "bob", "cat", "dan")
	r.addAlias("sales@example.com", "ann@example.com", "bob@example.com")
	r.addAlias("staff@example.com", "ann@example.com", "bob@example.com", "cat@example.com", "dan@example.com")
	proxy := newRefuser(t, r.server.URI, ldap.ApplicationModifyRequest, r.dn("Aliases", "sales@example.com"))
	b := r.through(proxy)
	operations := []account.Operation{
		operation(account.Delete, "ann", ""), operation(account.Rename, "bob", "robert"),
		operation(account.Delete, "cat", ""), operation(account.Rename, "dan", "daniel"),
	}
	results, err := b.Apply(t.Context(), d, operations)
	require.NoError(t, err, "it concerns two of them")
	require.ErrorContains(t, results[0], "no write access")
	require.ErrorContains(t, results[1], "no write access")
	require.NoError(t, results[2])
	require.NoError(t, results[3])
	assert.Len(t, r.search("(mail=bob@example.com)", "mail"), 1, "he stays where the list sends his mail")
	assert.ElementsMatch(t, []string{"ann@example.com", "bob@example.com"}, r.members("sales"))
	assert.Len(t, r.deleted(), 2, "both are gone")

	proxy.spared.Store(&spared{})
	results, err = b.Apply(t.Context(), d, operations)
	require.NoError(t, err)
	for _, result := range results {
		require.NoError(t, result)
	}
	assert.Equal(t, []string{"robert@example.com"}, r.members("sales"))
	assert.ElementsMatch(t, []string{"robert@example.com", "daniel@example.com"}, r.members("staff"))
	assert.Len(t, r.deleted(), 2)
}

// Where one of two who swap addresses may not move, the mail of the other does not go to that one.
func TestR8_ARefusedMoveTakesNobodyElsesMail(t *testing.T) {
	r := newTree(t)
	d := r.people("ann", "bob")
	r.addAlias("anns@example.com", "ann@example.com")
	r.addAlias("bobs@example.com", "bob@example.com")
	proxy := newRefuser(t, r.server.URI, ldap.ApplicationModifyDNRequest, r.dn("Users", "bob@example.com"))
	b := r.through(proxy)
	operations := []account.Operation{operation(account.Rename, "ann", "bob"), operation(account.Rename, "bob", "ann")}
	results, err := b.Apply(t.Context(), d, operations)
	require.NoError(t, err)
	require.Error(t, results[0])
	require.Error(t, results[1])
	leadsTo := func(alias string) string {
		member := r.search("(mail="+alias+"@example.com)", "mailForwardingAddress")[0].GetAttributeValue("mailForwardingAddress")
		home := ""
		for _, e := range r.search("(|(mail="+member+")(shadowAddress="+member+"))", "homeDirectory") {
			home += e.GetAttributeValue("homeDirectory")
		}
		return home
	}
	assert.Equal(t, operations[0].Home, leadsTo("anns"))
	assert.Equal(t, operations[1].Home, leadsTo("bobs"))

	proxy.spared.Store(&spared{})
	results, err = b.Apply(t.Context(), d, operations)
	require.NoError(t, err)
	require.NoError(t, results[0])
	require.NoError(t, results[1])
	for i, alias := range []string{"anns", "bobs"} {
		assert.Equal(t, operations[i].Home, leadsTo(alias))
	}
	assert.Empty(t, r.search("(shadowAddress=*)", "mail"))
}

// A bind account that may only read changes nothing of anybody, whatever it is asked for.
func TestR14_WhoMayNotWriteChangesNothing(t *testing.T) {
	r := newTree(t)
	d := r.people("ann", "bob", "cat")
	r.setCounters("example.com", "3", "1", "0")
	r.addAlias("sales@example.com", "ann@example.com", "bob@example.com", "cat@example.com")
	r.addAlias("staff@example.com", "sales@example.com")
	b, err := openldap.Open(t.Context(), openldap.Options{
		URI: r.server.URI, BaseDN: r.server.Suffix, BindDN: r.server.ReaderDN, Password: r.server.ReaderPassword, DB: r.db,
	})
	require.NoError(t, err)
	defer b.Close()
	off := operation(account.Update, "cat", "")
	off.Switch = account.Off
	before := r.writes()
	results, err := b.Apply(t.Context(), d, []account.Operation{
		operation(account.Delete, "ann", ""), alias(account.Delete, "sales"), operation(account.Rename, "bob", "robert"), off,
		operation(account.Create, "dan", ""), alias(account.Create, "news"),
	})
	require.NoError(t, err)
	for i, result := range results {
		require.Error(t, result, i)
	}
	assert.Equal(t, before, r.writes())
	assert.Empty(t, r.deleted())
}

// A deletion whose row cannot be written fails, and is brought to its end by the next run: the mail directory is known by the claim.
func TestR14_R19_ARowThatCannotBeWrittenNowIsWrittenLater(t *testing.T) {
	r := newTree(t)
	d := r.people("ann")
	r.addAlias("sales@example.com", "ann@example.com")
	rename := func(from, to string) {
		t.Helper()
		_, err := r.db.ExecContext(t.Context(), "ALTER TABLE "+from+" RENAME TO "+to)
		require.NoError(t, err)
	}
	deletion := []account.Operation{operation(account.Delete, "ann", "")}
	rename("deleted_mailboxes", "away")
	_, err := r.backend.Apply(t.Context(), d, deletion)
	require.Error(t, err)
	rename("away", "deleted_mailboxes")
	require.Empty(t, r.deleted())
	for range 2 {
		results, err := r.backend.Apply(t.Context(), d, deletion)
		require.NoError(t, err)
		require.NoError(t, results[0])
		require.Len(t, r.deleted(), 1)
		assert.Equal(t, deletion[0].Home, r.deleted()[0].Home)
		assert.Empty(t, r.members("sales"))
	}
}

// A server that is busy takes no changes of anybody: whichever entry it says so of, no account is to blame.
func TestABusyServerIsNoRefusalOfAnAccount(t *testing.T) {
	for _, busy := range []string{"domain", "list"} {
		r := newTree(t)
		d := r.people("ann", "bob")
		r.setCounters("example.com", "2", "1", "0")
		r.addAlias("sales@example.com", "ann@example.com", "bob@example.com")
		dn := map[string]string{"domain": r.domainDN("example.com"), "list": r.dn("Aliases", "sales@example.com")}[busy]
		proxy := newRefuser(t, r.server.URI, ldap.ApplicationModifyRequest, dn)
		proxy.spared.Store(&spared{ldap.ApplicationModifyRequest, dn, ldap.LDAPResultBusy})
		b := r.through(proxy)
		operations := []account.Operation{operation(account.Delete, "ann", ""), operation(account.Rename, "bob", "rob")}
		_, err := b.Apply(t.Context(), d, operations)
		require.ErrorIs(t, err, backends.ErrUnwritable, busy)
		proxy.spared.Store(&spared{})
		results, err := b.Apply(t.Context(), d, operations)
		require.NoError(t, err)
		require.NoError(t, results[0])
		require.NoError(t, results[1])
		assert.Equal(t, []string{"rob@example.com"}, r.members("sales"))
		assert.Equal(t, r.there("example.com"), r.counters("example.com"))
	}
}
