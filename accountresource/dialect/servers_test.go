//go:build integration

package dialect_test

import (
	"database/sql"
	"errors"
	"testing"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "github.com/lib/pq"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/dialect"
	"github.com/mailpanel/account-resource/integration_test/servers"
)

func TestTransactionsOnMariaDB(t *testing.T) { testTransactions(t, by(servers.MariaDB, "mysql")) }

func TestTransactionsOnPostgreSQLWithPgx(t *testing.T) {
	testTransactions(t, by(servers.PostgreSQL, "pgx"))
}

func TestTransactionsOnPostgreSQLWithPq(t *testing.T) {
	testTransactions(t, by(servers.PostgreSQL, "postgres"))
}

func by(database func(testing.TB) servers.Database, driver string) func(*testing.T) *sql.DB {
	return func(t *testing.T) *sql.DB {
		d := database(t)
		d.Driver = driver
		return d.Open(t)
	}
}

const (
	postgresOthers = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
	postgresKill   = "SELECT pg_terminate_backend"
)

// A server that was restarted at night leaves a pool of dead connections.
func TestTransactionsPassOverDeadConnections(t *testing.T) {
	for name, c := range map[string]struct {
		open func(*testing.T) *sql.DB
		list string
		kill string
	}{
		"MariaDB": {by(servers.MariaDB, "mysql"),
			"SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()", "KILL "},
		"PostgreSQL with pgx":    {by(servers.PostgreSQL, "pgx"), postgresOthers, postgresKill},
		"PostgreSQL with lib/pq": {by(servers.PostgreSQL, "postgres"), postgresOthers, postgresKill},
	} {
		t.Run(name, func(t *testing.T) {
			db := c.open(t)
			d, err := dialect.Detect(t.Context(), db)
			require.NoError(t, err)
			_, err = db.ExecContext(t.Context(), "CREATE TABLE numbers (n INTEGER)")
			require.NoError(t, err)
			const idle = 5
			var taken []*sql.Conn
			for range idle + 1 {
				conn, err := db.Conn(t.Context())
				require.NoError(t, err)
				taken = append(taken, conn)
			}
			killer := taken[0]
			rows, err := killer.QueryContext(t.Context(), c.list)
			require.NoError(t, err)
			var ids []string
			for rows.Next() {
				var id string
				require.NoError(t, rows.Scan(&id))
				ids = append(ids, id)
			}
			require.NoError(t, rows.Err())
			require.NoError(t, rows.Close())
			require.Len(t, ids, idle)
			for _, conn := range taken[1:] {
				require.NoError(t, conn.Close())
			}
			for _, id := range ids {
				_, err := killer.ExecContext(t.Context(), c.kill+"("+id+")")
				require.NoError(t, err)
			}
			require.NoError(t, d.Transaction(t.Context(), db, func(tx *dialect.Tx) error { return insert(t.Context(), tx, 1) }))
			require.NoError(t, killer.Close())
			require.Equal(t, []int{1}, numbers(t, db))
		})
	}
}

// A process that stands still in the middle of a transaction holds its rows for some seconds only. The server then ends the transaction, and
// others can write. Before that they are told that the row is locked.
func TestAFrozenTransactionGivesItsRowsBack(t *testing.T) {
	for name, open := range map[string]func(*testing.T) *sql.DB{
		"MariaDB": by(servers.MariaDB, "mysql"), "PostgreSQL with pgx": by(servers.PostgreSQL, "pgx"),
		"PostgreSQL with lib/pq": by(servers.PostgreSQL, "postgres"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			d, err := dialect.Detect(t.Context(), db)
			require.NoError(t, err)
			for _, text := range []string{"CREATE TABLE numbers (n INTEGER PRIMARY KEY, m INTEGER)", "INSERT INTO numbers VALUES (1, 0)"} {
				_, err = db.ExecContext(t.Context(), text)
				require.NoError(t, err)
			}
			raise := func(tx *dialect.Tx) error {
				_, err := tx.ExecContext(t.Context(), "UPDATE numbers SET m = m + 1 WHERE n = 1")
				return err
			}
			locked, thaw, frozen := make(chan struct{}), make(chan struct{}), make(chan error, 1)
			go func() {
				frozen <- d.Transaction(t.Context(), db, func(tx *dialect.Tx) error {
					err := raise(tx)
					close(locked)
					<-thaw
					return err
				})
			}()
			<-locked
			const attempts = 3
			for n := 1; ; n++ {
				err = d.Transaction(t.Context(), db, raise)
				if err == nil {
					break
				}
				require.True(t, dialect.IsUnwritable(err), "%v", err)
				require.Less(t, n, attempts)
			}
			close(thaw)
			require.Error(t, <-frozen, "what was frozen did not happen")
			var m int
			require.NoError(t, db.QueryRowContext(t.Context(), "SELECT m FROM numbers").Scan(&m))
			assert.Equal(t, 1, m)
			if d.Limit != "" {
				var now, before int
				require.NoError(t, db.QueryRowContext(t.Context(),
					"SELECT @@SESSION.innodb_lock_wait_timeout, @@GLOBAL.innodb_lock_wait_timeout").Scan(&now, &before))
				assert.Equal(t, before, now, "the connection is as it was")
			}
		})
	}
}

// What Galera does to a transaction that loses against another node's: it is gone, and only a statement that is not prepared is told. What
// follows does not happen either.
func TestATransactionThatTheServerTookBackIsNoSuccess(t *testing.T) {
	db := by(servers.MariaDB, "mysql")(t)
	d, err := dialect.Detect(t.Context(), db)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), "CREATE TABLE numbers (n INTEGER)")
	require.NoError(t, err)
	for _, texts := range [][]string{
		{"INSERT INTO numbers VALUES (1)", "ROLLBACK"},
		{"ROLLBACK", "INSERT INTO numbers VALUES (1)"},
		{"INSERT INTO numbers VALUES (1)", "ROLLBACK", "INSERT INTO numbers VALUES (2)", "INSERT INTO numbers VALUES (3)"},
	} {
		err = d.Transaction(t.Context(), db, func(tx *dialect.Tx) (err error) {
			for _, text := range texts {
				if _, failed := tx.ExecContext(t.Context(), text); failed != nil {
					err = errors.Join(err, failed)
				}
			}
			return err
		})
		require.ErrorIs(t, err, dialect.ErrTakenBack)
		assert.True(t, dialect.IsLost(err), "it is made again")
		var n int
		require.NoError(t, db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM numbers").Scan(&n))
		assert.Zero(t, n, "%v", texts)
	}
	var commits bool
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT @@SESSION.autocommit").Scan(&commits))
	assert.True(t, commits, "the connection is as it was")
}
