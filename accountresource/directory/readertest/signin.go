package readertest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/resource"
)

func bindNames(t *testing.T, p *Place) {
	for _, name := range []string{p.Connection.BindDN, p.UPN, p.Logon} {
		s := p.settings()
		s.Connection.BindDN = name
		_, err := p.open(t, s, 0).Probe(t.Context())
		assert.NoError(t, err, name)
	}
}

func encryption(t *testing.T, p *Place) {
	for _, c := range []struct {
		name string
		port int
		tls  bool
	}{
		{"LDAPS", 636, false}, {"StartTLS", 389, true}, {"plain", 389, false},
	} {
		s := p.settings()
		s.Connection.Port, s.Connection.TLS = c.port, c.tls
		_, err := p.open(t, s, 0).Probe(t.Context())
		require.NoError(t, err, c.name)
		if c.port == 636 || c.tls {
			s.Connection.CACertificate = ""
			_, err = p.open(t, s, 0).Probe(t.Context())
			wantProblem(t, err, "ca_certificate", "ca_unknown")
		}
	}
}

func refusals(t *testing.T, p *Place) {
	const password = "Bind-Secret-9"
	good := p.signIn(t, "Good", password)
	off := p.signIn(t, "Off", password)
	p.modify(t, off, "userAccountControl", "514")
	old := p.signIn(t, "Old", password)
	p.modify(t, old, "accountExpires", "130000000000000000") // in 2012
	must := p.signIn(t, "Must", password)
	p.modify(t, must, "pwdLastSet", "0")
	for _, c := range []struct {
		name, password, field, key string
	}{
		{good, "Wrong-Secret-1", "bind_password", "bind_wrong_password"},
		{off, password, "bind_dn", "bind_disabled"},
		{old, password, "bind_dn", "bind_expired"},
		{must, password, "bind_password", "bind_must_change"},
		{good, "", "bind_password", "password_required"},
	} {
		s := p.settings()
		s.Connection.BindDN, s.Connection.BindPassword = c.name, resource.NewSecret(c.password)
		_, err := p.open(t, s, 0).Probe(t.Context())
		wantProblem(t, err, c.field, c.key)
		assert.NotContains(t, err.Error(), password)
	}
	s := p.settings()
	s.Connection.BindDN, s.Connection.BindPassword = good, resource.NewSecret(password)
	_, err := p.open(t, s, 0).Probe(t.Context())
	require.NoError(t, err, "it may read without any rights")
}

func mistakes(t *testing.T, p *Place) {
	for name, c := range map[string]struct {
		wrong      func(s *resource.Settings)
		field, key string
	}{
		"base is missing": {func(s *resource.Settings) { s.Connection.BaseDN = "OU=missing," + p.Root }, "base_dn", "base_missing_proposal"},
		"base is no DN":   {func(s *resource.Settings) { s.Connection.BaseDN = "nonsense" }, "base_dn", "base_syntax"},
		"filter":          {func(s *resource.Settings) { s.Users.Filter = "(&(objectClass=user)" }, "user_filter", "filter_syntax"},
		"attribute":       {func(s *resource.Settings) { s.Users.Title = "noSuchAttribute" }, "user_title", "attribute_unknown"},
		"host":            {func(s *resource.Settings) { s.Connection.Host = "ldap://dc/" }, "host", "host_syntax"},
	} {
		s := p.settings()
		c.wrong(&s)
		_, err := p.open(t, s, 0).Probe(t.Context())
		require.Error(t, err, name)
		wantProblem(t, err, c.field, c.key)
	}
	s := p.settings()
	s.Groups.Mail = "noSuchAttribute"
	_, err := p.open(t, s, 0).Probe(t.Context())
	require.NoError(t, err, "groups are not replicated")
}
