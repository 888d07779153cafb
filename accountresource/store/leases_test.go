package store_test

import (
	"database/sql"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
	"github.com/mailpanel/account-resource/accountresource/store"
)

func testNoResource(t *testing.T, connect func() *sql.DB) {
	db := connect()
	s, c := opened(t, db)
	acquire := func(id int64) error {
		_, err := s.Leases().Acquire(t.Context(), id, "test", time.Minute)
		return err
	}
	require.ErrorIs(t, acquire(1), resource.ErrNotFound)
	enabled(t, s, 1)
	require.NoError(t, s.Resources().SetEnabled(t.Context(), 1, false))
	require.ErrorIs(t, acquire(1), run.ErrDisabled)

	l := lease(t, s, 1)
	require.NoError(t, s.Resources().SetEnabled(t.Context(), 1, false))
	_, err := s.Runs().Begin(t.Context(), l, run.Manual, run.Full, c.now())
	require.ErrorIs(t, err, run.ErrDisabled, "disabled since it has the lease")
	require.ErrorIs(t, acquire(1), run.ErrDisabled, "rather than that it is running")

	require.NoError(t, s.Resources().SetEnabled(t.Context(), 1, true))
	began, err := s.Runs().Begin(t.Context(), l, run.Manual, run.Full, c.now())
	require.NoError(t, err)
	c.advance(time.Hour) // a process that was paused
	require.NoError(t, s.Resources().SetEnabled(t.Context(), 1, false))
	require.NoError(t, s.Resources().Delete(t.Context(), 1), "a disabled resource can be deleted")
	require.ErrorIs(t, acquire(1), resource.ErrNotFound)
	_, err = s.Runs().Begin(t.Context(), l, run.Manual, run.Full, c.now())
	require.ErrorIs(t, err, resource.ErrNotFound)
	for what, err := range map[string]error{
		"claim": second(s.Links().Claim(t.Context(), l, []account.Link{link(1, "a", "a@example.com")})),
		"settle": s.Runs().Settle(t.Context(), l, began.ID, run.Settled{
			Links: []account.Link{link(1, "a", "a@example.com")}, Tasks: []run.Task{{Application: "sogo"}},
		}),
		"mode":     s.Runs().Mode(t.Context(), l, began.ID, run.Full),
		"progress": second(s.Runs().Progress(t.Context(), l, began.ID, run.Progress{}, true)),
		"keep":     s.Removals().Keep(t.Context(), l, []run.Held{{Source: "a"}}),
		"open":     s.Watermarks().Open(t.Context(), l),
		"mark":     s.Watermarks().SetWatermark(t.Context(), l, run.Watermark{Invocation: "dc1"}),
		"renew":    second(s.Leases().Renew(t.Context(), l, time.Minute)),
	} {
		assert.ErrorIs(t, err, run.ErrLeaseLost, what)
	}
	nothingOf(t, db, 1)
}

func second[T any](_ T, err error) error { return err }

// nothingOf checks that no table names a resource, but for links that it has left to another one.
func nothingOf(t *testing.T, db *sql.DB, id int64) {
	t.Helper()
	for _, table := range []string{"lease", "link", "run", "task", "removal", "progress", "mark", "again", "story", "name", "told", "unlinked", "unconfirmed"} {
		var n int
		query := "SELECT COUNT(*) FROM account_resource_" + table + " WHERE resource_id = " + string('0'+rune(id))
		if table == "link" {
			query += " AND released = 0"
		}
		require.NoError(t, db.QueryRow(query).Scan(&n))
		assert.Zero(t, n, "%s %d", table, id)
	}
}

func testDeletedMeanwhile(t *testing.T, connect func() *sql.DB) {
	db := connect()
	s, c := opened(t, db)
	s2, err := store.Open(t.Context(), connect(), options(c))
	require.NoError(t, err)
	for id := int64(1); id <= 9; id++ {
		enabled(t, s, id)
		var both sync.WaitGroup
		both.Go(func() {
			l, err := s2.Leases().Acquire(t.Context(), id, "run", time.Minute)
			if err != nil {
				assert.True(t, errors.Is(err, resource.ErrNotFound) || errors.Is(err, run.ErrRunning), err)
				return
			}
			began, err := s2.Runs().Begin(t.Context(), l, run.Manual, run.Full, c.now())
			assert.NoError(t, err)
			_, err = s2.Links().Claim(t.Context(), l, []account.Link{link(id, "a", "a@example.com")})
			assert.NoError(t, err)
			assert.NoError(t, s2.Runs().End(t.Context(), began.ID, run.Succeeded, account.Message{}, 0, c.now()))
			assert.NoError(t, s2.Leases().Release(t.Context(), l))
		})
		for { // an admin who does not give up
			err := s.Resources().Delete(t.Context(), id)
			if err == nil {
				break
			}
			require.ErrorIs(t, err, run.ErrRunning)
		}
		both.Wait()
		nothingOf(t, db, id)
	}
}

