package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
	"github.com/mailpanel/account-resource/accountresource/store"
)

// searching is a store whose searches look at so many rows, a tenth of them in a statement.
func searching(t *testing.T, db *sql.DB, rows int) (*store.Store, *clock) {
	t.Helper()
	s, c := opened(t, db)
	s.LimitSearches(rows, time.Millisecond)
	return s, c
}

// haystack is a run of 250 rows, a minute after each other; the DN of some says needle. A run of somebody else is among
// them.
func haystack(t *testing.T, s *store.Store, c *clock, needles ...int) run.Run {
	t.Helper()
	other := run.Entry{Action: account.ActionCreated, Address: "other", DN: "needle"}
	mine, theirs := lease(t, s, 1), lease(t, s, 2)
	began, err := s.Runs().Begin(t.Context(), mine, run.Manual, run.Full, c.now())
	require.NoError(t, err)
	beside, err := s.Runs().Begin(t.Context(), theirs, run.Manual, run.Full, c.now())
	require.NoError(t, err)
	var some []run.Entry
	for n := range 250 {
		e := run.Entry{
			Time: c.now().Add(time.Duration(n) * time.Minute), Action: account.ActionCreated, Address: strconv.Itoa(n), DN: "hay", Source: "a",
		}
		if slices.Contains(needles, n) {
			e.DN = "Needle"
		}
		if n%2 == 1 {
			e.Action = account.ActionIgnored
		}
		if some = append(some, e); len(some) == 25 {
			require.NoError(t, s.Runs().Settle(t.Context(), mine, began.ID, run.Settled{Entries: some}))
			require.NoError(t, s.Runs().Settle(t.Context(), theirs, beside.ID, run.Settled{Entries: []run.Entry{other}}))
			some = nil
		}
	}
	require.NoError(t, s.Runs().End(t.Context(), began.ID, run.Succeeded, account.Message{}, 0, c.now()))
	return began
}

func testSearch(t *testing.T, connect func() *sql.DB) {
	s, c := searching(t, connect(), 100)
	r := haystack(t, s, c, 4, 149, 151, 249)
	read := func(f run.LogFilter) (run.Page, string) {
		t.Helper()
		page, err := s.Runs().Entries(t.Context(), r.ID, f)
		require.NoError(t, err)
		return page, fmt.Sprint(addressesOf(page.Entries), " total ", page.Total, " searched ", page.Searched, " more ", page.More)
	}
	f := run.LogFilter{Query: "needle", Page: 1, Size: 2}
	page, got := read(f)
	assert.Equal(t, "[4] total 1 searched 100 more false", got)
	f.After = page.Next
	page, got = read(f)
	assert.Equal(t, "[149 151] total -1 searched 100 more false", got, "it is full, and nobody knows whether there are more")
	f.After = page.Next
	page, got = read(f)
	assert.Equal(t, "[249] total -1 searched 50 more false", got)
	assert.Zero(t, page.Next, "that was all")

	f.After, f.Before = 0, page.Entries[0].ID
	page, got = read(f)
	assert.Equal(t, "[149 151] total -1 searched 100 more false", got, "back, in order")
	f.Before = page.Entries[0].ID
	page, got = read(f)
	assert.Equal(t, "[] total -1 searched 100 more false", got)
	f.Before = page.Next
	page, got = read(f)
	assert.Equal(t, "[4] total -1 searched 49 more false", got)
	assert.Zero(t, page.Next)

	_, got = read(run.LogFilter{Query: "HAY", Page: 3, Size: 2})
	assert.Equal(t, "[5 6] total 99 searched 100 more true", got)
	page, got = read(run.LogFilter{Query: "hay", After: page.Entries[0].ID, Size: 2})
	assert.Equal(t, "[5 6] total -1 searched 10 more true", got, "no more pieces than the page needs")
	assert.Zero(t, page.Next)
	_, got = read(run.LogFilter{Query: "needle", Action: account.ActionIgnored, Page: 1, Size: 9})
	assert.Equal(t, "[149 151] total 2 searched 100 more false", got, "rows of other actions are not looked at")
	_, got = read(run.LogFilter{From: c.now().Add(101 * time.Minute), Until: c.now().Add(102 * time.Minute), Page: 1, Size: 9})
	assert.Equal(t, "[] total 0 searched 100 more false", got, "by time too")
	for _, f := range []run.LogFilter{{Query: "hay"}, {Action: account.ActionCreated}, {}} {
		f.Page, f.Size = math.MaxInt, 1000
		page, _ := read(f)
		assert.Empty(t, page.Entries, "far behind the end")
		f.Page = math.MinInt
		page, _ = read(f)
		assert.NotEmpty(t, page.Entries, "the first page")
	}

	found, err := s.Runs().Rows(t.Context(), r.ID, run.LogFilter{Query: "needle", Page: 1, Size: 1000})
	require.NoError(t, err)
	assert.Equal(t, []string{"4", "149", "151", "249"}, addressesOf(found), "a download has them all")
	found, err = s.Runs().Rows(t.Context(), r.ID, run.LogFilter{Query: "needle", Size: 2, After: found[0].ID})
	require.NoError(t, err)
	assert.Equal(t, []string{"149", "151"}, addressesOf(found))
	found, err = s.Runs().Rows(t.Context(), r.ID, run.LogFilter{Query: "needle", Size: 2, Before: found[1].ID})
	require.NoError(t, err)
	assert.Equal(t, []string{"4", "149"}, addressesOf(found))
}

