//go:build integration

package integration_test

import (
	"crypto/tls"
	"io"
	"maps"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/integration_test/servers"
)

// mistake is something an admin gets wrong: the values over a connection that works, the field that must say so and
// words of the sentence. Nothing that was typed may be lost, and nothing may be written.
type mistake struct {
	name  string
	typed values
	field string
	says  string
}

func TestEveryMistakeInTheConnectionIsNamedAtItsField(t *testing.T) {
	ad, mail := newPeople(t), newMail(t)
	ad.add("Somebody", "somebody@"+mail.domain, nil)
	works := sambaConnection(ad.directory, ad.unit, mail.domain)
	const password = "Bind-Secret-9"
	disabled, expired, locked := ad.account("Disabled", password), ad.account("Expired", password), ad.account("Locked", password)
	ad.change(disabled, attributes{"userAccountControl": "514"})
	ad.change(expired, attributes{"accountExpires": "130000000000000000"}) // in 2012
	for range 4 {                                                          // the policy of the tests locks after three
		assert.Error(t, ad.directory.TryBind(t, locked, "wrong"))
	}
	stale, misnamed := tlsFront(t, "127.0.0.121", time.Now().Add(-time.Hour), "127.0.0.121"),
		tlsFront(t, "127.0.0.122", time.Now().Add(time.Hour), "dc.elsewhere.example")
	mistakes := []mistake{
		{"wrong host", values{"host": "no-such-host.invalid"}, "host", "no-such-host.invalid"},
		{"host is no name", values{"host": "ldaps://" + ad.directory.Host + "/"}, "host", ""},
		{"closed port", values{"port": closedPort(t)}, "port", ad.directory.Host},
		{"port is no number", values{"port": "many"}, "port", "number"},
		{"port out of range", values{"port": "70000"}, "port", "65535"},
		{"unknown authority", values{"ca_certificate": ""}, "ca_certificate", ""},
		{"another authority", values{"ca_certificate": string(authority(t).PEM)}, "ca_certificate", ""},
		{"certificate is no PEM", values{"ca_certificate": "-----BEGIN NONSENSE-----"}, "ca_certificate", "PEM"},
		{"expired certificate", values{"host": stale.host, "ca_certificate": stale.ca}, "host", "expired"},
		{"certificate of another name", values{"host": misnamed.host, "ca_certificate": misnamed.ca}, "host", "dc.elsewhere.example"},
		{"wrong password", values{"bind_password": "wrong-secret-1"}, "bind_password", "password"},
		{"empty password", values{"bind_password": ""}, "bind_password", "password"},
		// Samba says of an account that does not exist what it says of a wrong password.
		{"no such bind account", values{"bind_dn": "CN=Nobody," + ad.directory.BaseDN}, "bind_password", "account name"},
		{"disabled bind account", values{"bind_dn": disabled, "bind_password": password}, "bind_dn", "disabled"},
		{"expired bind account", values{"bind_dn": expired, "bind_password": password}, "bind_dn", "expired"},
		{"locked bind account", values{"bind_dn": locked, "bind_password": password}, "bind_dn", "locked"},
		{"base DN is no DN", values{"base_dn": "no dn"}, "base_dn", ""},
		{"base DN does not exist", values{"base_dn": "OU=missing," + ad.directory.BaseDN}, "base_dn", ""},
		{"domain not hosted", values{"domain": "elsewhere.example"}, "domain", "elsewhere.example"},
		{"domain missing", values{"domain": ""}, "domain", ""},
		{"timeout zero", values{"timeout": "0"}, "timeout", "300"},
		{"host too long", values{"host": strings.Repeat("h", 1100)}, "host", "1000"},
		{"domain too long", values{"domain": strings.Repeat("d", 300)}, "domain", "255"},
		{"password too long", values{"bind_password": strings.Repeat("p", 300)}, "bind_password", "255"},
		{"HTML in the host", values{"host": `<img src=x onerror=alert(1)>`}, "host", ""},
		{"HTML in the domain", values{"domain": `"><script>alert(1)</script>`}, "domain", ""},
		{"HTML in the base DN", values{"base_dn": `OU=<script>alert(1)</script>,` + ad.directory.BaseDN}, "base_dn", ""},
	}
	p := startPanel(t, mail.settings(), ad.directory.Password, password, "wrong-secret-1")
	for _, m := range mistakes {
		t.Run(m.name, func(t *testing.T) {
			s := p.addSource("activedirectory")
			typed := maps.Clone(works)
			maps.Copy(typed, m.typed)
			d := s.test(typed)
			checkMistake(t, d, m, typed)
			untouched := s.tab("connection")
			assert.Empty(t, untouched.values.Get("host")+untouched.values.Get("base_dn"), "the test saved something")
		})
	}
	require.Zero(t, mail.writes(), "something was written to the mail database")
	s := p.addSource("activedirectory")
	d := s.test(works)
	require.Equal(t, 200, d.status, d.text)
	assert.Contains(t, d.text, "Connection succeeded")
}

