package sqldb_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends/backendtest"
	"github.com/mailpanel/account-resource/backends/sqldb"
	"github.com/mailpanel/account-resource/examples/panel/vmail"
)

// fixedClock is a clock that stands.
func fixedClock() time.Time {
	return time.Date(2026, 5, 6, 9, 8, 9, 0, time.FixedZone("CEST", 7200))
}

// database is a vmail database of one test.
type database struct {
	t       *testing.T
	db      *sql.DB
	backend *sqldb.Backend
	elapsed time.Duration // that has gone by on its clock
	dollars bool
}

func newDatabase(t *testing.T, server, driver, dsn string) *database {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	require.NoError(t, err)
	return newDatabaseOn(t, server, db)
}

// newDatabaseOn is a vmail database on a pool that is the test's own.
func newDatabaseOn(t *testing.T, server string, db *sql.DB) *database {
	t.Helper()
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	db.SetMaxOpenConns(1) // whatever works with one connection works with more
	require.NoError(t, vmail.Create(t.Context(), db, server))
	d := &database{t: t, db: db, dollars: server == "pgsql"}
	var err error
	d.backend, err = sqldb.Open(t.Context(), db, sqldb.Options{
		Clock: func() time.Time { return fixedClock().Add(d.elapsed) },
	})
	require.NoError(t, err)
	return d
}

func (d *database) exec(query string, args ...any) {
	d.t.Helper()
	if d.dollars {
		for n := 1; strings.Contains(query, "?"); n++ {
			query = strings.Replace(query, "?", fmt.Sprintf("$%d", n), 1)
		}
	}
	_, err := d.db.ExecContext(context.Background(), query, args...)
	require.NoError(d.t, err)
}

// row reads one row as texts by column.
func (d *database) row(query string) map[string]string {
	d.t.Helper()
	rows, err := d.db.QueryContext(d.t.Context(), query)
	require.NoError(d.t, err)
	defer rows.Close()
	names, err := rows.Columns()
	require.NoError(d.t, err)
	require.True(d.t, rows.Next(), query)
	values := make([]sql.NullString, len(names))
	into := make([]any, len(names))
	for i := range values {
		into[i] = &values[i]
	}
	require.NoError(d.t, rows.Scan(into...))
	require.False(d.t, rows.Next(), "one row only")
	found := map[string]string{}
	for i, name := range names {
		found[name] = values[i].String
		if when, err := time.Parse(time.RFC3339, values[i].String); err == nil { // how PostgreSQL's drivers give it
			found[name] = when.Format(time.DateTime)
		}
		if !values[i].Valid {
			found[name] = "NULL"
		}
	}
	return found
}

func (d *database) store() backendtest.Store {
	return backendtest.Store{
		Backend: d.backend, AddDomain: d.addDomain, AddMailbox: d.addMailbox, AddAlias: d.addAlias,
		AddReserved: func(address string) {
			d.exec("INSERT INTO maillists (address, domain) VALUES (?, ?)", address, account.DomainOf(address))
		},
		SetRoute: d.setRoute, Route: d.route, ForwardOnly: d.forwardOnly, Writes: d.countWrites,
		Policy: func(address string) string {
			return d.pairs("SELECT accesspolicy, '' FROM alias WHERE address = '" + address + "'")[0][0]
		},
		SetPolicy: func(address, policy string) {
			d.exec("UPDATE alias SET accesspolicy = ? WHERE address = ?", policy, address)
		},
		Tick:         func() { d.elapsed += time.Second },
		AddReference: d.addReference, References: d.references, DeletedMailboxes: d.deleted,
	}
}

// countWrites tells changes of the database apart by what it counts itself.
func (d *database) countWrites() int {
	var n int
	if err := d.db.QueryRowContext(d.t.Context(), "SELECT total_changes()").Scan(&n); err == nil {
		return n
	}
	if d.dollars {
		d.exec("SELECT pg_stat_force_next_flush()")
		require.NoError(d.t, d.db.QueryRowContext(d.t.Context(),
			"SELECT SUM(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables").Scan(&n))
		return n
	}
	var name string
	require.NoError(d.t, d.db.QueryRowContext(d.t.Context(),
		"SHOW SESSION STATUS LIKE 'Handler_write'").Scan(&name, &n))
	var updates, deletes int
	require.NoError(d.t, d.db.QueryRowContext(d.t.Context(),
		"SHOW SESSION STATUS LIKE 'Com_update'").Scan(&name, &updates))
	require.NoError(d.t, d.db.QueryRowContext(d.t.Context(),
		"SHOW SESSION STATUS LIKE 'Com_insert'").Scan(&name, &deletes))
	return updates + deletes
}

func (d *database) addDomain(a account.Domain) {
	var settings strings.Builder
	add := func(key, value string) {
		if value != "" && value != "0" {
			settings.WriteString(key + ":" + value + ";")
		}
	}
	add("default_user_quota", fmt.Sprint(a.Quota))
	add("default_language", a.Language)
	add("timezone", a.Timezone)
	add("disabled_mail_services", strings.Join(a.DisabledServices, ","))
	add("unknown_setting", "kept")
	d.exec("INSERT INTO domain (domain, active, backupmx, mailboxes, aliases, maxquota, settings) VALUES (?, ?, ?, ?, ?, ?, ?)",
		a.Name, number(a.Active), number(a.BackupMX), a.MailboxLimit, a.AliasLimit, a.QuotaLimit, settings.String())
}