func testAccountHistorySearch(t *testing.T, connect func() *sql.DB) {
	s, c := searching(t, connect(), 100)
	haystack(t, s, c, 4, 149, 249)
	l := lease2(t, s, c)
	late := run.Entry{Action: account.ActionFailed, Address: "249", DN: "needle"} // of the address alone
	logged(t, s, l, c.now(), slices.Repeat([]run.Entry{late}, 60)...)
	logged(t, s, l, c.now())
	whole := func(f run.LogFilter) (all []string, calls int) {
		t.Helper()
		for {
			calls++
			page, err := s.Runs().AccountHistory(t.Context(), 1, "249", f)
			require.NoError(t, err)
			assert.Less(t, page.Searched, 110, "a piece at most begins before the last row")
			all = append(all, addressesOf(page.Entries)...)
			switch {
			case page.More:
				require.Len(t, page.Entries, f.Size)
				f.Before = page.Entries[f.Size-1].ID
			case page.Next > 0:
				f.Before = page.Next
			default:
				return all, calls
			}
		}
	}
	all, calls := whole(run.LogFilter{Query: "needle", Size: 7})
	assert.Equal(t, append(slices.Repeat([]string{"249"}, 61), "149", "4"), all, "newest first, whatever names the account")
	assert.Greater(t, calls, 9)
	all, _ = whole(run.LogFilter{Action: account.ActionFailed, Size: 100})
	assert.Len(t, all, 60)
	all, calls = whole(run.LogFilter{Query: "nothing", Size: 100})
	assert.Empty(t, all)
	assert.Equal(t, 4, calls, "310 rows")
}

func testAccountHistoryWaits(t *testing.T, connect func() *sql.DB) {
	s, c := searching(t, connect(), 100)
	haystack(t, s, c, 4, 249)
	f := run.LogFilter{Query: "needle", Size: 7}
	release, err := s.OccupySearches(t.Context())
	require.NoError(t, err)
	_, err = s.Runs().AccountHistory(t.Context(), 1, "249", f)
	require.ErrorIs(t, err, run.ErrBusy, "a page does not wait for long")
	require.ErrorContains(t, err, "search the history of 249", "the name that was asked for")

	f.Wait = true
	ctx, leave := context.WithTimeout(t.Context(), time.Second)
	defer leave()
	_, err = s.Runs().AccountHistory(ctx, 1, "249", f)
	require.ErrorIs(t, err, context.DeadlineExceeded, "a file waits as long as its client does")
	release()
	page, err := s.Runs().AccountHistory(t.Context(), 1, "249", f)
	require.NoError(t, err)
	assert.Equal(t, []string{"249"}, addressesOf(page.Entries))
}

// lease2 is the lease of the first resource once more.
func lease2(t *testing.T, s *store.Store, c *clock) run.Lease {
	t.Helper()
	c.advance(time.Hour)
	return lease(t, s, 1)
}

func testSearchTurns(t *testing.T, connect func() *sql.DB) {
	db := connect()
	s, c := searching(t, db, 100)
	r := haystack(t, s, c, 249)
	search := run.LogFilter{Query: "needle", Page: 1, Size: 10}

	held, err := db.Conn(t.Context()) // the only connection: searches wait for it
	require.NoError(t, err)
	ctx, leave := context.WithCancel(t.Context())
	results := make(chan error, 3)
	waiting := db.Stats().WaitCount
	go func() { _, err := s.Runs().Entries(ctx, r.ID, search); results <- err }()
	go func() { _, err := s.Runs().Rows(t.Context(), r.ID, search); results <- err }()
	require.Eventually(t, func() bool { return db.Stats().WaitCount == waiting+2 }, 30*time.Second, time.Millisecond)
	_, err = s.Runs().Entries(t.Context(), r.ID, search)
	require.ErrorIs(t, err, run.ErrBusy, "a third page does not wait for long")
	_, err = s.Runs().AccountHistory(t.Context(), 1, "", run.LogFilter{Query: "needle"})
	require.NoError(t, err)
	go func() { _, err := s.Runs().Rows(t.Context(), r.ID, search); results <- err }() // a download does

	leave()
	require.ErrorIs(t, <-results, context.Canceled, "who has gone is not searched for")
	require.Eventually(t, func() bool { return db.Stats().WaitCount == waiting+3 }, 30*time.Second, time.Millisecond)
	require.NoError(t, held.Close())
	require.NoError(t, <-results)
	require.NoError(t, <-results)
	_, err = s.Runs().Entries(t.Context(), r.ID, search)
	require.NoError(t, err, "the turns are free again")
}
