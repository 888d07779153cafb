package sqldb_test

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
	"github.com/mailpanel/account-resource/backends/sqldb"
	"github.com/mailpanel/account-resource/examples/panel/vmail"
)

// testColumns checks each column that Postfix, Dovecot and the panel read of a new mailbox.
func testColumns(t *testing.T, open func(t *testing.T) *database) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, d *database)
	}{
		{"R5 a new mailbox", testNewMailbox},
		{"R7 R9 what an update leaves alone", testUntouched},
		{"R26 when an account was made", testMade},
		{"an older schema", testOldSchema},
		{"quotas and settings of a domain", testDomainSettings},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t, open(t))
		})
	}
}

func apply(t *testing.T, b *sqldb.Backend, domain string, operations ...account.Operation) {
	t.Helper()
	d, err := b.Domain(t.Context(), domain)
	require.NoError(t, err)
	results, err := b.Apply(t.Context(), d, operations)
	require.NoError(t, err)
	for _, result := range results {
		require.NoError(t, result)
	}
}

func ann() account.Operation {
	return account.Operation{
		Verb: account.Create, Kind: account.Mailbox, Address: "ann@example.com",
		Home: "/var/vmail/vmail1/example.com/a/n/n/ann-2026.05.06.09.08.09/",
		Values: account.Values{
			Profile: account.Profile{
				account.Name: "Ann Lee", account.FirstName: "Ann", account.LastName: "Lee", account.EmployeeID: "7",
				account.Title: "Chief", account.Mobile: "+1", account.Telephone: "+2",
			},
			Set:    account.FieldSet(account.Name, account.FirstName, account.LastName, account.EmployeeID, account.Mobile, account.Telephone),
			Switch: account.On,
		},
	}
}

func testNewMailbox(t *testing.T, d *database) {
	d.addDomain(account.Domain{
		Name: "example.com", Active: true, Quota: 2048, Language: "de_DE", Timezone: "Asia/Tokyo",
		DisabledServices: []string{"pop3", "lib-storage", "sogowebmail", "smtptls"},
	})
	apply(t, d.backend, "example.com", ann())
	got := d.row("SELECT * FROM mailbox")
	assert.Regexp(t, regexp.MustCompile(`^\{SSHA512\}[A-Za-z0-9+/]{96}$`), got["password"])
	for column, want := range map[string]string{
		"username": "ann@example.com", "domain": "example.com", "name": "Ann Lee", "first_name": "Ann", "last_name": "Lee",
		"employeeid": "7", "mobile": "+1", "telephone": "+2", "language": "de_DE", "quota": "2048", "mailboxformat": "maildir",
		"mailboxfolder": "Maildir", "storagebasedirectory": "/var/vmail", "storagenode": "vmail1",
		"maildir": "example.com/a/n/n/ann-2026.05.06.09.08.09/", "settings": "timezone:Asia/Tokyo;", "active": "1",
		"allow_nets": "NULL", "transport": "", "isadmin": "0", "isglobaladmin": "0",
		"created": "2026-05-06 07:08:09", "modified": "2026-05-06 07:08:09", "passwordlastchange": "2026-05-06 07:08:09",
		"enablesmtp": "1", "enablesmtpsecured": "1", "enableimap": "1", "enableimapsecured": "1", "enableimaptls": "1",
		"enablepop3": "0", "enablepop3secured": "1", "enablelib-storage": "0", "enablequota-status": "1", "enabledeliver": "1",
		"enablelda": "1", "enablelmtp": "1", "enablesogo": "1", "enablesogowebmail": "n", "enablesogocalendar": "y",
	} {
		assert.Equal(t, want, got[column], column)
	}
	self := d.row("SELECT * FROM forwardings")
	for column, want := range map[string]string{
		"address": "ann@example.com", "forwarding": "ann@example.com", "domain": "example.com", "dest_domain": "example.com",
		"is_forwarding": "1", "is_alias": "0", "is_list": "0", "is_maillist": "0", "active": "1",
	} {
		assert.Equal(t, want, self[column], column)
	}
}