func (d *database) addMailbox(a account.Account) {
	base, node := "", strings.Split(a.Home, "/")[1]
	maildir := strings.TrimPrefix(a.Home, "/"+node+"/")
	if rest, fresh := strings.CutPrefix(a.Home, "/var/vmail/vmail1/"); fresh {
		base, node, maildir = "/var/vmail", "vmail1", rest
	}
	d.exec("INSERT INTO mailbox (username, domain, name, mobile, employeeid, storagebasedirectory, storagenode, maildir, active, isglobaladmin)"+
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", a.Address, account.DomainOf(a.Address), a.Profile[account.Name],
		a.Profile[account.Mobile], a.Profile[account.EmployeeID], base, node, maildir,
		number(a.Active), number(a.Role == account.GlobalAdmin))
	if a.Role == account.DomainAdmin {
		d.exec("INSERT INTO domain_admins (username, domain) VALUES (?, ?)", a.Address, account.DomainOf(a.Address))
	}
	d.setRoute(account.Route{Address: a.Address, Forwarding: a.Address}, a.Active)
	d.exec("UPDATE forwardings SET is_forwarding = 1 WHERE address = forwarding")
}

func (d *database) addAlias(address string, members ...string) {
	d.exec("INSERT INTO alias (address, domain) VALUES (?, ?)", address, account.DomainOf(address))
	for _, m := range members {
		d.setRoute(account.Route{Address: address, Forwarding: m}, true)
	}
	d.exec("UPDATE forwardings SET is_list = 1 WHERE address = ?", address)
}

func (d *database) setRoute(r account.Route, active bool) {
	d.exec("DELETE FROM forwardings WHERE address = ? AND forwarding = ?", r.Address, r.Forwarding)
	d.exec("INSERT INTO forwardings (address, forwarding, domain, dest_domain, active) VALUES (?, ?, ?, ?, ?)",
		r.Address, r.Forwarding, account.DomainOf(r.Address), account.DomainOf(r.Forwarding), number(active))
}

func (d *database) route(r account.Route) (active bool) {
	err := d.db.QueryRowContext(d.t.Context(), fmt.Sprintf(
		"SELECT active FROM forwardings WHERE address = '%s' AND forwarding = '%s'", r.Address, r.Forwarding)).Scan(&active)
	return active && err == nil
}

func (d *database) forwardOnly(from, to string) {
	d.exec("DELETE FROM forwardings WHERE address = ?", from)
	d.setRoute(account.Route{Address: from, Forwarding: to}, true)
	d.exec("UPDATE forwardings SET is_forwarding = 1 WHERE address = ?", from)
}

// referenceTables say where a reference of a kind stands.
var referenceTables = map[backendtest.ReferenceKind]struct{ table, owner, other string }{
	backendtest.Moderator:   {"moderators", "address", "moderator"},
	backendtest.Bcc:         {"recipient_bcc_user", "username", "bcc_address"},
	backendtest.DomainBcc:   {"recipient_bcc_domain", "domain", "bcc_address"},
	backendtest.DomainAdmin: {"domain_admins", "username", "domain"},
	backendtest.Quota:       {"used_quota", "username", ""},
	backendtest.Login:       {"last_login", "username", ""},
	backendtest.Share:       {"share_folder", "from_user", "to_user"},
	backendtest.PublicShare: {"anyone_shares", "from_user", ""},
}

func (d *database) addReference(t backendtest.Reference) {
	where := referenceTables[t.Kind]
	if where.other == "" {
		d.exec("INSERT INTO "+where.table+" ("+where.owner+") VALUES (?)", t.Owner)
		return
	}
	d.exec("INSERT INTO "+where.table+" ("+where.owner+", "+where.other+") VALUES (?, ?)", t.Owner, t.Other)
}

func (d *database) references() (all []backendtest.Reference) {
	for kind, where := range referenceTables {
		other := where.other
		if other == "" {
			other = "''"
		}
		for _, pair := range d.pairs("SELECT " + where.owner + ", " + other + " FROM " + where.table) {
			all = append(all, backendtest.Reference{Kind: kind, Owner: pair[0], Other: pair[1]})
		}
	}
	return all
}

func (d *database) deleted() (all []backendtest.DeletedMailbox) {
	dates := map[string]string{}
	for _, pair := range d.pairs("SELECT username, SUBSTR(delete_date, 1, 10) FROM deleted_mailboxes WHERE delete_date IS NOT NULL") {
		dates[pair[0]] = pair[1]
	}
	for _, pair := range d.pairs("SELECT username, maildir FROM deleted_mailboxes") {
		all = append(all, backendtest.DeletedMailbox{Address: pair[0], Home: pair[1], Until: dates[pair[0]]})
	}
	return all
}

func (d *database) pairs(query string) (all [][2]string) {
	d.t.Helper()
	if d.dollars {
		query = strings.ReplaceAll(query, "SUBSTR(delete_date, 1, 10)", "TO_CHAR(delete_date, 'YYYY-MM-DD')")
	}
	rows, err := d.db.QueryContext(d.t.Context(), query)
	require.NoError(d.t, err)
	defer rows.Close()
	for rows.Next() {
		var pair [2]string
		require.NoError(d.t, rows.Scan(&pair[0], &pair[1]))
		all = append(all, pair)
	}
	require.NoError(d.t, rows.Err())
	return all
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

func sqlite(t *testing.T) *database {
	return newDatabase(t, "sqlite", "sqlite", filepath.Join(t.TempDir(), "vmail.db"))
}

func TestConformanceOnSQLite(t *testing.T) {
	backendtest.Run(t, func(t *testing.T) backendtest.Store { return sqlite(t).store() })
}

func TestColumnsOnSQLite(t *testing.T) { testColumns(t, sqlite) }
