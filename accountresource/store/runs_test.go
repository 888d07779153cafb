package store_test

import (
	"database/sql"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
)

func testHistory(t *testing.T, connect func() *sql.DB) {
	s, c := opened(t, connect())
	l := lease(t, s, 1)
	began, err := s.Runs().Begin(t.Context(), l, run.Scheduled, run.Full, c.now())
	require.NoError(t, err)
	entries := []run.Entry{
		{
			Time: c.now(), Action: account.ActionUpdated, Kind: account.Mailbox, Source: "a", DN: "CN=Ann", Address: "ann@example.com",
			Diff: []account.Difference{{What: "name", Old: "Ann", New: "Ann 100% Lee"}},
		},
		{Time: c.now(), Action: account.ActionIgnored, Source: "b", DN: "CN=Bob", Reason: account.Say("reason_x", "A", "1")},
		{Time: c.now(), Action: account.ActionHeld, Source: "d", Address: "d@example.com"},
		{Time: c.now(), Action: account.ActionFailed, Source: "c", Address: "c_d@example.com", Detail: "Disk Full"},
	}
	confirmed := link(1, "a", "ann@example.com")
	claimed := confirmed
	claimed.State, claimed.Intent = account.Disabling, entries[0].Diff
	claimed.ExtraProfile[account.Title] = "Chief"
	claim(t, s, l, claimed, link(1, "z", "z@example.com"))
	assert.Equal(t, claimed, links(t, s, 1)[0])
	require.NoError(t, s.Runs().Settle(t.Context(), l, began.ID, run.Settled{
		Entries: entries, Links: []account.Link{confirmed}, Unlinked: []account.SourceID{"z"},
	}))
	assert.Equal(t, []account.Link{confirmed}, links(t, s, 1))
	claim(t, s, l, claimed)
	require.NoError(t, s.Runs().Settle(t.Context(), l, began.ID, run.Settled{
		Entries: entries[3:], Confirmed: []string{"ann@example.com", "nobody@example.com"},
	}))
	claimed.State, claimed.Intent = account.Confirmed, nil
	assert.Equal(t, []account.Link{claimed}, links(t, s, 1), "only state and intent have changed")

	going, err := s.Runs().Latest(t.Context(), 1, 2)
	require.NoError(t, err)
	assert.Equal(t, map[account.Action]int{"updated": 1, "ignored": 1, "failed": 2}, going[1].Counts)
	assert.NotContains(t, going, int64(2))
	why := account.Say("problem_x", "Host", "dc1")
	c.advance(time.Minute)
	require.NoError(t, s.Runs().End(t.Context(), began.ID, run.Failed, why, 3, c.now()))
	want := run.Run{
		ID: began.ID, Resource: 1, Trigger: run.Scheduled, Mode: run.Full, Started: began.Started, Finished: c.now(),
		Outcome: run.Failed, Error: why, Counts: map[account.Action]int{"updated": 1, "ignored": 1, "failed": 2, "held": 3},
	}
	got, total, err := s.Runs().Runs(t.Context(), 1, 1, 10)
	require.NoError(t, err)
	assert.Equal(t, 1, total)
	assert.Empty(t, cmp.Diff([]run.Run{want}, got))

	all, err := s.Runs().Entries(t.Context(), began.ID, run.LogFilter{Page: 1, Size: 3})
	require.NoError(t, err)
	assert.Equal(t, 5, all.Total)
	require.Len(t, all.Entries, 3)
	first := all.Entries[0]
	first.ID, first.Run = 0, 0
	assert.Empty(t, cmp.Diff(entries[0], first))
	for name, c := range map[string]struct {
		filter run.LogFilter
		want   []string
	}{
		"action":            {run.LogFilter{Action: account.ActionIgnored}, []string{"b"}},
		"held":              {run.LogFilter{Action: account.ActionHeld}, []string{"d"}},
		"address":           {run.LogFilter{Query: "ANN@"}, []string{"a"}},
		"dn":                {run.LogFilter{Query: "cn=bob"}, []string{"b"}},
		"value":             {run.LogFilter{Query: "100% lee"}, []string{"a"}},
		"detail":            {run.LogFilter{Query: "disk full"}, []string{"c", "c"}},
		"percent is no any": {run.LogFilter{Query: "%"}, []string{"a"}},
		"underscore":        {run.LogFilter{Query: "c_d@"}, []string{"c", "c"}},
		"nothing":           {run.LogFilter{Query: "' OR 1=1 --"}, nil},
	} {
		c.filter.Page, c.filter.Size = 1, 10
		found, err := s.Runs().Entries(t.Context(), began.ID, c.filter)
		require.NoError(t, err, name)
		var sources []string
		for _, e := range found.Entries {
			sources = append(sources, string(e.Source))
		}
		assert.Equal(t, c.want, sources, name)
		assert.Equal(t, len(c.want), found.Total, name)
	}
	_, err = s.Runs().Run(t.Context(), began.ID+1)
	assert.ErrorIs(t, err, run.ErrNotFound)
}

