//go:build integration

package integration_test

import (
	"cmp"
	"context"
	"database/sql"
	"log/slog"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/directory"
	"github.com/mailpanel/account-resource/accountresource/resource"
	runs "github.com/mailpanel/account-resource/accountresource/run"
	"github.com/mailpanel/account-resource/accountresource/store"
	"github.com/mailpanel/account-resource/backends"
	"github.com/mailpanel/account-resource/backends/sqldb"
	"github.com/mailpanel/account-resource/integration_test/servers"
)

// benchmarkSize is how many users a benchmark replicates.
const benchmarkSize = 5_000

// benchStore is a mail store with the module's tables beside it, and the floor of writing: the same rows or entries
// once more, the barest way the store knows.
type benchStore struct {
	tables *sql.DB // of the module
	domain string
	open   func(context.Context) (backends.Backend, error)
	bare   func(b *testing.B) time.Duration
	// read reads what a run has to know of the accounts, the barest way; nil where that is little beside the directory.
	read func(b *testing.B) time.Duration
	// settle has the server do what it does by itself within a minute, which a benchmark does not wait for; it may be nil.
	settle func(b *testing.B)
}

func mariaDBForBench(b *testing.B) *benchStore {
	mail := newMail(b)
	return &benchStore{
		tables: mail.owner, domain: mail.domain,
		open: func(ctx context.Context) (backends.Backend, error) {
			return sqldb.Open(ctx, mail.owner, sqldb.Options{})
		},
		bare: func(b *testing.B) time.Duration { return writeBare(b, mail, insertBare) },
	}
}

func postgreSQLForBench(b *testing.B) *benchStore {
	mail := newPostgresMail(b)
	pool := servers.Database{Driver: "pgx", DSN: mail.limits.DSN, Name: mail.limits.Name}.Open(b)
	return &benchStore{
		tables: pool, domain: mail.domain,
		open: func(ctx context.Context) (backends.Backend, error) { return sqldb.Open(ctx, pool, sqldb.Options{}) },
		bare: func(b *testing.B) time.Duration { return writeBare(b, mail, copyBare) },
		settle: func(b *testing.B) { // as autovacuum does
			_, err := pool.ExecContext(b.Context(), "VACUUM ANALYZE")
			require.NoError(b, err)
		},
	}
}

func openLDAPForBench(b *testing.B) *benchStore {
	tree, beside := newTree(b), newMail(b)
	return &benchStore{
		tables: beside.owner, domain: tree.domain, open: tree.open,
		bare: func(b *testing.B) time.Duration {
			rows := writeTables(b, beside, insertBare, "account_resource_link", "account_resource_log")
			return rows + addBare(b, tree)
		},
		read: func(b *testing.B) time.Duration { return readEntries(b, tree) },
	}
}

// BenchmarkReplication measures a first run, and a second one that has nothing to do, beside two floors taken in the
// same process: reading the same entries with a bare paged search, and writing the same rows with bare multi-row
// inserts (MariaDB), COPY (PostgreSQL), or the same entries with bare adds over as many connections (OpenLDAP).
// first-run/both compares with the two floors one after the other; first-run/least with the longest of the slower floor and the
// time that all processors of the machine are busy with both: where directory, client and server share two of them, that is the limit.
func BenchmarkReplication(b *testing.B) {
	for name, open := range map[string]func(*testing.B) *benchStore{
		"MariaDB": mariaDBForBench, "PostgreSQL": postgreSQLForBench, "OpenLDAP": openLDAPForBench,
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				replicate(b, open(b))
			}
		})
	}
}

