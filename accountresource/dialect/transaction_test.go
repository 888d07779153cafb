package dialect_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/mailpanel/account-resource/accountresource/dialect"
)

func TestTransactionsOnSQLite(t *testing.T) {
	testTransactions(t, func(t *testing.T) *sql.DB {
		db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "test.db"))
		require.NoError(t, err)
		t.Cleanup(func() { _ = db.Close() })
		return db
	})
}

// testTransactions has one connection do everything: one that a transaction does not give back is waited for in vain.
func testTransactions(t *testing.T, open func(*testing.T) *sql.DB) {
	errUnwanted := errors.New("not wanted")
	for name, c := range map[string]struct {
		work   func(ctx context.Context, cancel context.CancelFunc, tx *dialect.Tx) error
		fails  bool
		panics bool
	}{
		"what is done is kept": {work: func(ctx context.Context, _ context.CancelFunc, tx *dialect.Tx) error {
			return insert(ctx, tx, 1)
		}},
		"an error undoes it": {fails: true, work: func(ctx context.Context, _ context.CancelFunc, tx *dialect.Tx) error {
			return errors.Join(insert(ctx, tx, 1), errUnwanted)
		}},
		"a refused statement undoes it, whoever passes over it": {fails: true, work: func(ctx context.Context, _ context.CancelFunc, tx *dialect.Tx) error {
			if err := insert(ctx, tx, 1); err != nil {
				return err
			}
			_, _ = tx.ExecContext(ctx, "INSERT INTO nowhere VALUES (1)")
			return nil
		}},
		"so does a refused query": {fails: true, work: func(ctx context.Context, _ context.CancelFunc, tx *dialect.Tx) error {
			if err := insert(ctx, tx, 1); err != nil {
				return err
			}
			rows, err := tx.QueryContext(ctx, "SELECT n FROM nowhere")
			if err == nil {
				return errors.Join(rows.Err(), rows.Close())
			}
			return nil
		}},
		"a panic undoes it": {panics: true, work: func(ctx context.Context, _ context.CancelFunc, tx *dialect.Tx) error {
			if err := insert(ctx, tx, 1); err != nil {
				return err
			}
			panic("not wanted")
		}},
		"a context that is over undoes it": {fails: true, work: func(ctx context.Context, cancel context.CancelFunc, tx *dialect.Tx) error {
			err := insert(ctx, tx, 1)
			cancel()
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			db := open(t)
			db.SetMaxOpenConns(1)
			d, err := dialect.Detect(t.Context(), db)
			require.NoError(t, err)
			_, err = db.ExecContext(t.Context(), "CREATE TABLE numbers (n INTEGER)")
			require.NoError(t, err)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			transaction := func() {
				err = d.Transaction(ctx, db, func(tx *dialect.Tx) error { return c.work(ctx, cancel, tx) })
			}
			if c.panics {
				require.Panics(t, transaction)
			} else {
				transaction()
				require.Equal(t, c.fails, err != nil, err)
			}
			wanted := []int{1, 2}
			if c.fails || c.panics {
				wanted = []int{2}
			}
			require.NoError(t, d.Transaction(t.Context(), db, func(tx *dialect.Tx) error { return insert(t.Context(), tx, 2) }))
			require.Equal(t, wanted, numbers(t, db))
		})
	}
}

func insert(ctx context.Context, tx *dialect.Tx, n int) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO numbers VALUES ("+strconv.Itoa(n)+")")
	return err
}

func numbers(t *testing.T, db *sql.DB) (found []int) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "SELECT n FROM numbers ORDER BY n")
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	for rows.Next() {
		var n int
		require.NoError(t, rows.Scan(&n))
		found = append(found, n)
	}
	require.NoError(t, rows.Err())
	return found
}
