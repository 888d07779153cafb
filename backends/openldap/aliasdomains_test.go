//go:build integration

package openldap_test

import (
	"slices"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends/openldap"
	"github.com/mailpanel/account-resource/integration_test/servers"
)

// additional are the additional addresses of the account.
func (r *tree) additional(local string) []string {
	r.t.Helper()
	found := r.search("(mail="+local+"@example.com)", "shadowAddress")
	require.Len(r.t, found, 1, local)
	values := found[0].GetAttributeValues("shadowAddress")
	slices.Sort(values)
	return values
}

func (r *tree) addValues(dn, attribute string, values ...string) {
	r.t.Helper()
	request := ldap.NewModifyRequest(dn, nil)
	request.Add(attribute, values)
	require.NoError(r.t, r.conn.Modify(request))
}

func (r *tree) members(alias string) []string {
	r.t.Helper()
	return r.search("(mail="+alias+"@example.com)", "mailForwardingAddress")[0].GetAttributeValues("mailForwardingAddress")
}

// A domain's alias domains lead to its accounts by an additional address of each.
func TestR5_AnAccountHasAnAddressInEachAliasDomain(t *testing.T) {
	r := newTree(t)
	d := r.people("bob")
	r.addValues(r.domainDN("example.com"), "domainAliasName", "Example.net", "example.org")
	r.addValues(r.dn("Users", "bob@example.com"), "shadowAddress", "info@example.net", "helpdesk@example.org")
	results, err := r.backend.Apply(t.Context(), d, []account.Operation{
		operation(account.Create, "ann", ""), operation(account.Create, "info", ""), alias(account.Create, "sales"), alias(account.Create, "helpdesk"),
	})
	require.NoError(t, err)
	for _, result := range results {
		require.NoError(t, result)
	}
	assert.Equal(t, []string{"ann@example.net", "ann@example.org"}, r.additional("ann"))
	assert.Equal(t, []string{"sales@example.net", "sales@example.org"}, r.additional("sales"))
	assert.Equal(t, []string{"info@example.org"}, r.additional("info"), "the other one is Bob's")
	assert.Equal(t, []string{"helpdesk@example.net"}, r.additional("helpdesk"))
	assert.Equal(t, []string{"helpdesk@example.org", "info@example.net"}, r.additional("bob"))
}

// A renamed account takes its addresses in the alias domains along, with what names it by them; a deleted one leaves nothing of them.
func TestR8_R14_AddressesInAliasDomainsFollow(t *testing.T) {
	r := newTree(t)
	d := r.people("eve")
	r.addValues(r.domainDN("example.com"), "domainAliasName", "example.net")
	create := func(local string) account.Operation { return operation(account.Create, local, "") }
	apply := func(operations ...account.Operation) {
		t.Helper()
		results, err := r.backend.Apply(t.Context(), d, operations)
		require.NoError(t, err)
		for _, result := range results {
			require.NoError(t, result)
		}
	}
	apply(create("ann"), create("bob"), create("cat"), create("dan"), create("fay"), alias(account.Create, "sales"), alias(account.Create, "staff"))
	r.addValues(r.dn("Users", "eve@example.com"), "shadowAddress", "catherine@example.net")
	r.addValues(r.dn("Users", "ann@example.com"), "shadowAddress", "a.lee@example.net", "a.lee@example.com")
	r.addValues(r.dn("Aliases", "staff@example.com"), "mailForwardingAddress", "ann@example.net", "bob@example.net", "cat@example.net",
		"dan@example.net", "sales@example.net", "a.lee@example.net", "fay@example.net")

	r.addAlias("both@example.com", "cat@example.com", "cat@example.net", "dan@example.com", "dan@example.net")

	gone := alias(account.Rename, "sales")
	gone.Switch, gone.NewAddress = "", "market@example.com"
	operations := []account.Operation{
		operation(account.Rename, "ann", "bob"), operation(account.Rename, "bob", "ann"), operation(account.Rename, "cat", "catherine"),
		gone, operation(account.Delete, "dan", ""), operation(account.Rename, "fay", "dan"), operation(account.Rename, "eve", "eva"),
	}
	for range 2 { // again, as the next run does where the first was cut off
		apply(operations...)
		assert.Equal(t, []string{"a.lee@example.com", "a.lee@example.net", "bob@example.net"}, r.additional("bob"), "she is called Bob now")
		assert.Equal(t, []string{"ann@example.net"}, r.additional("ann"))
		assert.Empty(t, r.additional("catherine"), "that one is Eve's")
		assert.Equal(t, []string{"market@example.net"}, r.additional("market"))
		assert.Equal(t, []string{"dan@example.net"}, r.additional("dan"))
		assert.Equal(t, []string{"catherine@example.net"}, r.additional("eva"), "she had none of her own to take along")
		assert.ElementsMatch(t, []string{
			"bob@example.net", "ann@example.net", "catherine@example.com", "market@example.net", "a.lee@example.net", "dan@example.net",
		}, r.members("staff"))
		assert.Equal(t, []string{"catherine@example.com"}, r.members("both"))
	}
	newcomer := create("cat") // the address is free
	newcomer.Home = mailDirectories + "cat-2027.01.01.00.00.00/"
	apply(newcomer)
	assert.Equal(t, []string{"cat@example.net"}, r.additional("cat"))
}