func testForget(t *testing.T, connect func() *sql.DB) {
	s, c := opened(t, connect())
	l := lease(t, s, 1)
	var ids []int64
	for range 3 {
		began, err := s.Runs().Begin(t.Context(), l, run.Manual, run.Full, c.now())
		require.NoError(t, err)
		require.NoError(t, s.Runs().Settle(t.Context(), l, began.ID, run.Settled{
			Entries: slices.Repeat([]run.Entry{{Action: account.ActionCreated}}, 1200),
		}))
		ids = append(ids, began.ID)
		require.NoError(t, s.Runs().End(t.Context(), began.ID, run.Succeeded, account.Message{}, 0, c.now()))
		require.NoError(t, s.Runs().Forget(t.Context(), 1, c.now().Add(-90*time.Minute)))
		c.advance(time.Hour)
	}
	_, err := s.Runs().Run(t.Context(), ids[0])
	require.ErrorIs(t, err, run.ErrNotFound, "two hours old")
	gone, err := s.Runs().Entries(t.Context(), ids[0], run.LogFilter{})
	require.NoError(t, err)
	assert.Zero(t, gone.Total)
	for _, id := range ids[1:] {
		r, err := s.Runs().Run(t.Context(), id)
		require.NoError(t, err)
		assert.Equal(t, 1200, r.Counts[account.ActionCreated])
	}
	require.NoError(t, s.Runs().End(t.Context(), ids[2], run.Succeeded, account.Message{}, 0, c.now()))
	require.NoError(t, s.Runs().Forget(t.Context(), 1, c.now()))
	_, err = s.Runs().Run(t.Context(), ids[2])
	require.NoError(t, err, "the newest run is never forgotten")
}

func testDelete(t *testing.T, connect func() *sql.DB) {
	s, c := opened(t, connect())
	id, err := s.Resources().Create(t.Context(), resource.Samba, resource.Defaults())
	require.NoError(t, err)
	l := lease(t, s, id)
	began, err := s.Runs().Begin(t.Context(), l, run.Manual, run.Full, c.now())
	require.NoError(t, err)
	claim(t, s, l, link(id, "a", "a@example.com"))
	require.ErrorIs(t, s.Resources().Delete(t.Context(), id), run.ErrRunning)
	require.NoError(t, s.Leases().Release(t.Context(), l))
	c.advance(time.Hour)
	require.NoError(t, s.Resources().Delete(t.Context(), id))
	_, err = s.Resources().Get(t.Context(), id)
	require.ErrorIs(t, err, resource.ErrNotFound)
	_, err = s.Runs().Run(t.Context(), began.ID)
	require.ErrorIs(t, err, run.ErrNotFound)
	left := link(id, "a", "a@example.com")
	left.Released, left.Left = true, c.now()
	assert.Empty(t, cmp.Diff([]account.Link{left}, links(t, s, id)), "for another resource of the domain")
	_, found, err := s.Links().OfAccount(t.Context(), "a@example.com")
	require.NoError(t, err)
	assert.False(t, found, "nobody looks after it")

	next := link(id+1, "b", "a@example.com")
	l = lease(t, s, id+1)
	claim(t, s, l, next)
	assert.Empty(t, cmp.Diff([]account.Link{next}, links(t, s, id+1)), "it keeps the address from nobody")
}

