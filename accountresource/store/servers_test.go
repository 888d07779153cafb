//go:build integration

package store_test

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "github.com/lib/pq"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
	"github.com/mailpanel/account-resource/integration_test/servers"
)

func TestMariaDB(t *testing.T) { onServer(t, servers.MariaDB, "mysql", "") }

func TestMariaDBWithParsedTimes(t *testing.T) {
	onServer(t, servers.MariaDB, "mysql", "parseTime=true&clientFoundRows=true")
}

func TestPostgreSQLWithPgx(t *testing.T) { onServer(t, servers.PostgreSQL, "pgx", "") }

func TestPostgreSQLWithPq(t *testing.T) { onServer(t, servers.PostgreSQL, "postgres", "") }

func BenchmarkSearchMissMariaDB(b *testing.B) { searchMiss(b, "mysql", servers.MariaDB(b).DSN) }

func BenchmarkSearchMissPostgreSQL(b *testing.B) { searchMiss(b, "pgx", servers.PostgreSQL(b).DSN) }

func onServer(t *testing.T, database func(testing.TB) servers.Database, driver, parameters string) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dsn := database(t).DSN
			if parameters != "" {
				dsn += separator(dsn) + parameters
			}
			c.run(t, func() *sql.DB { return open(t, driver, dsn) })
		})
	}
}

// MariaDB commits each change of a table by itself: a panel that is killed while it upgrades starts again.
func TestAnUpgradeThatWasCutOffIsMadeAgain(t *testing.T) {
	undo := []string{ // what the upgrade does, in its order
		"ALTER TABLE account_resource_link ADD COLUMN suspended VARCHAR(1) NOT NULL DEFAULT ''",
		"ALTER TABLE account_resource_lease DROP COLUMN renewed",
		"ALTER TABLE account_resource_removal DROP COLUMN action",
		"ALTER TABLE account_resource_run DROP COLUMN waiting",
	}
	seventh := len(undo)
	for _, column := range []string{"logon", "employee_id", "made", "shown", "released", "parted"} {
		undo = append(undo, "ALTER TABLE account_resource_link DROP COLUMN "+column)
	}
	for made := range len(undo) + 1 {
		db := open(t, "mysql", servers.MariaDB(t).DSN)
		opened(t, db)
		for _, statement := range append(slices.Clone(undo[made:]), fmt.Sprint("DELETE FROM account_resource_version WHERE version_id > ", 6+made/(seventh+1))) {
			_, err := db.ExecContext(t.Context(), statement)
			require.NoError(t, err)
		}
		s, _ := opened(t, db)
		_, err := s.Resources().Create(t.Context(), resource.Samba, resource.Defaults())
		require.NoError(t, err, "%d of %d changes were made", made, len(undo))
		_, err = db.ExecContext(t.Context(), "SELECT renewed, action, waiting, logon, employee_id, made, shown, released, parted"+
			" FROM account_resource_lease, account_resource_removal, account_resource_run, account_resource_link")
		require.NoError(t, err)
		_, err = db.ExecContext(t.Context(), "SELECT suspended FROM account_resource_link")
		require.Error(t, err)
	}
}

func separator(dsn string) string {
	if strings.Contains(dsn, "?") {
		return "&"
	}
	return "?"
}

// An admin decides while a run writes what is held: the run has read what there was, and waits for the admin's row.
func TestR15_NoDecisionIsLostToARunThatGoesOn(t *testing.T) {
	for name, c := range map[string]struct {
		database        func(testing.TB) servers.Database
		driver, waiting string
	}{
		"MariaDB": {servers.MariaDB, "mysql",
			"SELECT COUNT(*) FROM information_schema.processlist p JOIN information_schema.innodb_trx x ON x.trx_mysql_thread_id = p.id" +
				" WHERE p.db = DATABASE() AND x.trx_state = 'LOCK WAIT'"},
		"PostgreSQL": {servers.PostgreSQL, "pgx",
			"SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t, c.driver, c.database(t).DSN)
			db.SetMaxOpenConns(3)
			s, clock := opened(t, db)
			l := lease(t, s, 1)
			held := []run.Held{{Source: "a", Kind: account.Mailbox, Action: account.ActionDisabled, Address: "ann@example.com", DN: "CN=Ann", Since: clock.now()}}
			require.NoError(t, s.Removals().Keep(t.Context(), l, held))

			admin, err := db.BeginTx(t.Context(), nil)
			require.NoError(t, err)
			_, err = admin.ExecContext(t.Context(), "UPDATE account_resource_removal SET decision = 'confirmed'")
			require.NoError(t, err)
			kept := make(chan error, 1)
			go func() { kept <- s.Removals().Keep(t.Context(), l, held) }()
			require.Eventually(t, func() bool {
				var n int
				require.NoError(t, db.QueryRowContext(t.Context(), c.waiting).Scan(&n))
				return n == 1
			}, 30*time.Second, 150*time.Millisecond) // MariaDB looks anew only where nobody asked for 100 ms
			require.NoError(t, admin.Commit())
			require.NoError(t, <-kept)
			held[0].Decision = run.Confirmed
			got, err := s.Removals().Waiting(t.Context(), 1)
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(held, got))
		})
	}
}
