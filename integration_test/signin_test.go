//go:build integration

package integration_test

import (
	"errors"
	"io"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/integration_test/servers"
)

const personPassword, localPassword = "Person-Secret-1", "local-secret-1"

// file downloads one of Dovecot's files from the Sign-in tab.
func (s *source) file(tb testing.TB, name, store string) string {
	tb.Helper()
	response, err := s.p.client.Get(s.p.url + s.path("/signin/files/"+name+"?dovecot=2.3&store="+store))
	require.NoError(tb, err)
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	require.NoError(tb, err)
	require.Equal(tb, http.StatusOK, response.StatusCode, "%s", content)
	return string(content)
}

// local makes a mailbox that no directory knows, with a password.
func local(t *testing.T, store mailStore, name string) string {
	t.Helper()
	b, err := store.open(t.Context())
	require.NoError(t, err)
	d, err := b.Domain(t.Context(), store.hosted())
	require.NoError(t, err)
	address := name + "@" + store.hosted()
	results, err := b.Apply(t.Context(), d, []account.Operation{{
		Verb: account.Create, Kind: account.Mailbox, Address: address, Home: "/var/vmail/vmail1/" + store.hosted() + "/" + name + "/",
		Values: account.Values{Switch: account.On},
	}})
	require.NoError(t, errors.Join(append(results, err)...))
	switch s := store.(type) {
	case *mail:
		s.exec("UPDATE mailbox SET password = ? WHERE username = ?", "{PLAIN}"+localPassword, address)
	case *tree:
		request := ldap.NewModifyRequest("mail="+address+",ou=Users,domainName="+s.domain+","+s.server.BaseDN, nil)
		request.Replace("userPassword", []string{localPassword})
		require.NoError(t, s.conn.Modify(request))
	}
	return address
}

// serve has a mailbox use a service or not.
func serve(t *testing.T, store mailStore, address, service string, on bool) {
	t.Helper()
	switch s := store.(type) {
	case *mail:
		s.exec("UPDATE mailbox SET enable"+service+" = ? WHERE username = ?", map[bool]int{true: 1}[on], address)
	case *tree:
		request := ldap.NewModifyRequest("mail="+address+",ou=Users,domainName="+s.domain+","+s.server.BaseDN, nil)
		if on {
			request.Add("enabledService", []string{service})
		} else {
			request.Delete("enabledService", []string{service})
		}
		require.NoError(t, s.conn.Modify(request))
	}
}

// From the forms to a login at Dovecot with the directory's password, on every store, with the files as the tab gives them.
func TestR27_PeopleSignInThroughDovecot(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, store mailStore) {
		t.Parallel()
		who := newPeople(t)
		at := func(name string) string { return name + "@" + store.hosted() }
		dns := map[string]string{}
		for _, name := range []string{"anna", "bob", "must", "off"} {
			dns[name] = who.account(name+" "+unique(), personPassword)
			who.change(dns[name], attributes{"userPrincipalName": at(name)})
		}
		own := local(t, store, "postmaster")
		s := store.settings()
		s["PANEL_SIGNIN_LISTEN"] = "127.0.0.1:0"
		p := startPanel(t, s, personPassword)
		source := p.connected("samba", sambaConnection(who.directory, who.unit, store.hosted()))
		source.replicate()
		source.saved("signin", values{"signin": "directory", "signin_grace": "24h"})
		kind := store.lookups().Kind
		dovecot := store.lookups().DovecotAsking(t, source.file(t, "account-resource-sign-in.lua", kind), source.file(t, "account-resource.conf", kind))

		who.change(dns["must"], attributes{"pwdLastSet": "0"})
		who.change(dns["off"], attributes{"userAccountControl": "514"})
		for _, c := range []struct{ service, address, password, want string }{
			{"imap", at("anna"), personPassword, ""}, {"smtp", at("anna"), personPassword, ""},
			{"imap", "Anna@" + store.hosted(), personPassword, ""},
			{"imap", at("anna"), "Wrong-Secret-1", "wrong"}, {"smtp", at("anna"), "Wrong-Secret-1", "wrong"},
			{"imap", at("must"), personPassword, "pass_expired"}, {"imap", at("off"), personPassword, "user_disabled"},
			{"imap", own, localPassword, ""}, {"imap", own, personPassword, "wrong"}, {"imap", at("nobody"), personPassword, "wrong"},
		} {
			assert.Equal(t, c.want, dovecot.Refusal(c.service, c.address, c.password), "%s %s %s", c.service, c.address, c.password)
		}
		assert.NotContains(t, p.page(source.path("?tab=signin")).text, "never asked")

		// The gate behind the panel's yes: a service that is off, and a mailbox that is off here.
		serve(t, store, at("bob"), "imap", false)
		assert.Equal(t, "wrong", dovecot.Refusal("imap", at("bob"), personPassword))
		assert.Empty(t, dovecot.Refusal("smtp", at("bob"), personPassword))
		who.change(dns["bob"], attributes{"userAccountControl": "514"})
		source.replicate()
		assert.NotEmpty(t, dovecot.Refusal("smtp", at("bob"), personPassword))

		// A new address takes the password along at once.
		who.change(dns["anna"], attributes{"userPrincipalName": at("anna.new")})
		source.replicate()
		assert.Empty(t, dovecot.Refusal("imap", at("anna.new"), personPassword))
		assert.Equal(t, "wrong", dovecot.Refusal("imap", at("anna"), personPassword))

		bothWithout(t, p, dovecot, own, at("anna.new"))
	})
}

// bothWithout tries a local mailbox and one of the directory while the panel hangs, and when it is gone: the local one does not notice,
// the other is told to come back later.
func bothWithout(t *testing.T, p *panel, dovecot *servers.Dovecot, own, person string) {
	t.Helper()
	began := time.Now()
	both := func(what string) {
		t.Helper()
		assert.Empty(t, dovecot.Refusal("imap", own, localPassword), what)
		assert.Equal(t, "temp_fail", dovecot.Refusal("imap", person, personPassword), what)
	}
	require.NoError(t, p.command.Process.Signal(syscall.SIGSTOP))
	both("the panel hangs")
	require.NoError(t, p.command.Process.Signal(syscall.SIGCONT))
	assert.Empty(t, dovecot.Refusal("imap", person, personPassword), "it answers again")
	require.NoError(t, p.command.Process.Signal(syscall.SIGTERM))
	<-p.ended
	both("the panel is gone")
	t.Logf("both outages took %s", time.Since(began).Round(time.Millisecond))
}
