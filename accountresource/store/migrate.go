package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"

	"github.com/mailpanel/account-resource/accountresource/dialect"
	"github.com/mailpanel/account-resource/migrations"
)

const versionTable = "account_resource_version"

var gooseNames = map[dialect.Name]goose.Dialect{
	dialect.MySQL: goose.DialectMySQL, dialect.Postgres: goose.DialectPostgres, dialect.SQLite: goose.DialectSQLite3,
}

// migrate makes or upgrades the tables. Processes that start at once take turns by a row, which all nodes of a cluster
// share; whoever finds the tables as they should be waits for nobody.
func (s *Store) migrate(ctx context.Context) error {
	files, err := migrations.For(string(s.dialect.Name))
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(gooseNames[s.dialect.Name], s.db, files,
		goose.WithTableName(versionTable), goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	sources := provider.ListSources()
	if s.version(ctx) >= sources[len(sources)-1].Version {
		return nil
	}
	turn := migrationTurn{Store: s, stale: turnStale}
	for {
		err := turn.take(ctx)
		if err == nil {
			err = errors.Join(s.upgrade(ctx, provider, &turn), turn.giveBack(ctx))
		}
		if !errors.Is(err, errTurnLost) {
			return err
		}
	}
}

// version returns the version of the tables, or 0 where there is none yet or it cannot be told.
func (s *Store) version(ctx context.Context) int64 {
	n, err := number(ctx, s.db, s.sql.Select("MAX(version_id)").From(versionTable))
	if err != nil {
		return 0
	}
	return n
}

// upgrade applies one migration after the other as long as it is this process's turn.
func (s *Store) upgrade(ctx context.Context, provider *goose.Provider, turn *migrationTurn) error {
	if err := patiently(ctx, func() error { return s.firstVersion(ctx) }); err != nil {
		return fmt.Errorf("make the table of versions: %w", err)
	}
	defer turn.keepAlive(ctx)()
	for {
		if err := turn.renew(ctx); err != nil {
			return err
		}
		err := patiently(ctx, func() error { return up(ctx, provider) })
		switch {
		case errors.Is(err, goose.ErrNoNextVersion):
			return nil
		case err != nil:
			return err
		}
	}
}

// firstVersion makes the table of versions and its first row, both only where they are missing: a process that was
// killed between the two leaves an empty table, which goose takes for damaged.
func (s *Store) firstVersion(ctx context.Context) error {
	table, err := database.NewStore(gooseNames[s.dialect.Name], versionTable)
	if err != nil {
		return err
	}
	n, err := number(ctx, s.db, s.sql.Select("COUNT(*)").From(versionTable))
	if err != nil {
		if err := table.CreateVersionTable(ctx, s.db); err != nil {
			return err
		}
	}
	if n > 0 {
		return nil
	}
	return table.Insert(ctx, s.db, database.InsertRequest{Version: 0})
}

// up applies the next migration. One that fails since another process has applied it in the meantime is applied.
func up(ctx context.Context, provider *goose.Provider) error {
	_, err := provider.UpByOne(ctx)
	var failed *goose.PartialError
	if !errors.As(err, &failed) {
		return err
	}
	if version, unknown := provider.GetDBVersion(ctx); unknown != nil || version < failed.Failed.Source.Version {
		return err
	}
	return nil
}
