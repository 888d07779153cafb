package dialect_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/dialect"
)

func TestRowsTravelAsArraysToPostgreSQLAndAsAListElsewhere(t *testing.T) {
	rows := dialect.Rows{
		Table: "t", Columns: []string{"domain", "name", "n", "gone"}, Suffix: "RETURNING n",
		Values: [][]any{{"d", `a "b" \c, {d}`, 1, nil}, {"d", nil, int64(2), nil}, {"d", "NULL", 3, nil}},
	}
	for name, c := range map[dialect.Name]struct {
		query string
		args  []any
	}{
		dialect.Postgres: {
			`INSERT INTO t ("domain", "name", "n", "gone") SELECT $1, "name", "n", $4` +
				` FROM unnest($2::text[], $3::bigint[]) AS many("name", "n") RETURNING n`,
			[]any{"d", `{"a \"b\" \\c, {d}",NULL,"NULL"}`, `{"1","2","3"}`, nil},
		},
		dialect.SQLite: {
			`INSERT INTO t ("domain", "name", "n", "gone") VALUES (?, ?, ?, ?), (?, ?, ?, ?), (?, ?, ?, ?) RETURNING n`,
			[]any{"d", `a "b" \c, {d}`, 1, nil, "d", nil, int64(2), nil, "d", "NULL", 3, nil},
		},
	} {
		rows.Dialect = dialect.Of(name)
		query, args, err := rows.ToSql()
		require.NoError(t, err, name)
		require.Equal(t, c.query, query, name)
		require.Equal(t, c.args, args, name)
	}
}

func TestRowsThatAreAllTheSameAreStillAsMany(t *testing.T) {
	query, args, err := dialect.Rows{
		Dialect: dialect.Of(dialect.Postgres), Table: "t", Columns: []string{"a", "b"}, Values: [][]any{{"x", 1}, {"x", 1}},
	}.ToSql()
	require.NoError(t, err)
	require.Equal(t, `INSERT INTO t ("a", "b") SELECT $1, $2 FROM generate_series(1, 2)`, query)
	require.Equal(t, []any{"x", "1"}, args)
}

func TestARowWithTooFewValuesIsRefused(t *testing.T) {
	_, _, err := dialect.Rows{Table: "t", Columns: []string{"a", "b"}, Values: [][]any{{1}}}.ToSql()
	require.ErrorContains(t, err, "1 values for 2 columns")
}

func TestValuesTravelAsOneArrayToPostgreSQLAndAsAListElsewhere(t *testing.T) {
	for name, want := range map[dialect.Name]string{
		dialect.Postgres: "c = ANY(ARRAY(SELECT unnest(CAST(? AS text[]))))", dialect.MySQL: "c IN (?, ?)",
	} {
		query, _, err := dialect.In{Dialect: dialect.Of(name), Column: "c", Values: []string{"a", "b"}}.ToSql()
		require.NoError(t, err)
		require.Equal(t, want, query)
	}
}

// Where all rows are read anyway, PostgreSQL looks each up among the values, with or without statistics of the table.
func TestAnInWithoutAnIndexIsNoJoin(t *testing.T) {
	query, args, err := dialect.In{
		Dialect: dialect.Of(dialect.Postgres), Column: "LOWER(c)", Values: []string{"a", "b"}, NoIndex: true,
	}.ToSql()
	require.NoError(t, err)
	require.Equal(t, "(LOWER(c) IN (SELECT unnest(CAST(? AS text[])))) IS TRUE", query)
	require.Equal(t, []any{`{"a","b"}`}, args)
}