// The clock was wrong when the lease was given, and has been set back since.
func testFutureLease(t *testing.T, connect func() *sql.DB) {
	s, c := opened(t, connect())
	c.advance(3 * time.Second)
	ahead := lease(t, s, 1)
	c.advance(-3 * time.Second)
	_, err := s.Leases().Acquire(t.Context(), 1, "other", time.Minute)
	require.ErrorIs(t, err, run.ErrRunning, "the nodes of a database may be apart by seconds")
	require.NoError(t, s.Leases().Release(t.Context(), ahead))

	c.advance(24 * time.Hour)
	old := lease(t, s, 1)
	began, err := s.Runs().Begin(t.Context(), old, run.Manual, run.Full, c.now())
	require.NoError(t, err)
	old, err = s.Leases().Renew(t.Context(), old, time.Hour)
	require.NoError(t, err)
	c.advance(-24 * time.Hour)
	held, err := s.Leases().Held(t.Context(), 1)
	require.NoError(t, err)
	assert.False(t, held)
	require.NoError(t, s.Leases().Sweep(t.Context()))
	cut, err := s.Runs().Run(t.Context(), began.ID)
	require.NoError(t, err)
	assert.Equal(t, run.Interrupted, cut.Outcome)
	next := lease(t, s, 1)
	assert.Greater(t, next.Fence, old.Fence)
	_, err = s.Leases().Renew(t.Context(), old, time.Minute)
	require.ErrorIs(t, err, run.ErrLeaseLost)
	held, err = s.Leases().Held(t.Context(), 1)
	require.NoError(t, err)
	assert.True(t, held, "the new one is believed")

	// A holder that goes on after the clock was set back has its lease believed again.
	c.advance(-24 * time.Hour)
	_, err = s.Leases().Renew(t.Context(), next, time.Minute)
	require.NoError(t, err)
	_, err = s.Leases().Acquire(t.Context(), 1, "other", time.Minute)
	require.ErrorIs(t, err, run.ErrRunning)
}

// The clocks of two panel processes are hours apart; they share a database.
func testLeaseClock(t *testing.T, connect func() *sql.DB) {
	processes := make([]*store.Store, 2)
	for i := range processes {
		c := &clock{}
		c.ms.Store(time.Now().Add(time.Duration(i*5) * time.Hour).UnixMilli())
		o := options(c)
		o.LeaseClock = nil
		var err error
		processes[i], err = store.Open(t.Context(), connect(), o)
		require.NoError(t, err)
	}
	for i, s := range processes {
		other := processes[1-i]
		l := lease(t, s, 1)
		assert.WithinDuration(t, time.Now().Add(time.Minute), l.Expires, 30*time.Second)
		l, err := s.Leases().Renew(t.Context(), l, time.Minute)
		require.NoError(t, err)
		assert.WithinDuration(t, time.Now().Add(time.Minute), l.Expires, 30*time.Second)
		began, err := s.Runs().Begin(t.Context(), l, run.Manual, run.Full, time.Now())
		require.NoError(t, err)
		held, err := other.Leases().Held(t.Context(), 1)
		require.NoError(t, err)
		assert.True(t, held)
		_, err = other.Leases().Acquire(t.Context(), 1, "other", time.Minute)
		require.ErrorIs(t, err, run.ErrRunning)
		require.NoError(t, other.Leases().Sweep(t.Context()))
		going, err := other.Runs().Run(t.Context(), began.ID)
		require.NoError(t, err)
		assert.Empty(t, going.Outcome, "it goes on")
		require.NoError(t, s.Leases().Release(t.Context(), l))
	}
}

func testFailedDeletion(t *testing.T, connect func() *sql.DB) {
	db := connect()
	s, _ := opened(t, db)
	enabled(t, s, 1)
	rename := func(from, to string) {
		_, err := db.Exec("ALTER TABLE account_resource_" + from + " RENAME TO account_resource_" + to)
		require.NoError(t, err)
	}
	for _, table := range []string{"story", "mark"} { // before and in the transaction
		rename(table, "lost")
		require.Error(t, s.Resources().Delete(t.Context(), 1), table)
		rename("lost", table)
		held, err := s.Leases().Held(t.Context(), 1)
		require.NoError(t, err)
		assert.False(t, held, table)
	}
	require.NoError(t, s.Resources().Delete(t.Context(), 1))
	nothingOf(t, db, 1)
}
