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
		"open":     s.Marks().Open(t.Context(), l),
		"mark":     s.Marks().SetMark(t.Context(), l, run.Mark{Invocation: "dc1"}),
		"renew":    second(s.Leases().Renew(t.Context(), l, time.Minute)),
	} {
		assert.ErrorIs(t, err, run.ErrLeaseLost, what)
	}
	nothingOf(t, db, 1)
}

func second[T any](_ T, err error) error { return err }

// nothingOf checks that no table names a resource.
func nothingOf(t *testing.T, db *sql.DB, id int64) {
	t.Helper()
	for _, table := range []string{"lease", "link", "run", "task", "removal", "progress", "mark", "again", "story", "name", "told"} {
		var n int
		require.NoError(t, db.QueryRow("SELECT COUNT(*) FROM account_resource_"+table+" WHERE resource_id = "+string('0'+rune(id))).Scan(&n))
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
			assert.NoError(t, s2.Runs().End(t.Context(), began.ID, run.Succeeded, account.Message{}, c.now()))
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
