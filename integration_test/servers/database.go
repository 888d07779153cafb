package servers

import (
	"context"
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
	db.SetMaxIdleConns(8) // as a panel would
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

// As is the same database of MariaDB for a new user who has only the rights given, such as "SELECT, INSERT". MariaDB
// counts what that user does, apart from everybody else: see Writes.
func (d Database) As(tb testing.TB, rights string) Database {
	tb.Helper()
	config, err := mysql.ParseDSN(d.DSN)
	if err != nil {
		tb.Fatalf("read the DSN of %s: %v", d.Name, err)
	}
	config.User, config.Passwd = newName(), rand.Text()
	admin := Database{Driver: d.Driver, DSN: lookup(tb, envMySQL)}.Open(tb)
	account := config.User + "@'127.0.0.1'"
	execute(tb, admin, "CREATE USER "+account+" IDENTIFIED BY '"+config.Passwd+"'")
	tb.Cleanup(func() { execute(tb, admin, "DROP USER "+account) })
	execute(tb, admin, "GRANT "+rights+" ON "+d.Name+".* TO "+account)
	return Database{Driver: d.Driver, DSN: config.FormatDSN(), Name: d.Name}
}

// Writes is how many statements that write - INSERT, UPDATE, DELETE, REPLACE, whether they change a row or not - the
// server has seen from the database's user since As made him.
func (d Database) Writes(tb testing.TB) int {
	tb.Helper()
	config, err := mysql.ParseDSN(d.DSN)
	if err != nil {
		tb.Fatalf("read the DSN of %s: %v", d.Name, err)
	}
	admin := Database{Driver: d.Driver, DSN: lookup(tb, envMySQL)}.Open(tb)
	var n int
	err = admin.QueryRowContext(tb.Context(),
		"SELECT COALESCE(SUM(update_commands), 0) FROM information_schema.user_statistics WHERE user = ?", config.User).Scan(&n)
	if err != nil {
		tb.Fatalf("ask what %s wrote: %v", config.User, err)
	}
	return n
}

func newName() string { return "test_" + strings.ToLower(rand.Text()[:12]) }

func execute(tb testing.TB, db *sql.DB, query string) {
	tb.Helper()
	// Not the test's context: it is over when a clean-up runs.
	if _, err := db.ExecContext(context.Background(), query); err != nil {
		tb.Errorf("%s: %v", query, err)
	}
}
