package store_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/store"
)

// testHalfMadeSchema leaves the tables as processes do that are killed while they make them.
func testHalfMadeSchema(t *testing.T, connect func() *sql.DB) {
	db := connect()
	opened(t, db)
	for what, c := range map[string]struct {
		drop       []string
		statements []string
	}{
		"the table of versions is empty, and all there is": {
			drop: []string{
				"resource", "link", "run", "log", "lease", "task", "removal", "progress", "mark", "again", "story", "name", "told", "unlinked", "unconfirmed", "database", "unshown", "said", "verifier", "attempt", "signin", "watch", "turn",
			},
			statements: []string{"DELETE FROM account_resource_version"},
		},
		"the version of a table is not written": {statements: []string{"DELETE FROM account_resource_version WHERE version_id = 13"}},
		"a table is not made": {
			drop: []string{"watch"}, statements: []string{"DELETE FROM account_resource_version WHERE version_id = 13"},
		},
		"whose turn it is is in no row": {statements: []string{
			"DELETE FROM account_resource_turn", "DELETE FROM account_resource_version WHERE version_id = 13",
		}},
	} {
		for _, table := range c.drop {
			_, err := db.ExecContext(t.Context(), "DROP TABLE IF EXISTS account_resource_"+table)
			require.NoError(t, err, what)
		}
		for _, statement := range c.statements {
			_, err := db.ExecContext(t.Context(), statement)
			require.NoError(t, err, what)
		}
		started := make(chan error, 2)
		for range cap(started) { // two at once
			next := connect()
			go func() {
				_, err := store.Open(t.Context(), next, options(&clock{}))
				started <- err
			}()
		}
		for range cap(started) {
			require.NoError(t, <-started, what)
		}
		s, _ := opened(t, db)
		_, err := s.Resources().Create(t.Context(), resource.Samba, resource.Defaults())
		require.NoError(t, err, what)
		for table, rows := range map[string]int{"unconfirmed": 0, "version": 14} { // versions 0 to 13
			var n int
			require.NoError(t, db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM account_resource_"+table).Scan(&n), what)
			assert.Equal(t, rows, n, "%s: %s", what, table)
		}
	}
}

// testMigrationTurn has one process wait for another that is at work, and take its turn when it has died.
func testMigrationTurn(t *testing.T, connect func() *sql.DB) {
	db := connect()
	s, _ := opened(t, db)
	const patience = 500 * time.Millisecond
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	first, err := s.TakeTurn(ctx, patience)
	require.NoError(t, err)
	second := make(chan *store.Turn, 1)
	began := time.Now()
	other, _ := opened(t, connect())
	go func() {
		turn, err := other.TakeTurn(ctx, patience)
		assert.NoError(t, err)
		second <- turn
	}()
	for time.Since(began) < 3*patience {
		require.NoError(t, first.Renew(ctx), "the other waits")
	}
	next := <-second // the first has died
	require.NotNil(t, next)
	require.ErrorIs(t, first.Renew(ctx), store.ErrTurnLost, "it lives, and stops")
	require.NoError(t, first.GiveBack(ctx))
	require.NoError(t, next.Renew(ctx), "what it gives back is not the other's")
	require.NoError(t, next.GiveBack(ctx))
	_, err = s.TakeTurn(ctx, time.Hour)
	require.NoError(t, err, "what was given back is free at once")
}