// An account that made way for another in one call takes its addresses along in the next.
func TestR8_AddressesInAliasDomainsMakeWay(t *testing.T) {
	r := newTree(t)
	d := r.people()
	r.addValues(r.domainDN("example.com"), "domainAliasName", "example.net")
	apply := func(operations ...account.Operation) {
		t.Helper()
		results, err := r.backend.Apply(t.Context(), d, operations)
		require.NoError(t, err)
		for _, result := range results {
			require.NoError(t, result)
		}
	}
	apply(operation(account.Create, "ann", ""), alias(account.Create, "staff"))
	r.addValues(r.dn("Aliases", "staff@example.com"), "mailForwardingAddress", "ann@example.net")
	between := account.LocalPart(account.TempAddress(account.Move{From: "ann@example.com", To: "anna@example.com"}))
	apply(operation(account.Rename, "ann", between))
	assert.Equal(t, []string{between + "@example.net"}, r.additional(between))
	assert.Equal(t, []string{between + "@example.net"}, r.members("staff"))
	apply(alias(account.Create, "ann"))
	assert.Equal(t, []string{"ann@example.net"}, r.additional("ann"))
	on := operation(account.Rename, "ann", "anna")
	on.Place = between + "@example.com"
	apply(on)
	assert.Equal(t, []string{"anna@example.net"}, r.additional("anna"))
	assert.Equal(t, []string{"anna@example.net"}, r.members("staff"))
}

func TestR8_R19_AddressesInAliasDomainsCutOffAnywhereFollow(t *testing.T) {
	t.Parallel()
	finished := false
	for requests := 2; !finished; requests++ {
		r := newTree(t)
		d := r.people()
		r.addValues(r.domainDN("example.com"), "domainAliasName", "example.net")
		create := func(local string) account.Operation { return operation(account.Create, local, "") }
		_, err := r.backend.Apply(t.Context(), d, []account.Operation{
			create("ann"), create("bob"), create("cat"), create("dan"), alias(account.Create, "staff"),
		})
		require.NoError(t, err)
		r.addValues(r.dn("Aliases", "staff@example.com"), "mailForwardingAddress",
			"ann@example.net", "bob@example.net", "cat@example.net", "dan@example.net")
		cut := newCutter(t, r.server.URI, requests)
		b, err := openldap.Open(t.Context(), openldap.Options{
			URI: "ldap://" + cut.Addr().String(), BaseDN: r.server.BaseDN, BindDN: r.server.BindDN, Password: r.server.Password,
			DB: r.db, Connections: 1,
		})
		if err != nil {
			continue
		}
		operations := []account.Operation{
			operation(account.Rename, "ann", "bob"), operation(account.Rename, "bob", "ann"), operation(account.Rename, "cat", "dan"),
			operation(account.Rename, "dan", "eve"),
		}
		_, err = b.Apply(t.Context(), d, operations)
		b.Close()
		finished = err == nil
		results, err := r.backend.Apply(t.Context(), d, operations)
		require.NoError(t, err)
		for _, result := range results {
			require.NoError(t, result, "after %d requests", requests)
		}
		for _, local := range []string{"ann", "bob", "dan", "eve"} {
			require.Equal(t, []string{local + "@example.net"}, r.additional(local), "after %d requests", requests)
		}
		require.ElementsMatch(t, []string{"ann@example.net", "bob@example.net", "dan@example.net", "eve@example.net"}, r.members("staff"),
			"after %d requests", requests)
	}
}

// The judge is the mail server: Postfix, with iRedMail's conditions, leads mail of an alias domain to the accounts.
func TestR5_R8_R14_PostfixServesAliasDomains(t *testing.T) {
	r := newTree(t)
	d := r.people()
	r.addValues(r.domainDN("example.com"), "enabledService", "domainalias")
	r.addValues(r.domainDN("example.com"), "domainAliasName", "example.net")
	postfix := servers.MailStore{
		Kind: "ldap", URI: r.server.URI, BaseDN: r.server.BaseDN, BindDN: r.server.ReaderDN, BindPassword: r.server.ReaderPassword,
	}.Postfix(t)
	apply := func(operations ...account.Operation) {
		t.Helper()
		results, err := r.backend.Apply(t.Context(), d, operations)
		require.NoError(t, err)
		for _, result := range results {
			require.NoError(t, result)
		}
	}
	on := func(local string) account.Operation {
		op := operation(account.Create, local, "")
		op.Switch = account.On
		return op
	}
	sales := alias(account.Create, "sales")
	sales.Join = []string{"ann@example.com", "bob@example.com"}
	apply(on("ann"), on("bob"), on("cat"), sales)
	require.True(t, postfix.Domain("example.net"))
	leads := func(address string, to ...string) {
		t.Helper()
		for _, domain := range []string{"@example.com", "@example.net"} {
			assert.ElementsMatch(t, to, postfix.Recipients(address+domain), address+domain)
		}
	}
	leads("ann", "ann@example.com")
	leads("sales", "ann@example.com", "bob@example.com")

	renamed := alias(account.Rename, "sales")
	renamed.Switch, renamed.NewAddress = "", "market@example.com"
	apply(operation(account.Rename, "ann", "bob"), operation(account.Rename, "bob", "rob"), renamed, operation(account.Delete, "cat", ""))
	leads("bob", "bob@example.com")
	leads("rob", "rob@example.com")
	leads("market", "bob@example.com", "rob@example.com")
	for _, local := range []string{"ann", "sales", "cat"} {
		leads(local)
	}
	assert.Contains(t, postfix.Mailbox("bob@example.net"), "/ann-")
}
