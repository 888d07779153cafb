package store_test

import (
	"database/sql"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/run"
)

func testProgress(t *testing.T, connect func() *sql.DB) {
	s, c := opened(t, connect())
	l := lease(t, s, 1)
	began, err := s.Runs().Begin(t.Context(), l, run.Manual, run.Full, c.now())
	require.NoError(t, err)
	_, found, err := s.Runs().ProgressOf(t.Context(), 1)
	require.NoError(t, err)
	assert.False(t, found)

	say := func(id int64, p run.Progress, isNew bool) bool {
		t.Helper()
		cancelled, err := s.Runs().Progress(t.Context(), l, id, p, isNew)
		require.NoError(t, err)
		return cancelled
	}
	read := func() run.Progress {
		t.Helper()
		p, found, err := s.Runs().ProgressOf(t.Context(), 1)
		require.NoError(t, err)
		require.True(t, found)
		return p
	}
	p := run.Progress{Run: began.ID, Phase: run.Users, Server: "dc1", Objects: 5, Expected: 9, Planned: 4, Done: 3}
	assert.False(t, say(began.ID, p, true))
	assert.Empty(t, cmp.Diff(p, read()))
	require.NoError(t, s.Runs().Cancel(t.Context(), 1, began.ID+1))
	assert.False(t, say(began.ID, p, false), "another run was cancelled")
	require.NoError(t, s.Runs().Cancel(t.Context(), 1, began.ID))
	p.Phase, p.Cancelled = run.Writing, true
	assert.True(t, say(began.ID, p, true), "what the run says does not undo it")
	assert.Empty(t, cmp.Diff(p, read()))

	require.NoError(t, s.Runs().Mode(t.Context(), l, began.ID, run.Incremental))
	got, err := s.Runs().Run(t.Context(), began.ID)
	require.NoError(t, err)
	assert.Equal(t, run.Incremental, got.Mode)

	next, err := s.Runs().Begin(t.Context(), l, run.Manual, run.Full, c.now())
	require.NoError(t, err)
	assert.False(t, say(next.ID, run.Progress{Phase: run.Connecting}, true), "a new run is not cancelled")
	assert.Empty(t, cmp.Diff(run.Progress{Run: next.ID, Phase: run.Connecting}, read()))

	lost := l
	lost.Fence++
	_, err = s.Runs().Progress(t.Context(), lost, began.ID, p, true)
	require.ErrorIs(t, err, run.ErrLeaseLost)
	require.ErrorIs(t, s.Runs().Mode(t.Context(), lost, began.ID, run.Full), run.ErrLeaseLost)
}
