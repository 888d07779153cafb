//go:build integration

package openldap_test

import (
	"io"
	"net"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
	"github.com/mailpanel/account-resource/backends/openldap"
)

// cutter passes requests on to a server until it has passed so many, and then ends every connection.
type cutter struct {
	net.Listener
	left atomic.Int64
}

func newCutter(t *testing.T, uri string, requests int) *cutter {
	t.Helper()
	target, err := url.Parse(uri)
	require.NoError(t, err)
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	c := &cutter{Listener: listener}
	c.left.Store(int64(requests))
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go c.pass(conn, target.Host)
		}
	}()
	return c
}

// pass copies both ways. The client sends one request at a time, so that each is one read here.
func (c *cutter) pass(client net.Conn, target string) {
	defer client.Close()
	server, err := net.Dial("tcp4", target)
	if err != nil {
		return
	}
	defer server.Close()
	go func() { _, _ = io.Copy(client, server) }()
	buffer := make([]byte, 1<<20)
	for {
		n, err := client.Read(buffer)
		if err != nil || c.left.Add(-1) < 0 {
			return
		}
		if _, err := server.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// The directory has no transactions: a renaming that is cut off after any request is finished by doing it again.
func TestR8_R19_RenamingAndDeletingCutOffAnywhereIsFinished(t *testing.T) {
	home := func(local string) string { return "/var/vmail/vmail1/example.com/" + local + "-2026.05.06.07.08.09/" }
	rename := func(local, to string) account.Operation {
		return account.Operation{
			Verb: account.Rename, Kind: account.Mailbox, Address: local + "@example.com",
			NewAddress: to + "@example.com", Home: home(local),
		}
	}
	between := func(local, to string) string {
		return account.LocalPart(account.TempAddress(account.Move{From: local + "@example.com", To: to + "@example.com"}))
	}
	list := rename("list", between("list", "lost"))
	list.Kind, list.Home = account.Alias, ""
	operations := []account.Operation{
		rename("a", "b"), rename("b", "a"), rename("c", "d"), rename("d", "e"), rename("f", between("f", "g")), list,
		{Verb: account.Delete, Kind: account.Mailbox, Address: "x@example.com", Home: home("x")},
	}
	want := map[string]string{
		"b@example.com": home("a"), "a@example.com": home("b"), "d@example.com": home("c"), "e@example.com": home("d"),
		between("f", "g") + "@example.com": home("f"), between("list", "lost") + "@example.com": "alias", "sales@example.com": "alias",
	}
	members := []string{
		"b@example.com", "d@example.com", between("f", "g") + "@example.com", between("list", "lost") + "@example.com",
		"nobody@elsewhere.example",
	}
	finished := false
	for requests := 2; !finished; requests++ {
		r := newTree(t)
		r.addDomain(account.Domain{Name: "example.com", Active: true})
		for _, local := range []string{"a", "b", "c", "d", "f", "x"} {
			r.addMailbox(account.Account{Address: local + "@example.com", Active: true, Home: home(local)})
		}
		r.addAlias("sales@example.com", "a@example.com", "c@example.com", "f@example.com", "list@example.com", "x@example.com",
			"nobody@elsewhere.example")
		r.addAlias("list@example.com")
		notes := "cn=notes," + r.dn("Users", "x@example.com")
		r.add(notes, "objectClass", "applicationProcess", "cn", "notes")
		r.add("cn=more,"+notes, "objectClass", "applicationProcess", "cn", "more")
		cut := newCutter(t, r.server.URI, requests)
		b, err := openldap.Open(t.Context(), openldap.Options{
			URI: "ldap://" + cut.Addr().String(), BaseDN: r.server.BaseDN, BindDN: r.server.BindDN, Password: r.server.Password,
			DB: r.db, Connections: 1,
		})
		if err != nil {
			continue // cut before it began
		}
		domain := account.Domain{Name: "example.com", Active: true}
		_, err = b.Apply(t.Context(), domain, operations)
		b.Close()
		finished = err == nil
		if len(r.search("(mail=x@example.com)", "mail")) > 0 {
			require.Empty(t, r.deleted(), "after %d requests: a clean-up job would remove the mail of a mailbox that is there", requests)
		}
		results, err := r.backend.Apply(t.Context(), domain, operations)
		require.NoError(t, err)
		for _, result := range results {
			require.NoError(t, result, "after %d requests", requests)
		}
		got := map[string]string{}
		for a, err := range r.backend.Accounts(t.Context(), "example.com", backends.Query{}) {
			require.NoError(t, err)
			got[a.Address] = a.Home // an additional address left behind would be here too
			if a.Kind == account.Alias {
				got[a.Address] = "alias"
			}
		}
		require.Empty(t, cmp.Diff(want, got), "after %d requests", requests)
		sales := r.search("(mail=sales@example.com)", "mailForwardingAddress")[0].GetAttributeValues("mailForwardingAddress")
		require.ElementsMatch(t, members, sales, "after %d requests", requests)
		require.Len(t, r.deleted(), 1)
		require.Empty(t, r.search("(objectClass=applicationProcess)", "cn"), "after %d requests", requests)
	}
}