func testUntouched(t *testing.T, d *database) {
	d.addDomain(account.Domain{Name: "example.com", Active: true, Quota: 1024})
	apply(t, d.backend, "example.com", ann())
	d.exec("UPDATE mailbox SET password = 'local', quota = 5, enableimap = 0, isadmin = 1, language = 'fr_FR', settings = 'x:y;'," +
		" created = '2001-01-01 00:00:00', modified = '2001-01-01 00:00:00', passwordlastchange = '2001-01-01 00:00:00'")
	own := account.Route{Address: "ann@example.com", Forwarding: "home@isp.example"}
	others := account.Route{Address: "bob@example.com", Forwarding: "ann@example.com"}
	d.setRoute(own, true)
	d.setRoute(others, true)
	before := d.row("SELECT * FROM mailbox")
	update := ann()
	update.Verb, update.Set, update.Switch = account.Update, account.FieldSet(account.Name), account.Off
	update.Home = ""
	update.Profile[account.Name] = "Ann Smith"
	apply(t, d.backend, "example.com", update)
	after := d.row("SELECT * FROM mailbox")
	assert.Equal(t, "Ann Smith", after["name"])
	assert.Equal(t, "0", after["active"])
	assert.Equal(t, "2026-05-06 07:08:09", after["modified"])
	for column, value := range before {
		if column != "name" && column != "active" && column != "modified" {
			assert.Equal(t, value, after[column], column)
		}
	}
	assert.False(t, d.route(own), "it goes off with the account")
	assert.True(t, d.route(others), "rows of others that lead to it are theirs")
}

func testMade(t *testing.T, d *database) {
	d.addDomain(account.Domain{Name: "example.com", Active: true})
	apply(t, d.backend, "example.com", ann())
	d.addAlias("sales@example.com")
	d.exec("UPDATE alias SET created = '2001-02-03 04:05:06'")
	made := map[string]string{}
	for a, err := range d.backend.Accounts(t.Context(), "example.com", backends.Query{}) {
		require.NoError(t, err)
		made[a.Address] = a.Made
	}
	assert.Equal(t, map[string]string{"ann@example.com": "2026-05-06 07:08:09", "sales@example.com": "2001-02-03 04:05:06"}, made)
}

func testOldSchema(t *testing.T, d *database) {
	for _, table := range []string{"mailbox"} {
		d.exec("DROP TABLE " + table)
	}
	old, err := vmail.Schema(map[bool]string{true: "pgsql", false: serverOf(d)}[d.dollars], true)
	require.NoError(t, err)
	for _, statement := range old {
		if regexp.MustCompile("^CREATE TABLE .mailbox.").MatchString(statement) {
			d.exec(statement)
		}
	}
	d.addDomain(account.Domain{Name: "example.com", Active: true})
	b, err := sqldb.Open(t.Context(), d.db, sqldb.Options{Clock: fixedClock})
	require.NoError(t, err)
	assert.Equal(t, account.FieldSet(account.Name, account.EmployeeID), b.Fields())
	apply(t, b, "example.com", ann())
	assert.Equal(t, "Ann Lee", d.row("SELECT name FROM mailbox")["name"])
}

func serverOf(d *database) string {
	var version string
	if err := d.db.QueryRowContext(d.t.Context(), "SELECT sqlite_version()").Scan(&version); err == nil {
		return "sqlite"
	}
	return "mysql"
}

func testDomainSettings(t *testing.T, d *database) {
	for settings, want := range map[string]int64{
		"":                        0,
		"default_user_quota:512;": 512,
		"default_user_quota:512;max_user_quota:100;": 100,
		"max_user_quota:100":                         100,
		"default_user_quota:many;":                   0,
		"default_user_quota:-5;;:;x":                 0,
		"a:b:c;default_user_quota: 7 ;":              7,
	} {
		d.exec("DELETE FROM domain")
		d.exec("INSERT INTO domain (domain, settings) VALUES ('example.com', ?)", settings)
		got, err := d.backend.Domain(t.Context(), "example.com")
		require.NoError(t, err)
		assert.Equal(t, want, got.Quota, settings)
	}
	if !d.dollars {
		d.exec("UPDATE domain SET settings = NULL")
		_, err := d.backend.Domain(t.Context(), "example.com")
		require.NoError(t, err)
	}
}
