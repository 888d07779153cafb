//go:build integration

package integration_test

import (
	"fmt"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/scenario"
)

// byHand is what an admin does in a mail store that hosts scenario.Domain.
type byHand interface {
	promote(address string)
	reserve(address string)
	limit(kind account.Kind, most int)
	// empty deletes everything but the domain, and its limits.
	empty()
}

type inTables struct{ *mail }

func (m inTables) promote(address string) {
	m.exec("INSERT INTO domain_admins (username, domain) VALUES (?, ?)", address, scenario.Domain)
}

func (m inTables) reserve(address string) {
	m.exec("INSERT INTO maillists (address, domain) VALUES (?, ?)", address, scenario.Domain)
}

func (m inTables) limit(kind account.Kind, most int) {
	column := map[account.Kind]string{account.Mailbox: "mailboxes", account.Alias: "aliases"}[kind]
	m.exec("UPDATE domain SET "+column+" = ?", most)
}

func (m inTables) empty() {
	for _, table := range []string{"mailbox", "alias", "maillists", "forwardings", "moderators", "domain_admins", "deleted_mailboxes"} {
		m.exec("DELETE FROM " + table)
	}
	m.exec("UPDATE domain SET mailboxes = 0, aliases = 0")
}

type inTree struct{ *tree }

func (t inTree) in(unit, address string) string {
	return fmt.Sprintf("mail=%s,ou=%s,domainName=%s,%s", ldap.EscapeDN(address), unit, t.domain, t.server.BaseDN)
}

func (t inTree) promote(address string) {
	change := ldap.NewModifyRequest(t.in("Users", address), nil)
	change.Add("enabledService", []string{"domainadmin"})
	require.NoError(t.tb, t.conn.Modify(change))
}

func (t inTree) reserve(address string) {
	t.add(t.in("Groups", address), map[string][]string{"objectClass": {"mailList"}, "mail": {address}})
}

func (t inTree) limit(kind account.Kind, most int) {
	setting := map[account.Kind]string{account.Mailbox: "numberOfUsers", account.Alias: "numberOfAliases"}[kind]
	change := ldap.NewModifyRequest("domainName="+t.domain+","+t.server.BaseDN, nil)
	change.Add("accountSetting", []string{fmt.Sprintf("%s:%d", setting, most)})
	require.NoError(t.tb, t.conn.Modify(change))
}

func (t inTree) empty() {
	domain := "domainName=" + t.domain + "," + t.server.BaseDN
	found, err := t.conn.Search(ldap.NewSearchRequest(domain, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false,
		"(mail=*)", []string{"1.1"}, nil))
	require.NoError(t.tb, err)
	for _, e := range found.Entries {
		require.NoError(t.tb, t.conn.Del(ldap.NewDelRequest(e.DN, nil)))
	}
	change := ldap.NewModifyRequest(domain, nil)
	change.Replace("accountSetting", []string{"defaultQuota:1024"})
	require.NoError(t.tb, t.conn.Modify(change))
}
