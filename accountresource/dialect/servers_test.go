//go:build integration

package dialect_test

import (
	"database/sql"
	"testing"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "github.com/lib/pq"
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
