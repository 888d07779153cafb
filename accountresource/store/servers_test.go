//go:build integration

package store_test

import (
	"database/sql"
	"strings"
	"testing"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "github.com/lib/pq"

	"github.com/mailpanel/account-resource/integration_test/servers"
)

func TestMariaDB(t *testing.T) { onServer(t, servers.MariaDB, "mysql", "") }

func TestMariaDBWithParsedTimes(t *testing.T) {
	onServer(t, servers.MariaDB, "mysql", "parseTime=true&clientFoundRows=true")
}

func TestPostgreSQLWithPgx(t *testing.T) { onServer(t, servers.PostgreSQL, "pgx", "") }

func TestPostgreSQLWithPq(t *testing.T) { onServer(t, servers.PostgreSQL, "postgres", "") }

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

func separator(dsn string) string {
	if strings.Contains(dsn, "?") {
		return "&"
	}
	return "?"
}
