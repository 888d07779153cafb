//go:build integration

package servers_test

import (
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/examples/panel/vmail"
	"github.com/mailpanel/account-resource/integration_test/servers"
)

func TestLookupsOnMariaDB(t *testing.T) {
	database := servers.MariaDB(t)
	fillTables(t, database.Open(t), "mysql")
	requireTableAnswers(t, servers.MailStoreOf(t, database))
}

func TestLookupsOnPostgreSQL(t *testing.T) {
	database := servers.PostgreSQL(t)
	fillTables(t, database.Open(t), "pgsql")
	requireTableAnswers(t, servers.MailStoreOf(t, database))
}

func TestLookupsOnOpenLDAP(t *testing.T) {
	s := servers.OpenLDAP(t)
	fillTree(t, s)
	store := servers.MailStore{
		Kind: "ldap", URI: s.URI, BaseDN: s.BaseDN, BindDN: s.ReaderDN, BindPassword: s.ReaderPassword,
	}
	postfix := store.Postfix(t)
	requireAnswers(t, postfix, store.Dovecot(t))
	require.Equal(t, "/var/vmail/vmail1/example.com/a/n/n/Ann/Maildir/", postfix.Mailbox("ann@example.com"))
	require.Equal(t, []string{"ann@example.com"}, postfix.Recipients("ann@other.example"), "an additional address")
	require.Nil(t, postfix.Recipients("bob@example.com"), "disabled")
	require.Equal(t, []string{"ann@example.com", "zoe@outside.example"}, postfix.Recipients("list@example.com"))
}

func requireTableAnswers(t *testing.T, store servers.MailStore) {
	t.Helper()
	postfix := store.Postfix(t)
	requireAnswers(t, postfix, store.Dovecot(t))
	require.Equal(t, "vmail1/example.com/a/n/n/Ann/Maildir/", postfix.Mailbox("ann@example.com"))
	require.Equal(t, []string{"ann@example.com"}, postfix.Recipients("ann@other.example"), "in the alias domain")
	require.Equal(t, []string{"bob@example.com"}, postfix.Recipients("bob@example.com"), "the row of one disabled")
	require.Equal(t, []string{"ann@example.com"}, postfix.Expand("anybody@too.example"), "catch-all of an alias domain")
}

// requireAnswers is what every store answers about the same accounts.
func requireAnswers(t *testing.T, postfix *servers.Postfix, dovecot *servers.Dovecot) {
	t.Helper()
	require.True(t, postfix.Domain("example.com"))
	require.True(t, postfix.Domain("other.example"), "an alias domain")
	require.False(t, postfix.Domain("off.example"))
	require.False(t, postfix.Domain("outside.example"))

	require.Empty(t, postfix.Mailbox("bob@example.com"), "disabled")
	require.Empty(t, postfix.Mailbox("eve@off.example"), "in a disabled domain")
	require.Empty(t, postfix.Mailbox("nobody@example.com"))
	require.Empty(t, postfix.Mailbox("all@example.com"), "an alias")

	require.Equal(t, []string{"ann@example.com"}, postfix.Recipients("Ann@Example.com"), "a user stands for himself")
	require.Equal(t, []string{"ann@example.com", "zoe@outside.example"}, postfix.Recipients("all@example.com"))
	require.Nil(t, postfix.Recipients("nobody@example.com"))
	require.Nil(t, postfix.Recipients("eve@off.example"))
	require.Equal(t, []string{"ann@example.com"}, postfix.Recipients("anybody@caught.example"), "catch-all")
	require.Equal(t, []string{"ann@example.com", "yan@outside.example", "zoe@outside.example"},
		postfix.Expand("both@example.com"), "an alias in an alias")
	require.Equal(t, []string{"dan+news@caught.example"}, postfix.Expand("dan+news@caught.example"), "no catch-all")
	require.Equal(t, []string{"nobody@example.com"}, postfix.Expand("nobody@example.com"))
	require.Equal(t, []string{"ann+news@example.com"}, postfix.Expand("ann+news@example.com"))

	require.Equal(t, []string{"ann@example.com"}, postfix.SenderLogins("ann@example.com"))
	require.Nil(t, postfix.SenderLogins("bob@example.com"))
	require.Equal(t, []string{"copy@outside.example"}, postfix.BCC("ann@example.com"))
	require.Nil(t, postfix.BCC("cat@example.com"))

	home, ok := dovecot.User("ann@example.com")
	require.True(t, ok)
	require.Equal(t, "/var/vmail/vmail1/example.com/a/n/n/ann/", home, "in lower case")
	for _, address := range []string{"bob@example.com", "eve@off.example", "all@example.com", "nobody@example.com"} {
		_, ok := dovecot.User(address)
		require.False(t, ok, address)
		require.False(t, dovecot.Login(address, "right"), address)
	}
	require.True(t, dovecot.Login("ann@example.com", "right"))
	require.False(t, dovecot.Login("ann@example.com", "wrong"))
	_, ok = dovecot.User("cat@example.com")
	require.True(t, ok)
	require.False(t, dovecot.Login("cat@example.com", "right"), "without IMAP")
}

