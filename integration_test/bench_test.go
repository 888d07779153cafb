//go:build integration

package integration_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/directory"
	"github.com/mailpanel/account-resource/accountresource/resource"
	runs "github.com/mailpanel/account-resource/accountresource/run"
	"github.com/mailpanel/account-resource/accountresource/store"
	"github.com/mailpanel/account-resource/backends"
	"github.com/mailpanel/account-resource/backends/sqldb"
)

// benchmarkSize is how many users a benchmark replicates.
const benchmarkSize = 10_000

// BenchmarkReplication measures a first run, and a second one that has nothing to do, beside two floors taken in the
// same process: reading the same entries with a bare paged search, and inserting the same rows
// with bare multi-row inserts of 500.
func BenchmarkReplication(b *testing.B) {
	for b.Loop() {
		mail := newMail(b)
		d := newBenchDirectory(b, benchmarkSize, mail.domain)
		read := d.readBare(b)
		r := newBenchRunner(b, d, mail)
		first := r.once(b, runs.Run{Outcome: runs.Succeeded, Counts: map[account.Action]int{account.ActionCreated: benchmarkSize}})
		second := r.once(b, runs.Run{Outcome: runs.Succeeded, Counts: map[account.Action]int{}})
		write := writeBare(b, mail)
		b.ReportMetric(benchmarkSize/first.Seconds(), "users/s")
		b.ReportMetric(benchmarkSize/second.Seconds(), "unchanged-users/s")
		b.ReportMetric(benchmarkSize/read.Seconds(), "bare-read/s")
		b.ReportMetric(benchmarkSize/write.Seconds(), "bare-write/s")
		b.ReportMetric(first.Seconds()/max(read, write).Seconds(), "first-run/floor")
		b.ReportMetric(second.Seconds()/read.Seconds(), "second-run/read")
		b.ReportMetric(0, "ns/op")
	}
}

type benchRunner struct {
	runner    *runs.Runner
	resources interface {
		Get(ctx context.Context, id int64) (resource.Resource, error)
	}
	id int64
}

func newBenchRunner(b *testing.B, d *benchDirectory, mail *mail) *benchRunner {
	b.Helper()
	ctx, logger := b.Context(), slog.New(slog.DiscardHandler)
	kept, err := store.Open(ctx, mail.owner, store.Options{Logger: logger, Clock: time.Now})
	require.NoError(b, err)
	backend, err := sqldb.Open(ctx, mail.owner, sqldb.Options{Storage: backends.DefaultStorage()})
	require.NoError(b, err)
	settings := resource.Defaults()
	settings.Connection = d.connection(mail.domain)
	id, err := kept.Resources().Create(ctx, resource.Samba, settings)
	require.NoError(b, err)
	require.NoError(b, kept.Resources().SetEnabled(ctx, id, true))
	return &benchRunner{id: id, resources: kept.Resources(), runner: runs.New(runs.Config{
		OpenReader: directory.Open, Backend: backend, Links: kept.Links(), Journal: kept.Runs(), Leases: kept.Leases(),
		Storage: backends.DefaultStorage(), Owner: "benchmark", Logger: logger, Clock: time.Now,
	})}
}

// once runs a replication that must end as wanted, and gives the time it took.
func (r *benchRunner) once(b *testing.B, want runs.Run) time.Duration {
	b.Helper()
	res, err := r.resources.Get(b.Context(), r.id)
	require.NoError(b, err)
	began := time.Now()
	got, err := r.runner.Once(b.Context(), res, runs.Manual)
	took := time.Since(began)
	require.NoError(b, err)
	require.Equal(b, want.Outcome, got.Outcome, got.Error.String())
	require.Equal(b, want.Counts, got.Counts)
	return took
}

// readBare reads what a run reads, without doing anything with it.
func (d *benchDirectory) readBare(b *testing.B) time.Duration {
	b.Helper()
	began := time.Now()
	conn, err := ldap.DialURL(d.url())
	require.NoError(b, err)
	defer conn.Close()
	c := d.connection("")
	require.NoError(b, conn.Bind(c.BindDN, c.BindPassword.Reveal()))
	users := resource.Defaults().Users
	found, err := conn.SearchWithPaging(ldap.NewSearchRequest(c.BaseDN, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0,
		false, users.Filter, []string{
			"objectGUID", "uSNChanged", users.Mail, users.Status, users.Name, users.FirstName, users.LastName,
			users.EmployeeID, users.Title, users.Mobile, users.Telephone,
		}, nil), 1000)
	require.NoError(b, err)
	require.GreaterOrEqual(b, len(found.Entries), benchmarkSize)
	return time.Since(began)
}

// The columns that a first run writes: of a new mailbox and its self row, of its link and its row in the log.
var bareColumns = map[string]string{
	"mailbox": "username, password, name, first_name, last_name, employeeid, mobile, telephone, language, " +
		"storagebasedirectory, storagenode, maildir, quota, domain, settings, passwordlastchange, created, modified, active",
	"forwardings":           "address, forwarding, domain, dest_domain, is_forwarding, active",
	"account_resource_link": "resource_id, source_id, address, domain, kind, origin, state, dn, home, disabled, suspended, intent, kept, changed",
	"account_resource_log":  "run_id, at, action, kind, source_id, dn, address, diff, reason, detail",
}

// writeBare inserts the rows that a first run leaves once more into empty tables.
func writeBare(b *testing.B, mail *mail) time.Duration {
	b.Helper()
	var took time.Duration
	for table, columns := range bareColumns {
		rows := mail.rows("SELECT " + columns + " FROM " + table)
		require.Len(b, rows, benchmarkSize)
		mail.exec("DELETE FROM " + table)
		began := time.Now()
		insertBare(b, mail.owner, table, strings.Split(columns, ", "), rows)
		took += time.Since(began)
	}
	return took
}

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
