package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/mailpanel/account-resource/accountresource/dialect"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// giveUps are how servers say that a row was quicker (MySQL error 1062, PostgreSQL SQLSTATE 23505, SQLite), which who looks again finds, or
// that a lock was not given back in time (MySQL error 1205).
var giveUps = [...]string{"Error 1205", "Error 1062", "SQLSTATE 23505", "duplicate key value", "UNIQUE constraint failed"}

// temporary reports whether work may be tried again.
func temporary(err error) bool {
	if dialect.IsLost(err) {
		return true
	}
	for _, text := range giveUps {
		if strings.Contains(err.Error(), text) {
			return true
		}
	}
	return false
}

// patience is how long work that lost against another is tried again, and pause what is waited in between.
var patience = 10 * time.Second

const pause = 10 * time.Millisecond

// patiently does work again while the server says that it lost against another. It returns run.ErrDatabase where the server could not be
// asked.
func patiently(ctx context.Context, work func() error) error {
	until := time.Now().Add(patience)
	for {
		err := work()
		switch {
		case err == nil:
			return nil
		case temporary(err) && time.Now().Before(until):
		case dialect.IsDown(err):
			return fmt.Errorf("%w: %w", run.ErrDatabase, err)
		default:
			return err
		}
		if wait(ctx, pause) != nil {
			return err
		}
	}
}

// wait waits for some time, or until the context ends, whose cause it returns then.
func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}

// onItsOwn does a statement patiently where it stands alone; inside a transaction the whole of it has to be done again.
func onItsOwn(ctx context.Context, q queryer, statement func() error) error {
	if _, inside := q.(*dialect.Tx); inside {
		return statement()
	}
	return patiently(ctx, statement)
}
