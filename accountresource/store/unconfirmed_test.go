package store_test

import (
	"database/sql"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// A decision to leave an account as it is outlives runs, and settings that have nothing to do with it; not another filter.
func testDismissal(t *testing.T, connect func() *sql.DB) {
	s, c := opened(t, connect())
	id := withPassword(t, s, "s3cret")
	other := withPassword(t, s, "s3cret")
	l, theirs := lease(t, s, id), lease(t, s, other)
	held := []run.Held{
		{Source: "a", Kind: account.Mailbox, Action: account.ActionDisabled, Address: "ann@example.com", DN: "CN=Ann", Since: c.now()},
		{Source: "b", Kind: account.Mailbox, Action: account.ActionUpdated, Address: "bob@example.com", DN: "CN=Bob", Since: c.now(),
			Diff: []account.Difference{{What: "mobile", Old: "+1 – \"ü\"", New: ""}}},
	}
	require.NoError(t, s.Removals().Keep(t.Context(), l, held))
	require.NoError(t, s.Removals().Keep(t.Context(), theirs, held))
	decisions := func(id int64) (all []run.Decision) {
		waiting, err := s.Removals().Waiting(t.Context(), id)
		require.NoError(t, err)
		for i := range waiting {
			all = append(all, waiting[i].Decision)
			assert.Empty(t, cmp.Diff(held[i].Diff, waiting[i].Diff), "what would change is kept")
		}
		return all
	}
	decide := func(id int64) {
		for action, d := range map[account.Action]run.Decision{account.ActionDisabled: run.Dismissed, account.ActionUpdated: run.Confirmed} {
			_, err := s.Removals().Decide(t.Context(), id, d, action, []account.SourceID{"a", "b"})
			require.NoError(t, err)
		}
	}
	decided := []run.Decision{run.Dismissed, run.Confirmed}
	decide(other)
	for name, c := range map[string]struct {
		change func(*resource.Settings)
		ends   bool
	}{
		"interval":    {func(s *resource.Settings) { s.Replication.Interval++ }, false},
		"timeout":     {func(s *resource.Settings) { s.Connection.Timeout++ }, false},
		"user filter": {func(s *resource.Settings) { s.Users.Filter = "(cn=" + s.Users.Filter + ")" }, true},
		"mapping":     {func(s *resource.Settings) { s.Users.Title = "description" }, true},
		"base DN":     {func(s *resource.Settings) { s.Connection.BaseDN = "OU=Staff,DC=corp" }, true},
		"groups":      {func(s *resource.Settings) { s.Replication.Groups = !s.Replication.Groups }, true},
	} {
		decide(id)
		require.Equal(t, decided, decisions(id))
		res := read(t, s, id)
		next := res.Settings
		c.change(&next)
		require.NoError(t, s.Resources().Save(t.Context(), res, next, resource.Secret{}))
		want := decided
		if c.ends {
			want = []run.Decision{"", run.Confirmed}
		}
		assert.Equal(t, want, decisions(id), name)
		require.ErrorIs(t, s.Resources().Save(t.Context(), res, next, resource.Secret{}), resource.ErrChanged)
	}
	assert.Equal(t, decided, decisions(other), "another resource has its own")
}

// What a run made unconfirmed is what its last batch said; that of the last hour is summed up, by kind.
func testUnconfirmed(t *testing.T, connect func() *sql.DB) {
	s, c := opened(t, connect())
	l := lease(t, s, 1)
	counts := func(back time.Duration) map[account.Action]int {
		n, err := s.Removals().Unconfirmed(t.Context(), 1, c.now().Add(-back))
		require.NoError(t, err)
		return n
	}
	settle := func(counts ...map[account.Action]int) {
		began, err := s.Runs().Begin(t.Context(), l, run.Manual, run.Incremental, c.now())
		require.NoError(t, err)
		for _, n := range counts {
			require.NoError(t, s.Runs().Settle(t.Context(), l, began.ID, run.Settled{Unconfirmed: n}))
		}
		require.NoError(t, s.Runs().End(t.Context(), began.ID, run.Succeeded, account.Message{}, 0, c.now()))
	}
	assert.Empty(t, counts(time.Hour))
	settle(map[account.Action]int{account.ActionDeleted: 1}, nil, map[account.Action]int{account.ActionDeleted: 3, account.ActionRenamed: 1})
	c.advance(30 * time.Second)
	settle(map[account.Action]int{account.ActionDeleted: 2})
	assert.Equal(t, map[account.Action]int{account.ActionDeleted: 5, account.ActionRenamed: 1}, counts(time.Hour))
	assert.Equal(t, map[account.Action]int{account.ActionDeleted: 2}, counts(30*time.Second))
	others, err := s.Removals().Unconfirmed(t.Context(), 2, c.now().Add(-time.Hour))
	require.NoError(t, err)
	assert.Empty(t, others)
}
