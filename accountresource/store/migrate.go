package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/mailpanel/account-resource/accountresource/dialect"
	"github.com/mailpanel/account-resource/migrations"
)

const versionTable = "account_resource_version"

// lockID is what processes that migrate at once agree on in PostgreSQL.
const lockID = 5_872_036_401

var gooseNames = map[dialect.Name]goose.Dialect{
	dialect.MySQL: goose.DialectMySQL, dialect.Postgres: goose.DialectPostgres, dialect.SQLite: goose.DialectSQLite3,
}

// migrate makes or upgrades the tables. Processes that start at once wait for each other where the server has locks
// of a session; on SQLite, where it has none, whoever finds the database busy tries again.
func migrate(ctx context.Context, db *sql.DB, d dialect.Dialect) error {
	files, err := migrations.For(string(d.Name))
	if err != nil {
		return err
	}
	options := []goose.ProviderOption{
		goose.WithTableName(versionTable), goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()),
	}
	locker, err := sessionLocker(d)
	if err != nil {
		return err
	}
	if locker != nil {
		options = append(options, goose.WithSessionLocker(locker))
	}
	provider, err := goose.NewProvider(gooseNames[d.Name], db, files, options...)
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	return patiently(ctx, func() error { return up(ctx, provider) })
}

// up applies the migrations. One that fails since another process has applied it in the meantime is applied: each is one
// transaction with the row of its version on SQLite, the only server without a lock for the whole.
func up(ctx context.Context, provider *goose.Provider) error {
	for {
		_, err := provider.Up(ctx)
		var failed *goose.PartialError
		if !errors.As(err, &failed) {
			return err
		}
		version, unknown := provider.GetDBVersion(ctx)
		if unknown != nil || version < failed.Failed.Source.Version {
			return err
		}
	}
}

func sessionLocker(d dialect.Dialect) (lock.SessionLocker, error) {
	switch d.Name {
	case dialect.Postgres:
		return lock.NewPostgresSessionLocker(lock.WithLockID(lockID))
	case dialect.MySQL:
		return mysqlLocker{}, nil
	}
	return nil, nil //nolint:nilnil // no locker is an answer here
}

// mysqlLocker holds a named lock of the session. The name carries the database: it is known to the whole server.
type mysqlLocker struct{}

const mysqlLockName = "CONCAT('account_resource_', LEFT(SHA1(DATABASE()), 32))"

// SessionLock waits up to five minutes.
func (mysqlLocker) SessionLock(ctx context.Context, conn *sql.Conn) error {
	var got sql.NullInt64
	if err := conn.QueryRowContext(ctx, "SELECT GET_LOCK("+mysqlLockName+", 300)").Scan(&got); err != nil {
		return fmt.Errorf("wait for other processes: %w", err)
	}
	if got.Int64 != 1 {
		return errors.New("another process has been changing the tables for five minutes")
	}
	return nil
}

// SessionUnlock gives the lock back.
func (mysqlLocker) SessionUnlock(ctx context.Context, conn *sql.Conn) error {
	var gave sql.NullInt64
	if err := conn.QueryRowContext(ctx, "SELECT RELEASE_LOCK("+mysqlLockName+")").Scan(&gave); err != nil {
		return fmt.Errorf("let other processes go on: %w", err)
	}
	return nil
}
