package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/Masterminds/squirrel"

	"github.com/mailpanel/account-resource/accountresource/dialect"
)

// Options are what a store works with.
type Options struct {
	// Keys encrypt the bind passwords (AES-256-GCM): the first one what is written, all of them what is read.
	Keys   [][32]byte
	Logger *slog.Logger
	Clock  func() time.Time
	// LeaseClock is what leases go by; nil: the database's clock, which every panel process shares (rule R20).
	LeaseClock func() time.Time
}

// Store is the module's tables in a database.
type Store struct {
	db       *sql.DB
	dialect  dialect.Dialect
	sql      squirrel.StatementBuilderType
	clock    func() time.Time
	seal     sealer
	log      *slog.Logger
	searches *searchLimiter

	leaseClock func() time.Time // nil: the database's
}

// Open asks the server which it is, makes or upgrades the tables, and gives the store. Several processes may open at
// once.
func Open(ctx context.Context, db *sql.DB, o Options) (*Store, error) {
	var d dialect.Dialect
	err := patiently(ctx, func() (err error) {
		d, err = dialect.Detect(ctx, db)
		return err
	})
	if err != nil {
		return nil, err
	}
	seal, err := newSealer(o.Keys)
	if err != nil {
		return nil, err
	}
	builder := squirrel.StatementBuilder
	if d.Numbered {
		builder = builder.PlaceholderFormat(squirrel.Dollar)
	}
	s := &Store{
		db: db, dialect: d, sql: builder, clock: o.Clock, seal: seal, log: o.Logger,
		searches: newSearchLimiter(searchRows, searchWait), leaseClock: o.LeaseClock,
	}
	if err := s.migrate(ctx); err != nil {
		return nil, fmt.Errorf("make the tables: %w", err)
	}
	s.Resources().reseal(ctx)
	return s, nil
}

// Resources returns what keeps the configured resources.
func (s *Store) Resources() *Resources { return &Resources{s} }

// Links returns what keeps which source object is which account.
func (s *Store) Links() *Links { return &Links{s} }

// Runs returns the history.
func (s *Store) Runs() *Runs { return &Runs{s} }

// Tasks returns what keeps the work that waits for applications.
func (s *Store) Tasks() *Tasks { return &Tasks{s} }

// Removals returns what keeps the removals that wait for an admin.
func (s *Store) Removals() *Removals { return &Removals{s} }

// Watermarks returns what keeps up to where resources have been replicated.
func (s *Store) Watermarks() *Watermarks { return &Watermarks{s} }

// Leases returns what keeps the leases of resources.
func (s *Store) Leases() *Leases { return &Leases{s} }

// Verifiers returns what bridges outages of directories.
func (s *Store) Verifiers() *Verifiers { return &Verifiers{s} }

// Attempts returns what keeps how many wrong passwords have reached directories.
func (s *Store) Attempts() *Attempts { return &Attempts{s} }

// SignIns returns what counts sign-ins.
func (s *Store) SignIns() *SignIns { return &SignIns{s} }

// Watches returns what keeps which process watches which directory.
func (s *Store) Watches() *Watches { return &Watches{s} }

// queryer is a pool or a transaction.
type queryer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// exec runs a statement and gives the number of rows it met.
func exec(ctx context.Context, q queryer, statement squirrel.Sqlizer) (int64, error) {
	result, err := execute(ctx, q, statement)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func execute(ctx context.Context, q queryer, statement squirrel.Sqlizer) (result sql.Result, err error) {
	text, args, err := statement.ToSql()
	if err != nil {
		return nil, fmt.Errorf("build a statement: %w", err)
	}
	err = onItsOwn(ctx, q, func() error {
		ctx, cancel := limited(ctx)
		defer cancel()
		result, err = q.ExecContext(ctx, text, args...)
		return err
	})
	return result, err
}

func limited(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, dialect.StatementTime, dialect.ErrSilent)
}

// query runs a select and scans every row, all before it returns.
func query[T any](
	ctx context.Context, q queryer, statement squirrel.Sqlizer, scan func(func(...any) error) (T, error),
) (found []T, err error) {
	text, args, err := statement.ToSql()
	if err != nil {
		return nil, fmt.Errorf("build a query: %w", err)
	}
	err = onItsOwn(ctx, q, func() error {
		found, err = scanned(ctx, q, text, args, scan)
		return err
	})
	return found, err
}

func scanned[T any](
	ctx context.Context, q queryer, text string, args []any, scan func(func(...any) error) (T, error),
) (found []T, err error) {
	ctx, cancel := limited(ctx)
	defer cancel()
	rows, err := q.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		row, err := scan(rows.Scan)
		if err != nil {
			return nil, err
		}
		found = append(found, row)
	}
	return found, rows.Err()
}

// scanOne scans a row of a single column.
func scanOne[T any](scan func(...any) error) (value T, err error) {
	err = scan(&value)
	return value, err
}

// in is the condition that a column has one of many values.
func (s *Store) in(column string, values []string) dialect.In {
	return dialect.In{Dialect: s.dialect, Column: column, Values: values}
}

// number scans a single number; none is zero.
func number(ctx context.Context, q queryer, statement squirrel.Sqlizer) (int64, error) {
	found, err := query(ctx, q, statement, scanOne[sql.NullInt64])
	if err != nil || len(found) == 0 {
		return 0, err
	}
	return found[0].Int64, nil
}

// ensure makes a row unless one with the key is there, which stays as it is.
func (s *Store) ensure(ctx context.Context, table string, key, columns []string, values ...any) error {
	_, err := exec(ctx, s.db, dialect.Rows{
		Dialect: s.dialect, Table: table, Columns: columns, Values: [][]any{values}, Suffix: s.dialect.Upsert(key, key[:1]),
	})
	if err != nil {
		return fmt.Errorf("make a row of %s: %w", table, err)
	}
	return nil
}

// insert runs an insert and gives the generated key.
func (s *Store) insert(ctx context.Context, q queryer, statement squirrel.InsertBuilder) (int64, error) {
	if s.dialect.Returning {
		return number(ctx, q, statement.Suffix("RETURNING id"))
	}
	result, err := execute(ctx, q, statement)
	if err != nil {
		return 0, err
	}
	return result.LastInsertId()
}

// transaction does work in one transaction: all of it or nothing. A transaction that the server gave up in favour of
// another is tried again.
func (s *Store) transaction(ctx context.Context, work func(*dialect.Tx) error) error {
	return patiently(ctx, func() error { return s.dialect.Transaction(ctx, s.db, work) })
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// fromMillis is the inverse of millis: zero is no time.
func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}