// checkMistake wants one clear sentence at the field, and every value still in the form but the password.
func checkMistake(t *testing.T, d *document, m mistake, typed values) {
	t.Helper()
	require.Equal(t, 422, d.status, d.text)
	require.Equal(t, []string{m.field}, d.problems(), d.text)
	sentence := d.problem(m.field)
	assert.NotEmpty(t, sentence)
	assert.Contains(t, strings.ToLower(sentence), strings.ToLower(m.says))
	assert.NotContains(t, sentence, "problem_", "a key instead of a sentence")
	assert.NotContains(t, sentence, "LDAP Result Code", "the words of a library")
	assert.NotContains(t, d.body, "<script>alert")
	assert.NotContains(t, d.body, "<img src=x")
	t.Logf("%s: %s", m.field, sentence)
	for _, f := range d.forms {
		if !f.values.Has("base_dn") {
			continue
		}
		for name, value := range typed {
			if name != "bind_password" {
				assert.Equal(t, strings.TrimSpace(value), strings.TrimSpace(f.values.Get(name)), "lost from field %s", name)
			}
		}
		assert.Empty(t, f.values.Get("bind_password"))
		return
	}
	t.Errorf("the form is gone: %s", d.text)
}

func TestEveryMistakeInTheOtherTabsIsNamedAtItsField(t *testing.T) {
	p := startPanel(t, nil)
	s := p.addSource("samba")
	long := strings.Repeat("x", 300)
	tabs := map[string][]mistake{
		"replication": {
			{"interval zero", values{"interval": "0"}, "interval", "1"},
			{"interval of a million", values{"interval": "1000000"}, "interval", "10080"},
			{"interval is no number", values{"interval": "often"}, "interval", "number"},
			{"interval missing", values{"interval": ""}, "interval", "number"},
			{"negative days", values{"keep_days": "-1"}, "keep_days", "3650"},
			{"more than all", values{"max_removal_percent": "101"}, "max_removal_percent", "100"},
			{"unknown policy", values{"existing_accounts": "eat"}, "existing_accounts", "link"},
		},
		"users": {
			{"filter does not parse", values{"user_filter": "(objectClass=user"}, "user_filter", ""},
			{"filter missing", values{"user_filter": ""}, "user_filter", ""},
			{"filter too long", values{"user_filter": "(cn=" + strings.Repeat("x", 4000) + ")"}, "user_filter", "4000"},
			{"address attribute missing", values{"user_mail": ""}, "user_mail", ""},
			{"no attribute name", values{"user_name": "display name"}, "user_name", ""},
			{"attribute too long", values{"user_title": long}, "user_title", "255"},
			{"HTML in an attribute", values{"user_mobile": "<script>alert(1)</script>"}, "user_mobile", ""},
		},
	}
	for tab, mistakes := range tabs {
		for _, m := range mistakes {
			t.Run(tab+" "+m.name, func(t *testing.T) {
				before := s.tab(tab).values
				d := s.save(tab, m.typed)
				require.Equal(t, 422, d.status, d.text)
				require.Equal(t, []string{m.field}, d.problems())
				sentence := d.problem(m.field)
				assert.Contains(t, sentence, m.says)
				assert.NotEmpty(t, sentence)
				assert.NotContains(t, d.body, "<script>alert")
				t.Logf("%s: %s", m.field, sentence)
				kept := d.form(t, s.path("/"+tab)).values
				for name, value := range m.typed {
					if name != "existing_accounts" { // a list has no place for what is not on it
						assert.Equal(t, value, kept.Get(name), "lost from the form")
					}
				}
				after := s.tab(tab).values
				for name := range before {
					if name != "_csrf" && !strings.Contains(name, "token") {
						assert.Equal(t, before[name], after[name], "saved in spite of the mistake: %s", name)
					}
				}
			})
		}
	}
}

// An attribute that the directory's schema does not know would clear everybody's value: only the server can tell.
func TestAnUnknownAttributeIsRefusedBeforeItClearsAnything(t *testing.T) {
	r := newReplication(t)
	r.person("ann", attributes{"mobile": "123"})
	r.expect(t, run{Created: 1})
	r.saved("users", values{"user_mobile": "mobilePhoneNumber"})
	d := r.test(sambaConnection(r.ad.directory, r.ad.unit, r.mail.domain))
	require.Equal(t, 422, d.status, d.text)
	assert.Contains(t, d.text, "mobilePhoneNumber")
	got := r.replicate()
	assert.Equal(t, "failed", got.Outcome)
	assert.Contains(t, got.Error, "mobilePhoneNumber")
	assert.Equal(t, run{}, got.counts())
	assert.Equal(t, "123", r.mail.mailbox("ann")["mobile"])
}

func authority(t *testing.T) *servers.Authority {
	t.Helper()
	a, err := servers.NewAuthority("Another authority")
	require.NoError(t, err)
	return a
}

type front struct{ host, ca string }

// tlsFront serves LDAPS on port 636 of a loopback address with a certificate of its own, in front of nothing: whoever
// trusts it by mistake gets no further than the end of the handshake.
func tlsFront(t *testing.T, host string, expires time.Time, names ...string) front {
	t.Helper()
	a := authority(t)
	config, err := a.Server(expires, names...)
	require.NoError(t, err)
	l, err := tls.Listen("tcp4", net.JoinHostPort(host, "636"), config)
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.Copy(io.Discard, conn)
				_ = conn.Close()
			}()
		}
	}()
	return front{host: host, ca: string(a.PEM)}
}

// closedPort is a port of every address on which nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}