func testTasks(t *testing.T, connect func() *sql.DB) {
	s, _ := opened(t, connect())
	l := lease(t, s, 1)
	row, err := s.Runs().Begin(t.Context(), l, run.Manual, run.Full, time.Now())
	require.NoError(t, err)
	want := []run.Task{
		{Application: "sogo", Accounts: []run.Affected{
			{Source: "a", Home: "/ann/", Address: "ann@example.com", NewAddress: "anna@example.com"},
		}},
		{Application: "roundcube", Accounts: []run.Affected{{Source: "b", Address: "bob@example.com"}}},
		{Application: "sogo", Accounts: []run.Affected{{Source: "b", Address: "bob@example.com"}}},
	}
	require.NoError(t, s.Runs().Settle(t.Context(), l, row.ID, run.Settled{Tasks: want}))
	pending := func(application string, limit int) []run.Task {
		t.Helper()
		got, err := s.Tasks().Pending(t.Context(), 1, application, limit)
		require.NoError(t, err)
		return got
	}
	sogo := pending("sogo", 10)
	require.Len(t, sogo, 2)
	require.NoError(t, s.Tasks().Failed(t.Context(), sogo[0].ID, "down"))
	want[0].ID, want[2].ID = sogo[0].ID, sogo[1].ID
	assert.Empty(t, cmp.Diff([]run.Task{want[0], want[2]}, pending("sogo", 10)))
	assert.Empty(t, cmp.Diff(want[:1], pending("sogo", 1)))
	assert.Len(t, pending("roundcube", 10), 1)
	require.NoError(t, s.Tasks().Done(t.Context(), sogo[0].ID))
	assert.Empty(t, cmp.Diff(want[2:], pending("sogo", 10)))
	others, err := s.Tasks().Pending(t.Context(), 2, "sogo", 10)
	require.NoError(t, err)
	assert.Empty(t, others)
}

func testRemovals(t *testing.T, connect func() *sql.DB) {
	s, c := opened(t, connect())
	l := lease(t, s, 1)
	held := []run.Held{
		{
			Source: "a", Kind: account.Mailbox, Action: account.ActionDisabled, Address: "ann@example.com", DN: "CN=Ann",
			Reason: account.Say("reason_x", "A", "1"), Since: c.now(),
		},
		{Source: "b", Kind: account.Alias, Action: account.ActionDeleted, Address: "bob@example.com", DN: "CN=Bob", Since: c.now()},
	}
	require.NoError(t, s.Removals().Keep(t.Context(), l, held))
	n, err := s.Removals().Decide(t.Context(), 1, run.Confirmed, account.ActionDeleted, []account.SourceID{"a", "gone"})
	require.NoError(t, err)
	assert.Zero(t, n, "it is held for another action")
	n, err = s.Removals().Decide(t.Context(), 1, run.Dismissed, account.ActionDisabled, []account.SourceID{"a", "gone"})
	require.NoError(t, err)
	assert.Equal(t, 1, n)
	want := []run.Held{held[0]}
	want[0].Decision = run.Dismissed
	c.advance(time.Minute)
	again := held[0]
	again.Since = c.now()
	require.NoError(t, s.Removals().Keep(t.Context(), l, []run.Held{again}))
	got, err := s.Removals().Waiting(t.Context(), 1)
	require.NoError(t, err)
	assert.Empty(t, cmp.Diff(want, got), "what was held keeps its time and decision; what is not held any more is forgotten")

	again.Action = account.ActionDeleted
	require.NoError(t, s.Removals().Keep(t.Context(), l, []run.Held{again}))
	got, err = s.Removals().Waiting(t.Context(), 1)
	require.NoError(t, err)
	assert.Empty(t, cmp.Diff([]run.Held{again}, got), "held anew for another action, undecided")
	l.Fence++
	require.ErrorIs(t, s.Removals().Keep(t.Context(), l, nil), run.ErrLeaseLost)
}
