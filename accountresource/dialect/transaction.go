package dialect

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"
)

// StatementTime is the longest that a statement on the module's tables, and the beginning and end of any transaction, may
// take. ErrSilent is the cause where it was longer: a server that does not answer must not keep a run for ever.
const StatementTime = 2 * time.Minute

// ErrSilent says that the server did not answer within StatementTime.
var ErrSilent = errors.New("the database does not answer")

// rollbackTime is shorter: a connection that does not answer is closed, and the server undoes what was begun.
const rollbackTime = 5 * time.Second

// Tx is a transaction. Unlike sql.Tx it also begins and ends within a context: Commit and Rollback of database/sql take
// none, and go-sql-driver/mysql waits for the answer as long as the connection lasts.
type Tx struct {
	conn   *sql.Conn
	failed error // of the first statement that the server refused
}

// Transaction does work in one transaction: all of it or nothing. An error of the commit may also mean that it took effect
// and that its answer was lost.
func (d Dialect) Transaction(ctx context.Context, db *sql.DB, work func(*Tx) error) error {
	conn, err := d.begin(ctx, db)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotBegun, err)
	}
	ended := false
	defer func() {
		if !ended { // the server undoes what a connection leaves open, and nobody else may be given it
			_ = conn.Raw(func(any) error { return driver.ErrBadConn })
		}
		_ = conn.Close() // gives it back to the pool
	}()
	tx := &Tx{conn: conn}
	if err = work(tx); err == nil {
		err = tx.failed // PostgreSQL would answer the commit with a rollback, and call that a success
	}
	if err == nil {
		err = d.stillOpen(ctx, conn)
	}
	if err != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTime)
		defer cancel()
		ended = statement(ctx, conn, "ROLLBACK") == nil && d.restore(ctx, conn) // the work's error is the one that counts
		return err
	}
	if err = statement(ctx, conn, "COMMIT"); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	ended = d.restore(ctx, conn)
	return nil
}

// ErrTakenBack says that the server has taken a transaction back in favour of another one, without a word: it is to be made again.
var ErrTakenBack = errors.New("the server has taken the transaction back")

// stillOpen returns ErrTakenBack where the transaction of a connection is not the one any more that was begun.
func (d Dialect) stillOpen(ctx context.Context, conn *sql.Conn) error {
	if d.Marked == "" {
		return nil
	}
	err := statement(ctx, conn, d.Marked)
	if unmarked.is(err) {
		return fmt.Errorf("%w: %w", ErrTakenBack, err)
	}
	if err != nil {
		return fmt.Errorf("ask whether the transaction is still one: %w", err)
	}
	return nil
}

// restore reports whether a connection is as it was before the transaction.
func (d Dialect) restore(ctx context.Context, conn *sql.Conn) bool {
	return d.Restore == "" || statement(ctx, conn, d.Restore) == nil
}

// begin takes a connection on which a transaction has begun. Those that the server has dropped while nobody used them, as
// when it was restarted, are passed over: nothing can have been done yet, whatever the error.
func (d Dialect) begin(ctx context.Context, db *sql.DB) (*sql.Conn, error) {
	for left := db.Stats().Idle; ; left-- {
		conn, err := db.Conn(ctx)
		if err != nil {
			return nil, err
		}
		for _, text := range []string{d.Limit, d.Begin, d.Mark} {
			if err == nil && text != "" {
				err = statement(ctx, conn, text)
			}
		}
		if err == nil {
			return conn, nil
		}
		_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // whether it has begun is not known
		_ = conn.Close()
		if left <= 0 || ctx.Err() != nil || errors.Is(err, ErrSilent) {
			return nil, err
		}
	}
}

func statement(ctx context.Context, conn *sql.Conn, text string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, StatementTime, ErrSilent)
	defer cancel()
	err := ctx.Err() // not every driver looks
	if err == nil {
		_, err = conn.ExecContext(ctx, text)
	}
	if cause := context.Cause(ctx); err != nil && errors.Is(cause, ErrSilent) {
		err = fmt.Errorf("%w: %w", cause, err)
	}
	return err
}

// ExecContext is sql.Tx's.
func (t *Tx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	result, err := t.conn.ExecContext(ctx, query, args...)
	return result, t.note(err)
}

// QueryContext is sql.Tx's.
func (t *Tx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	rows, err := t.conn.QueryContext(ctx, query, args...)
	return rows, t.note(err)
}

func (t *Tx) note(err error) error {
	if t.failed == nil {
		t.failed = err
	}
	return err
}
