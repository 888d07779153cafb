//go:build integration

package integration_test

import (
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"
)

// The columns that a first run writes: of a new mailbox and its self row, of its link and its row in the log.
var bareColumns = map[string]string{
	"mailbox": "username, password, name, first_name, last_name, employeeid, mobile, telephone, language, " +
		"storagebasedirectory, storagenode, maildir, quota, domain, settings, passwordlastchange, created, modified, active",
	"forwardings":           "address, forwarding, domain, dest_domain, is_forwarding, active",
	"account_resource_link": "resource_id, source_id, address, domain, kind, origin, state, dn, home, disabled, intent, kept, changed",
	"account_resource_log":  "run_id, at, action, kind, source_id, dn, address, diff, reason, detail",
}

// bareWriter writes rows the barest way a server knows.
type bareWriter func(b *testing.B, db *sql.DB, table string, columns []string, rows []row)

// writeBare writes the rows that a first run leaves once more into empty tables.
func writeBare(b *testing.B, mail *mail, write bareWriter) time.Duration {
	b.Helper()
	return writeTables(b, mail, write, "mailbox", "forwardings", "account_resource_link", "account_resource_log")
}

func writeTables(b *testing.B, mail *mail, write bareWriter, tables ...string) time.Duration {
	b.Helper()
	var took time.Duration
	for _, table := range tables {
		rows := mail.rows("SELECT " + bareColumns[table] + " FROM " + table)
		require.Len(b, rows, benchmarkSize)
		mail.exec("DELETE FROM " + table)
		began := time.Now()
		write(b, mail.owner, table, strings.Split(bareColumns[table], ", "), rows)
		took += time.Since(began)
	}
	return took
}

// insertBare writes with multi-row inserts.
func insertBare(b *testing.B, db *sql.DB, table string, columns []string, rows []row) {
	b.Helper()
	const together = 500
	one := "(" + strings.TrimSuffix(strings.Repeat("?, ", len(columns)), ", ") + ")"
	for from := 0; from < len(rows); from += together {
		batch := rows[from:min(from+together, len(rows))]
		var args []any
		for _, r := range batch {
			for _, column := range columns {
				args = append(args, r[column])
			}
		}
		marks := strings.TrimSuffix(strings.Repeat(one+", ", len(batch)), ", ")
		_, err := db.ExecContext(b.Context(),
			fmt.Sprintf("INSERT INTO %s (%s) VALUES %s", table, strings.Join(columns, ", "), marks), args...)
		require.NoError(b, err)
	}
}

// copyBare writes with COPY, which PostgreSQL alone has.
func copyBare(b *testing.B, db *sql.DB, table string, columns []string, rows []row) {
	b.Helper()
	tx, err := db.BeginTx(b.Context(), nil)
	require.NoError(b, err)
	statement, err := tx.PrepareContext(b.Context(), "COPY "+table+" ("+strings.Join(columns, ", ")+") FROM STDIN")
	require.NoError(b, err)
	for _, r := range rows {
		values := make([]any, len(columns))
		for i, column := range columns {
			values[i] = r[column]
		}
		_, err := statement.ExecContext(b.Context(), values...)
		require.NoError(b, err)
	}
	_, err = statement.ExecContext(b.Context())
	require.NoError(b, err)
	require.NoError(b, statement.Close())
	require.NoError(b, tx.Commit())
}

// addBare adds the users' entries once more, over as many connections as the backend uses.
func addBare(b *testing.B, tree *tree) time.Duration {
	b.Helper()
	const connections = 4
	found, err := tree.conn.SearchWithPaging(ldap.NewSearchRequest(tree.server.BaseDN, ldap.ScopeWholeSubtree,
		ldap.NeverDerefAliases, 0, 0, false, "(objectClass=mailUser)", []string{"*"}, nil), 500)
	require.NoError(b, err)
	require.Len(b, found.Entries, benchmarkSize)
	each(b, tree, connections, found.Entries, func(conn *ldap.Conn, e *ldap.Entry) error {
		return conn.Del(ldap.NewDelRequest(e.DN, nil))
	})
	began := time.Now()
	each(b, tree, connections, found.Entries, func(conn *ldap.Conn, e *ldap.Entry) error {
		request := ldap.NewAddRequest(e.DN, nil)
		for _, a := range e.Attributes {
			request.Attribute(a.Name, a.Values)
		}
		return conn.Add(request)
	})
	return time.Since(began)
}

// readEntries reads the users' entries with a paged search for the attributes that a run compares.
func readEntries(b *testing.B, tree *tree) time.Duration {
	b.Helper()
	began := time.Now()
	conn := tree.server.Connect(b)
	found, err := conn.SearchWithPaging(ldap.NewSearchRequest(tree.server.BaseDN, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false,
		"(objectClass=mailUser)", []string{
			"objectClass", "mail", "shadowAddress", "accountStatus", "homeDirectory", "domainGlobalAdmin", "entryUUID", "cn", "givenName",
			"sn", "employeeNumber", "title", "mobile", "telephoneNumber",
		}, nil), 1000)
	require.NoError(b, err)
	require.Len(b, found.Entries, benchmarkSize)
	return time.Since(began)
}

func each(b *testing.B, tree *tree, connections int, entries []*ldap.Entry, work func(*ldap.Conn, *ldap.Entry) error) {
	b.Helper()
	var wg sync.WaitGroup
	errs := make(chan error, connections)
	for n := range connections {
		conn := tree.server.Connect(b)
		wg.Go(func() {
			for i := n; i < len(entries); i += connections {
				if err := work(conn, entries[i]); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	require.NoError(b, <-errs)
}
