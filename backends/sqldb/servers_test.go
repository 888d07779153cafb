//go:build integration

package sqldb_test

import (
	"testing"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/mailpanel/account-resource/backends/backendtest"
	"github.com/mailpanel/account-resource/integration_test/servers"
)

func mariadb(t *testing.T) *database {
	return newDatabase(t, "mysql", "mysql", servers.MariaDB(t).DSN)
}

func TestConformanceOnMariaDB(t *testing.T) {
	backendtest.Run(t, func(t *testing.T) backendtest.Store { return mariadb(t).store() })
}

func TestColumnsOnMariaDB(t *testing.T) { testColumns(t, mariadb) }

// A host may have the driver make times of what it reads.
func TestMadeOnMariaDBWithParsedTimes(t *testing.T) {
	testMade(t, newDatabase(t, "mysql", "mysql", servers.MariaDB(t).DSN+"?parseTime=true&loc=Asia%2FTokyo"))
}

func postgres(driver string) func(*testing.T) *database {
	return func(t *testing.T) *database { return newDatabase(t, "pgsql", driver, servers.PostgreSQL(t).DSN) }
}

func TestConformanceOnPostgreSQL(t *testing.T) {
	backendtest.Run(t, func(t *testing.T) backendtest.Store { return postgres("pgx")(t).store() })
}

// A host may use either driver.
func TestConformanceOnPostgreSQLWithPq(t *testing.T) {
	backendtest.Run(t, func(t *testing.T) backendtest.Store { return postgres("postgres")(t).store() })
}

func TestColumnsOnPostgreSQLWithPq(t *testing.T) { testColumns(t, postgres("postgres")) }

func TestColumnsOnPostgreSQL(t *testing.T) { testColumns(t, postgres("pgx")) }

func TestUnwritableOnMariaDB(t *testing.T) {
	testUnwritable(t, mariadb, "SET SESSION TRANSACTION READ ONLY", "SET SESSION TRANSACTION READ WRITE")
}

func TestUnwritableOnPostgreSQL(t *testing.T) {
	for _, driver := range []string{"pgx", "postgres"} {
		testUnwritable(t, postgres(driver), "SET default_transaction_read_only = on", "SET default_transaction_read_only = off")
	}
}
