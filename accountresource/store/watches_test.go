package store_test

import (
	"database/sql"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
	"github.com/mailpanel/account-resource/accountresource/watch"
)

// A watch is one process's until it is given back or not renewed.
func testWatches(t *testing.T, connect func() *sql.DB) {
	s, c := opened(t, connect())
	var all sync.WaitGroup
	var got atomic.Int32
	for _, owner := range []string{"one", "two", "three"} {
		all.Go(func() {
			mine, err := s.Watches().Take(t.Context(), 1, owner, time.Minute)
			if assert.NoError(t, err) && mine {
				got.Add(1)
			}
		})
	}
	all.Wait()
	assert.Equal(t, int32(1), got.Load(), "of those that come at once")

	take := func(owner string) bool {
		mine, err := s.Watches().Take(t.Context(), 2, owner, time.Minute)
		require.NoError(t, err)
		return mine
	}
	assert.True(t, take("one"))
	assert.True(t, take("one"), "renewed")
	assert.False(t, take("two"))
	state := watch.State{Server: "dc1.corp.example", Since: c.now(), Seen: c.now().Add(time.Second)}
	require.NoError(t, s.Watches().Tell(t.Context(), 2, "one", state))
	require.NoError(t, s.Watches().Tell(t.Context(), 2, "two", watch.State{Server: "another"}), "it has not got the watch")
	kept, found, err := s.Watches().State(t.Context(), 2)
	require.NoError(t, err)
	assert.True(t, found)
	assert.Empty(t, cmp.Diff(state, kept))
	state = watch.State{Problem: account.Say("problem_bind_locked", "Account", "reader")}
	require.NoError(t, s.Watches().Tell(t.Context(), 2, "one", state))
	kept, _, err = s.Watches().State(t.Context(), 2)
	require.NoError(t, err)
	assert.Empty(t, cmp.Diff(state, kept))

	require.NoError(t, s.Watches().GiveBack(t.Context(), 2, "two"))
	assert.False(t, take("two"), "it was another's to give back")
	require.NoError(t, s.Watches().GiveBack(t.Context(), 2, "one"))
	_, found, err = s.Watches().State(t.Context(), 2)
	require.NoError(t, err)
	assert.False(t, found)
	assert.True(t, take("two"))
	c.advance(2 * time.Minute)
	assert.True(t, take("one"), "the other was silent for too long")
}

// A live run that found nothing is taken back; it does not count as the last one for the schedule either way.
func testDiscard(t *testing.T, connect func() *sql.DB) {
	s, c := opened(t, connect())
	id := withPassword(t, s, "s3cret")
	l := lease(t, s, id)
	begin := func(trigger run.Trigger) run.Run {
		c.advance(time.Minute)
		began, err := s.Runs().Begin(t.Context(), l, trigger, run.Incremental, c.now())
		require.NoError(t, err)
		return began
	}
	scheduled, live, told := begin(run.Scheduled), begin(run.Live), begin(run.Live)
	require.NoError(t, s.Runs().Settle(t.Context(), l, told.ID, run.Settled{Entries: []run.Entry{{Action: account.ActionHeld, Address: "a@example.com"}}}))
	for _, one := range []struct {
		run  run.Run
		done bool
	}{{live, true}, {live, false}, {told, false}} {
		done, err := s.Runs().Discard(t.Context(), one.run.ID)
		require.NoError(t, err)
		assert.Equal(t, one.done, done)
	}
	_, err := s.Runs().Run(t.Context(), live.ID)
	require.ErrorIs(t, err, run.ErrNotFound)
	_, err = s.Runs().Run(t.Context(), told.ID)
	require.NoError(t, err, "it has a log row")
	last, err := s.Runs().LastBesides(t.Context(), id, run.Live)
	require.NoError(t, err)
	assert.Equal(t, scheduled.Started, last)
	last, err = s.Runs().LastBesides(t.Context(), id+1, run.Live)
	require.NoError(t, err)
	assert.Zero(t, last)
}
