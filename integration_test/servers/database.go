package servers

import (
	"crypto/rand"
	"database/sql"
	"net/url"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// Database is a database of a test's own on one of the running servers.
type Database struct {
	Driver string // "mysql" or "postgres"
	DSN    string
	Name   string
}

// Open is a pool for the database; it is closed when the test ends.
func (d Database) Open(tb testing.TB) *sql.DB {
	tb.Helper()
	db, err := sql.Open(d.Driver, d.DSN)
	if err != nil {
		tb.Fatalf("open %s: %v", d.Name, err)
	}
	tb.Cleanup(func() { _ = db.Close() })
	return db
}

// MariaDB makes an empty database that goes when the test ends, and gives the DSN under which it is reached over TCP
// with a password, as a host's configuration would have it.
func MariaDB(tb testing.TB) Database {
	tb.Helper()
	name := newName()
	admin := Database{Driver: "mysql", DSN: lookup(tb, envMySQL), Name: "mysql"}.Open(tb)
	execute(tb, admin, "CREATE DATABASE "+name)
	tb.Cleanup(func() { execute(tb, admin, "DROP DATABASE "+name) })
	config, err := mysql.ParseDSN(lookup(tb, envMySQLTCP))
	if err != nil {
		tb.Fatalf("read %s: %v", envMySQLTCP, err)
	}
	config.DBName = name
	return Database{Driver: "mysql", DSN: config.FormatDSN(), Name: name}
}

// PostgreSQL makes an empty database that goes when the test ends.
func PostgreSQL(tb testing.TB) Database {
	tb.Helper()
	name := newName()
	dsn := lookup(tb, envPostgres)
	admin := Database{Driver: "postgres", DSN: dsn, Name: "postgres"}.Open(tb)
	execute(tb, admin, "CREATE DATABASE "+name)
	tb.Cleanup(func() { execute(tb, admin, "DROP DATABASE "+name+" WITH (FORCE)") })
	address, err := url.Parse(dsn)
	if err != nil {
		tb.Fatalf("read %s: %v", envPostgres, err)
	}
	address.Path = "/" + name
	return Database{Driver: "postgres", DSN: address.String(), Name: name}
}

func newName() string { return "test_" + strings.ToLower(rand.Text()[:12]) }

func execute(tb testing.TB, db *sql.DB, query string) {
	tb.Helper()
	if _, err := db.ExecContext(tb.Context(), query); err != nil {
		tb.Errorf("%s: %v", query, err)
	}
}
