//go:build integration

package openldap_test

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends/openldap"
)

var counterNames = []string{"domainCurrentUserNumber", "domainCurrentAliasNumber", "domainCurrentQuotaSize"}

// counters are what the domain's entry says: users, aliases, bytes.
func (r *tree) counters(domain string) (all []string) {
	r.t.Helper()
	for _, name := range counterNames {
		all = append(all, r.search("(domainName="+domain+")", name)[0].GetAttributeValues(name)...)
	}
	return all
}

func (r *tree) setCounters(domain string, values ...string) {
	r.t.Helper()
	request := ldap.NewModifyRequest(r.domainDN(domain), nil)
	for i, value := range values {
		request.Replace(counterNames[i], []string{value})
	}
	require.NoError(r.t, r.conn.Modify(request))
}

// there is what the counters should say.
func (r *tree) there(domain string) []string {
	r.t.Helper()
	var bytes int64
	users := r.search("(&(objectClass=mailUser)(!(mail=@*))(mail=*@"+domain+"))", "mailQuota")
	for _, e := range users {
		n, err := strconv.ParseInt("0"+e.GetAttributeValue("mailQuota"), 10, 64)
		require.NoError(r.t, err)
		bytes += n
	}
	aliases := r.search("(&(objectClass=mailAlias)(mail=*@"+domain+"))", "mail")
	return []string{strconv.Itoa(len(users)), strconv.Itoa(len(aliases)), strconv.FormatInt(bytes, 10)}
}

func alias(verb account.Verb, local string) account.Operation {
	op := account.Operation{Verb: verb, Kind: account.Alias, Address: local + "@example.com"}
	op.Switch = account.On
	return op
}

// The domain's entry says how many users and aliases there are and what they may hold together, for the panel's pages.
func TestR6_TheDomainsCountersAreKept(t *testing.T) {
	r := newTree(t)
	d := r.people("ann", "bob")
	d.Quota = 1024
	r.setRoute(account.Route{Address: "example.com", Forwarding: "ann@example.com"}, true) // the catch-all is nobody's mailbox
	r.setCounters("example.com", "77", "88", "99")                                         // wrong, as a batch that was cut off leaves them
	apply := func(operations ...account.Operation) {
		t.Helper()
		results, err := r.backend.Apply(t.Context(), d, operations)
		require.NoError(t, err)
		for _, result := range results {
			require.NoError(t, result)
		}
		require.Equal(t, r.there("example.com"), r.counters("example.com"))
	}
	off := operation(account.Update, "ann", "")
	off.Switch = account.Off
	apply(off) // nothing that counts, but wrong
	apply(operation(account.Create, "cat", ""), operation(account.Create, "dan", ""), alias(account.Create, "sales"), alias(account.Create, "staff"))
	apply(operation(account.Delete, "ann", ""), operation(account.Delete, "dan", ""), alias(account.Delete, "staff"))
	apply(operation(account.Delete, "dan", ""), operation(account.Create, "cat", ""), alias(account.Create, "sales"))
	r.setCounters("example.com", "2", "1") // somebody else writes
	apply(operation(account.Create, "eve", ""), operation(account.Delete, "bob", ""))
	assert.Equal(t, []string{"2", "1", strconv.Itoa(2 << 30)}, r.counters("example.com"))

	r.addDomain(account.Domain{Name: "other.example", Active: true})
	home := "/var/vmail/vmail1/other.example/ann-2026.05.06.07.08.09/"
	results, err := r.backend.Apply(t.Context(), account.Domain{Name: "other.example", Active: true}, []account.Operation{
		{Verb: account.Create, Kind: account.Mailbox, Address: "ann@other.example", Home: home},
	})
	require.NoError(t, err)
	require.NoError(t, results[0])
	assert.Empty(t, r.counters("other.example"), "nobody counts there")

	r.setCounters("example.com", "2", "1", "2147483648")
	proxy := newRefuser(t, r.server.URI, ldap.ApplicationModifyRequest, r.domainDN("example.com"))
	results, err = r.through(proxy).Apply(t.Context(), d, []account.Operation{operation(account.Create, "fay", "")})
	require.NoError(t, err, "a counter keeps nobody from a mailbox")
	require.NoError(t, results[0])
}

// A batch that is cut off anywhere leaves the counters to the next one, be that of the same process or of another.
func TestR19_ABatchThatWasCutOffLeavesNoWrongCounters(t *testing.T) {
	t.Parallel()
	operations := []account.Operation{
		operation(account.Create, "cat", ""), operation(account.Create, "dan", ""), alias(account.Create, "sales"),
		operation(account.Delete, "ann", ""), operation(account.Delete, "bob", ""),
	}
	finished := false
	for requests := 3; !finished; requests++ {
		r := newTree(t)
		d := r.people("ann", "bob", "eve")
		d.Quota = 1024
		r.setCounters("example.com", "3", "0", "0")
		off := operation(account.Update, "eve", "")
		off.Switch = account.Off
		_, err := r.backend.Apply(t.Context(), d, []account.Operation{off}) // it knows how many there are
		require.NoError(t, err)

		cut := newCutter(t, r.server.URI, requests)
		b, err := openldap.Open(t.Context(), openldap.Options{
			URI: "ldap://" + cut.Addr().String(), BaseDN: r.server.BaseDN, BindDN: r.server.BindDN, Password: r.server.Password,
			DB: r.db, Connections: 1,
		})
		if err != nil {
			continue
		}
		_, err = b.Apply(t.Context(), d, operations)
		b.Close()
		finished = err == nil
		what := fmt.Sprintf("after %d requests", requests)
		if requests%2 == 0 { // the next run finds what was made, and has nothing to do but that
			_, err = r.backend.Apply(t.Context(), d, []account.Operation{off})
			require.NoError(t, err)
			require.Equal(t, r.there("example.com"), r.counters("example.com"), what)
		}
		_, err = r.backend.Apply(t.Context(), d, operations)
		require.NoError(t, err)
		require.Equal(t, r.there("example.com"), r.counters("example.com"), what)
	}
}
