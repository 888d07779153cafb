//go:build integration

package integration_test

import (
	"database/sql"
	"fmt"
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/examples/panel/vmail"
	"github.com/mailpanel/account-resource/integration_test/servers"
)

// mail is a vmail database with one hosted domain. On MariaDB the panel's user has the rights that iRedMail gives to its
// own panel, and no others.
type mail struct {
	tb       testing.TB
	owner    *sql.DB
	limits   servers.Database
	domain   string
	backend  string // as PANEL_BACKEND names it
	numbered bool   // placeholders are $1, $2
}

// rights are those of iRedMail's vmailadmin.
const rights = "SELECT, INSERT, UPDATE, DELETE"

func newMail(tb testing.TB) *mail {
	tb.Helper()
	database := servers.MariaDB(tb)
	m := &mail{tb: tb, owner: database.Open(tb), limits: database.As(tb, rights), domain: mailDomain(tb), backend: "mysql"}
	m.begin()
	return m
}

// newPostgresMail is the same in PostgreSQL.
func newPostgresMail(tb testing.TB) *mail {
	tb.Helper()
	database := servers.PostgreSQL(tb)
	m := &mail{
		tb: tb, owner: database.Open(tb), limits: database, domain: mailDomain(tb), backend: "pgsql", numbered: true,
	}
	m.begin()
	return m
}

func (m *mail) begin() {
	m.tb.Helper()
	require.NoError(m.tb, vmail.Create(m.tb.Context(), m.owner, m.backend))
	m.exec("INSERT INTO domain (domain, settings) VALUES (?, ?)", m.domain,
		"default_user_quota:1024;max_user_quota:4096;default_language:de_DE;timezone:Asia/Tokyo;disabled_mail_services:pop3,sogo;")
}

// settings point a panel at the database.
func (m *mail) settings() settings {
	return settings{"PANEL_BACKEND": m.backend, "PANEL_VMAIL_DB": m.limits.DSN}
}

func (m *mail) hosted() string { return m.domain }

// active are the addresses that are switched on, and their names.
func (m *mail) active() map[string]string {
	m.tb.Helper()
	names := map[string]string{}
	for _, r := range m.rows("SELECT username, name FROM mailbox WHERE active = 1") {
		names[r["username"]] = r["name"]
	}
	return names
}

// lookups are where Postfix and Dovecot look.
func (m *mail) lookups() servers.MailStore { return servers.MailStoreOf(m.tb, m.limits) }

// marked has the placeholders that the server knows.
func (m *mail) marked(query string) string {
	for n := 1; m.numbered && strings.Contains(query, "?"); n++ {
		query = strings.Replace(query, "?", fmt.Sprintf("$%d", n), 1)
	}
	return query
}

// writes is how many writing statements the panel has sent to the mail database.
func (m *mail) writes() int {
	m.tb.Helper()
	return m.limits.Writes(m.tb)
}

func (m *mail) exec(query string, args ...any) {
	m.tb.Helper()
	_, err := m.owner.ExecContext(m.tb.Context(), m.marked(query), args...)
	require.NoError(m.tb, err, query)
}

func (m *mail) count(query string, args ...any) int {
	m.tb.Helper()
	var n int
	require.NoError(m.tb, m.owner.QueryRowContext(m.tb.Context(), m.marked(query), args...).Scan(&n), query)
	return n
}

// row is a row by column name; NULL is "NULL".
type row map[string]string

func (m *mail) rows(query string, args ...any) []row {
	m.tb.Helper()
	rows, err := m.owner.QueryContext(m.tb.Context(), m.marked(query), args...)
	require.NoError(m.tb, err, query)
	defer rows.Close()
	columns, err := rows.Columns()
	require.NoError(m.tb, err)
	var all []row
	for rows.Next() {
		cells := make([]sql.NullString, len(columns))
		into := make([]any, len(columns))
		for i := range cells {
			into[i] = &cells[i]
		}
		require.NoError(m.tb, rows.Scan(into...))
		r := row{}
		for i, name := range columns {
			r[name] = "NULL"
			if cells[i].Valid {
				r[name] = cells[i].String
			}
		}
		all = append(all, r)
	}
	require.NoError(m.tb, rows.Err())
	return all
}

// mailbox is the row of a user of the test's domain, by the local part.
func (m *mail) mailbox(local string) row {
	m.tb.Helper()
	found := m.rows("SELECT * FROM mailbox WHERE username = ?", local+"@"+m.domain)
	require.Len(m.tb, found, 1, "the mailbox %s", local)
	return found[0]
}

// routes are the forwarding rows that name the address, as "address>forwarding", those that are off in brackets.
func (m *mail) routes(local string) []string {
	m.tb.Helper()
	address := local + "@" + m.domain
	var all []string
	for _, r := range m.rows("SELECT * FROM forwardings WHERE address = ? OR forwarding = ?", address, address) {
		text := strings.ReplaceAll(r["address"]+">"+r["forwarding"], "@"+m.domain, "")
		if r["active"] != "1" {
			text = "(" + text + ")"
		}
		all = append(all, text)
	}
	sort.Strings(all)
	return all
}

// existing makes a local mailbox by hand, as the mail server's own panel would.
func (m *mail) existing(local string, extra map[string]string) {
	m.tb.Helper()
	address := local + "@" + m.domain
	columns, marks, args := []string{}, []string{}, []any{}
	values := map[string]string{
		"username": address, "domain": m.domain, "password": "{SSHA512}kept", "name": "Old Name", "quota": "77",
		"maildir": "somewhere/" + local + "/", "created": "2020-01-02 03:04:05", "modified": "2020-01-02 03:04:05",
		"passwordlastchange": "2020-01-02 03:04:05",
	}
	for name, value := range extra {
		values[name] = value
	}
	for name, value := range values {
		columns, marks, args = append(columns, name), append(marks, "?"), append(args, value)
	}
	m.exec(fmt.Sprintf("INSERT INTO mailbox (%s) VALUES (%s)", strings.Join(columns, ", "), strings.Join(marks, ", ")), args...)
	m.route(local, local, "is_forwarding")
}

// route adds a forwarding row of the kind (is_forwarding, is_alias, is_list) between two users of the domain.
func (m *mail) route(from, to, kind string) {
	m.tb.Helper()
	m.exec("INSERT INTO forwardings (address, forwarding, domain, dest_domain, "+kind+", active) VALUES (?, ?, ?, ?, 1, 1)",
		from+"@"+m.domain, to+"@"+m.domain, m.domain, m.domain)
}
