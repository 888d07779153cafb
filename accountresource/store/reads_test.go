package store_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// reads tells how many rows the server looks at for an answer. MariaDB and PostgreSQL count them; of SQLite the plan of
// every statement is asked for.
type reads struct {
	t     *testing.T
	db    *sql.DB
	file  string // of SQLite
	count string // asks the server for the number of rows read so far in this session
}

func readCounter(t *testing.T, db *sql.DB) *reads {
	t.Helper()
	r := &reads{t: t, db: db}
	var version string
	if db.QueryRow("SELECT file FROM pragma_database_list").Scan(&r.file) == nil {
		return r
	}
	require.NoError(t, db.QueryRow("SELECT version()").Scan(&version))
	r.count = "SELECT SUM(variable_value) FROM information_schema.session_status WHERE variable_name LIKE 'Handler_read%'"
	if strings.HasPrefix(version, "PostgreSQL") {
		_, err := db.Exec("ANALYZE")
		require.NoError(t, err)
		r.count = "SELECT SUM(seq_tup_read + COALESCE(idx_tup_fetch, 0)) FROM pg_stat_user_tables"
	}
	return r
}

// start begins to look.
func (r *reads) start() float64 {
	r.t.Helper()
	if r.count == "" {
		statements.start(r.file)
		return 0
	}
	if strings.Contains(r.count, "pg_stat") {
		_, err := r.db.Exec("SELECT pg_stat_force_next_flush()")
		require.NoError(r.t, err)
	}
	var n float64
	require.NoError(r.t, r.db.QueryRow(r.count).Scan(&n))
	return n
}

// check ends it: no more rows than that were looked at.
func (r *reads) check(t *testing.T, name string, before float64, most int) {
	t.Helper()
	if r.count == "" {
		r.plans(t, name)
		return
	}
	n := r.start() - before
	t.Logf("%s reads %.0f rows", name, n)
	assert.Less(t, n, float64(most), name)
}

// plans asks SQLite how it does what was asked: by an index, and without sorting what may be long.
func (r *reads) plans(t *testing.T, name string) {
	t.Helper()
	asked := statements.end()
	require.NotEmpty(t, asked, name)
	for _, s := range asked {
		rows, err := r.db.Query("EXPLAIN QUERY PLAN "+s.text, s.args...)
		require.NoError(t, err, s.text)
		for rows.Next() {
			var id, parent, unused int
			var step string
			require.NoError(t, rows.Scan(&id, &parent, &unused, &step))
			t.Logf("%s: %s", name, step)
			whole := strings.HasPrefix(step, "SCAN") && !strings.Contains(step, "keys_found") && !strings.Contains(step, "few")
			sorted := strings.Contains(step, "TEMP B-TREE") && !strings.Contains(s.text, "keys_found") // a page at most
			assert.False(t, whole || sorted, "%s: %s in %s", name, step, s.text)
		}
		require.NoError(t, rows.Err())
		require.NoError(t, rows.Close())
	}
}

// statements are those that the recording driver was asked for.
var statements = &recorder{}

type statement struct {
	text string
	args []any
}

// recorder is SQLite's driver, and remembers the queries.
type recorder struct {
	driver.Driver
	mu    sync.Mutex
	of    string // the file whose queries are remembered; empty: none
	asked []statement
}

func (r *recorder) start(file string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.of, r.asked = file, nil
}

func (r *recorder) end() []statement {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.of = ""
	return r.asked
}

func (r *recorder) Open(name string) (driver.Conn, error) {
	conn, err := r.Driver.Open(name)
	if err != nil {
		return nil, err
	}
	return recorded{conn.(sqliteConn), r, name}, nil
}

// sqliteConn is what the driver's connections can do.
type sqliteConn interface {
	driver.Conn
	driver.QueryerContext
	driver.ExecerContext
	driver.ConnBeginTx
}

type recorded struct {
	sqliteConn
	by   *recorder
	file string
}

func (c recorded) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	c.by.mu.Lock()
	if c.by.of == c.file {
		s := statement{text: text}
		for _, a := range args {
			s.args = append(s.args, a.Value)
		}
		c.by.asked = append(c.by.asked, s)
	}
	c.by.mu.Unlock()
	return c.sqliteConn.QueryContext(ctx, text, args)
}

const recordingDriver = "sqlite-recorded"

func init() {
	plain, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		panic(fmt.Sprintf("open SQLite: %v", err))
	}
	statements.Driver = plain.Driver()
	sql.Register(recordingDriver, statements)
}
