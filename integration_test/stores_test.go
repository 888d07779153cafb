//go:build integration

package integration_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/mailpanel/account-resource/backends"
	"github.com/mailpanel/account-resource/backends/openldap"
	"github.com/mailpanel/account-resource/backends/sqldb"
	"github.com/mailpanel/account-resource/examples/panel/vmail"
	"github.com/mailpanel/account-resource/integration_test/servers"
)

// mailStore is a mail server's account store with one hosted domain.
type mailStore interface {
	settings() settings
	hosted() string
	active() map[string]string
	lookups() servers.MailStore
	open(ctx context.Context) (backends.Backend, error)
}

// onEveryStore runs a test on each kind of store that a mail server may have.
func onEveryStore(t *testing.T, test func(t *testing.T, store mailStore)) {
	t.Run("MariaDB", func(t *testing.T) { test(t, newMail(t)) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, newPostgresMail(t)) })
	t.Run("OpenLDAP", func(t *testing.T) { test(t, newTree(t)) })
}

func (m *mail) open(ctx context.Context) (backends.Backend, error) {
	return sqldb.Open(ctx, m.limits.Open(m.tb), sqldb.Options{})
}

// tree is iRedMail's OpenLDAP tree with one hosted domain.
type tree struct {
	tb     testing.TB
	server servers.LDAPServer
	conn   *ldap.Conn // as the root DN
	domain string
}

func newTree(tb testing.TB) *tree {
	tb.Helper()
	t := &tree{tb: tb, server: servers.OpenLDAP(tb), domain: mailDomain(tb)}
	t.conn = t.server.Connect(tb)
	dn := "domainName=" + t.domain + "," + t.server.BaseDN
	t.add(dn, map[string][]string{
		"objectClass": {"mailDomain"}, "domainName": {t.domain}, "mtaTransport": {"dovecot"}, "accountStatus": {"active"},
		"enabledService": {"mail"}, "accountSetting": {"defaultQuota:1024", "defaultLanguage:de_DE", "timezone:Asia/Tokyo"},
	})
	for _, unit := range []string{"Users", "Groups", "Aliases", "Externals"} {
		t.add("ou="+unit+","+dn, map[string][]string{"objectClass": {"organizationalUnit"}, "ou": {unit}})
	}
	return t
}

func (t *tree) add(dn string, attributes map[string][]string) {
	t.tb.Helper()
	request := ldap.NewAddRequest(dn, nil)
	for name, values := range attributes {
		request.Attribute(name, values)
	}
	require.NoError(t.tb, t.conn.Add(request), dn)
}

func (t *tree) settings() settings {
	return settings{
		"PANEL_BACKEND": "openldap", "PANEL_LDAP_URI": t.server.URI, "PANEL_LDAP_BASE": t.server.BaseDN,
		"PANEL_LDAP_BIND_DN": t.server.BindDN, "PANEL_LDAP_PASSWORD": t.server.Password,
	}
}

func (t *tree) hosted() string { return t.domain }

func (t *tree) active() map[string]string {
	t.tb.Helper()
	found, err := t.conn.SearchWithPaging(ldap.NewSearchRequest(t.server.BaseDN, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases,
		0, 0, false, "(&(objectClass=mailUser)(accountStatus=active))", []string{"mail", "cn"}, nil), 500)
	require.NoError(t.tb, err)
	names := map[string]string{}
	for _, e := range found.Entries {
		names[e.GetAttributeValue("mail")] = e.GetAttributeValue("cn")
	}
	return names
}

func (t *tree) lookups() servers.MailStore {
	return servers.MailStore{
		Kind: "ldap", URI: t.server.URI, BaseDN: t.server.BaseDN, BindDN: t.server.ReaderDN, BindPassword: t.server.ReaderPassword,
	}
}

func (t *tree) open(ctx context.Context) (backends.Backend, error) {
	db, err := sql.Open("sqlite", filepath.Join(t.tb.TempDir(), "iredadmin.db"))
	require.NoError(t.tb, err)
	t.tb.Cleanup(func() { _ = db.Close() })
	require.NoError(t.tb, vmail.CreateUsage(ctx, db, "sqlite"))
	b, err := openldap.Open(ctx, openldap.Options{
		URI: t.server.URI, BaseDN: t.server.BaseDN, BindDN: t.server.BindDN, Password: t.server.Password, DB: db,
	})
	if err == nil {
		t.tb.Cleanup(b.Close)
	}
	return b, err
}

// moveDomain gives the hosted domain another name.
func (t *tree) moveDomain(name string) {
	t.tb.Helper()
	require.NoError(t.tb, t.conn.ModifyDN(ldap.NewModifyDNRequest("domainName="+t.domain+","+t.server.BaseDN,
		"domainName="+name, true, "")))
	t.domain = name
}