// fillTables makes ann, whose folder has capitals; bob, who is disabled; cat, who may not use IMAP; eve in a domain
// that is off; an alias in an alias; a domain with a catch-all, and dan in it; and two alias domains.
func fillTables(t *testing.T, db *sql.DB, server string) {
	t.Helper()
	require.NoError(t, vmail.Create(t.Context(), db, server))
	for _, statement := range []string{
		`INSERT INTO domain (domain, active) VALUES ('example.com', 1), ('caught.example', 1), ('off.example', 0)`,
		`INSERT INTO alias_domain (alias_domain, target_domain) VALUES
			('other.example', 'example.com'), ('too.example', 'caught.example')`,
		`INSERT INTO mailbox (username, password, maildir, domain, enableimap, active) VALUES
			('ann@example.com', '{PLAIN}right', 'example.com/a/n/n/Ann/', 'example.com', 1, 1),
			('bob@example.com', '{PLAIN}right', 'example.com/b/o/b/bob/', 'example.com', 1, 0),
			('cat@example.com', '{PLAIN}right', 'example.com/c/a/t/cat/', 'example.com', 0, 1),
			('dan@caught.example', '{PLAIN}right', 'caught.example/d/a/n/dan/', 'caught.example', 1, 1),
			('eve@off.example', '{PLAIN}right', 'off.example/e/v/e/eve/', 'off.example', 1, 1)`,
		`INSERT INTO forwardings (address, forwarding, domain, is_forwarding, is_list) VALUES
			('ann@example.com', 'ann@example.com', 'example.com', 1, 0),
			('bob@example.com', 'bob@example.com', 'example.com', 1, 0),
			('cat@example.com', 'cat@example.com', 'example.com', 1, 0),
			('dan@caught.example', 'dan@caught.example', 'caught.example', 1, 0),
			('eve@off.example', 'eve@off.example', 'off.example', 1, 0),
			('all@example.com', 'zoe@outside.example', 'example.com', 0, 1),
			('all@example.com', 'ann@example.com', 'example.com', 0, 1),
			('both@example.com', 'all@example.com', 'example.com', 0, 1),
			('both@example.com', 'yan@outside.example', 'example.com', 0, 1),
			('caught.example', 'ann@example.com', 'caught.example', 0, 0)`,
		`INSERT INTO recipient_bcc_user (username, bcc_address, domain) VALUES
			('ann@example.com', 'copy@outside.example', 'example.com')`,
	} {
		_, err := db.ExecContext(t.Context(), statement)
		require.NoError(t, err)
	}
}

// fillTree makes the same, and a list whose members name it.
func fillTree(t *testing.T, s servers.LDAPServer) {
	t.Helper()
	conn := s.Connect(t)
	domain := func(name, status string, more ...string) (dn string) {
		dn = "domainName=" + name + "," + s.BaseDN
		add(t, conn, dn, "mailDomain", append(more, "accountStatus", status)...)
		for _, folder := range []string{"Users", "Groups", "Aliases", "Externals"} {
			add(t, conn, "ou="+folder+","+dn, "organizationalUnit")
		}
		return dn
	}
	user := func(domain, address, status, services string, more ...string) {
		add(t, conn, "mail="+address+",ou=Users,"+domain, "inetOrgPerson mailUser", append(more, "cn", "Somebody",
			"sn", "Somebody", "uid", "somebody", "userPassword", ssha512("right"), "accountStatus", status,
			"enabledService", services)...)
	}
	home := domain("example.com", "active", "enabledService", "mail domainalias", "domainAliasName", "other.example")
	caught := domain("caught.example", "active", "enabledService", "mail")
	off := domain("off.example", "disabled", "enabledService", "mail")
	user(home, "ann@example.com", "active", services, "homeDirectory", "/var/vmail/vmail1/example.com/a/n/n/Ann/",
		"mailQuota", "1073741824", "shadowAddress", "ann@other.example", "memberOfGroup", "list@example.com",
		"userRecipientBccAddress", "copy@outside.example")
	user(home, "bob@example.com", "disabled", services, "homeDirectory", "/var/vmail/vmail1/example.com/b/o/b/bob/")
	user(home, "cat@example.com", "active", "mail deliver doveadm",
		"homeDirectory", "/var/vmail/vmail1/example.com/c/a/t/cat/")
	user(caught, "dan@caught.example", "active", services,
		"homeDirectory", "/var/vmail/vmail1/caught.example/d/a/n/dan/")
	user(off, "eve@off.example", "active", services, "homeDirectory", "/var/vmail/vmail1/off.example/e/v/e/eve/",
		"domainStatus", "disabled")
	user(caught, "@caught.example", "active", "mail", "mailForwardingAddress", "ann@example.com")
	add(t, conn, "mail=all@example.com,ou=Aliases,"+home, "mailAlias", "accountStatus", "active",
		"enabledService", "mail deliver", "mailForwardingAddress", "zoe@outside.example ann@example.com")
	add(t, conn, "mail=both@example.com,ou=Aliases,"+home, "mailAlias", "accountStatus", "active",
		"enabledService", "mail deliver", "mailForwardingAddress", "all@example.com yan@outside.example")
	add(t, conn, "mail=list@example.com,ou=Groups,"+home, "mailList", "accountStatus", "active",
		"enabledService", "mail deliver")
	add(t, conn, "memberOfGroup=list@example.com,ou=Externals,"+home, "mailExternalUser", "accountStatus", "active",
		"enabledService", "mail deliver", "mail", "zoe@outside.example")
}
