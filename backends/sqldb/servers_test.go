//go:build integration

package sqldb_test

import (
	"testing"

	_ "github.com/go-sql-driver/mysql"

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