func replicate(b *testing.B, mail *benchStore) {
	d := newBenchDirectory(b, benchmarkSize, mail.domain)
	busy := busyTime(b)
	read := d.readBare(b)
	busyReading := busyTime(b) - busy
	r := newBenchRunner(b, d, mail)
	first := r.once(b, runs.Run{Outcome: runs.Succeeded, Counts: map[account.Action]int{account.ActionCreated: benchmarkSize}})
	r.wanted = runs.Full
	second := r.once(b, runs.Run{Outcome: runs.Succeeded, Counts: map[account.Action]int{}})
	if mail.read != nil {
		stored := mail.read(b)
		b.ReportMetric(second.Seconds()/max(read, stored).Seconds(), "second-run/floor")
		b.ReportMetric(benchmarkSize/stored.Seconds(), "bare-entries/s")
	}
	busy = busyTime(b)
	write := mail.bare(b)
	least := max(read, write, (busyReading+busyTime(b)-busy)/time.Duration(runtime.NumCPU()))
	b.ReportMetric(benchmarkSize/first.Seconds(), "users/s")
	b.ReportMetric(benchmarkSize/second.Seconds(), "unchanged-users/s")
	b.ReportMetric(benchmarkSize/read.Seconds(), "bare-read/s")
	b.ReportMetric(benchmarkSize/write.Seconds(), "bare-write/s")
	b.ReportMetric(first.Seconds()/max(read, write).Seconds(), "first-run/floor")
	b.ReportMetric(first.Seconds()/(read+write).Seconds(), "first-run/both")
	b.ReportMetric(first.Seconds()/least.Seconds(), "first-run/least")
	b.ReportMetric(second.Seconds()/read.Seconds(), "second-run/read")
	b.ReportMetric(0, "ns/op")
}

// busyTime returns how long the processors of the machine have worked, added up (proc(5), /proc/stat: user, nice and system time in
// hundredths of a second).
func busyTime(b *testing.B) time.Duration {
	b.Helper()
	content, err := os.ReadFile("/proc/stat")
	require.NoError(b, err)
	fields := strings.Fields(string(content))
	require.Greater(b, len(fields), 3)
	var sum int64
	for _, field := range fields[1:4] {
		n, err := strconv.ParseInt(field, 10, 64)
		require.NoError(b, err)
		sum += n
	}
	return time.Duration(sum) * 10 * time.Millisecond
}

type benchRunner struct {
	runner    *runs.Runner
	resources interface {
		Get(ctx context.Context, id int64) (resource.Resource, error)
		Save(ctx context.Context, res resource.Resource, s resource.Settings, typed resource.Secret) error
	}
	id     int64
	groups bool // are replicated too
	wanted runs.Mode
}

func newBenchRunner(b *testing.B, d *benchDirectory, mail *benchStore) *benchRunner {
	b.Helper()
	ctx, logger := b.Context(), slog.New(slog.DiscardHandler)
	kept, err := store.Open(ctx, mail.tables, store.Options{Keys: [][32]byte{{}}, Logger: logger, Clock: time.Now})
	require.NoError(b, err)
	backend, err := mail.open(ctx)
	require.NoError(b, err)
	settings := resource.Defaults()
	settings.Connection = d.connection(mail.domain)
	id, err := kept.Resources().Create(ctx, resource.Samba, settings)
	require.NoError(b, err)
	require.NoError(b, kept.Resources().SetEnabled(ctx, id, true))
	return &benchRunner{id: id, resources: kept.Resources(), runner: runs.New(runs.Config{
		OpenReader: directory.Open, Mail: runs.Mail{Backend: backend, Storage: backends.DefaultStorage()},
		Store: runs.Store{
			Links: kept.Links(), Journal: kept.Runs(), Leases: kept.Leases(), Watermarks: kept.Watermarks(), Removals: kept.Removals(),
		},
		Owner: "benchmark", Logger: logger, Clock: time.Now,
	})}
}

// once runs a replication that must end as wanted, and gives the time it took.
func (r *benchRunner) once(b *testing.B, want runs.Run) time.Duration {
	b.Helper()
	res, err := r.resources.Get(b.Context(), r.id)
	require.NoError(b, err)
	res.Settings.Replication.Groups = r.groups
	began := time.Now()
	got, err := r.runner.Once(b.Context(), res, runs.Manual, cmp.Or(r.wanted, runs.Incremental))
	took := time.Since(began)
	require.NoError(b, err)
	require.Equal(b, want.Outcome, got.Outcome, got.Error.String())
	if want.Counts != nil {
		require.Equal(b, want.Counts, got.Counts)
	}
	if want.Mode != "" {
		require.Equal(b, want.Mode, got.Mode)
	}
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
