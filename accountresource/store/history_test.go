package store_test

import (
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
	"github.com/mailpanel/account-resource/accountresource/store"
)

// logged is a run of the resource with the rows.
func logged(t *testing.T, s *store.Store, l run.Lease, at time.Time, entries ...run.Entry) run.Run {
	t.Helper()
	began, err := s.Runs().Begin(t.Context(), l, run.Scheduled, run.Full, at)
	require.NoError(t, err)
	require.NoError(t, s.Runs().Settle(t.Context(), l, began.ID, run.Settled{Entries: entries}))
	require.NoError(t, s.Runs().End(t.Context(), began.ID, run.Succeeded, account.Message{}, 0, at))
	return began
}

func addressesOf(entries []run.Entry) (all []string) {
	for _, e := range entries {
		all = append(all, e.Address)
	}
	return all
}

func testLogPages(t *testing.T, connect func() *sql.DB) {
	s, c := opened(t, connect())
	l := lease(t, s, 1)
	var entries []run.Entry
	for i := range 10 {
		action := account.ActionCreated
		if i%2 == 1 {
			action = account.ActionIgnored
		}
		entries = append(entries, run.Entry{
			Action: action, Address: strconv.Itoa(i), Source: account.SourceID("s" + strconv.Itoa(i)),
			Time: c.now().Add(time.Duration(i) * time.Minute),
		})
	}
	r := logged(t, s, l, c.now(), entries...)
	other := logged(t, s, l, c.now(), entries...)
	read := func(f run.LogFilter) ([]run.Entry, []string, int) {
		t.Helper()
		found, err := s.Runs().Entries(t.Context(), r.ID, f)
		require.NoError(t, err)
		return found.Entries, addressesOf(found.Entries), found.Total
	}
	first, got, total := read(run.LogFilter{Page: 1, Size: 4})
	assert.Equal(t, []string{"0", "1", "2", "3"}, got)
	assert.Equal(t, 10, total)
	second, got, total := read(run.LogFilter{After: first[3].ID, Size: 4})
	assert.Equal(t, []string{"4", "5", "6", "7"}, got)
	assert.Equal(t, 10, total, "all, wherever the page is")
	_, got, _ = read(run.LogFilter{Before: second[0].ID, Size: 3})
	assert.Equal(t, []string{"1", "2", "3"}, got, "those next in front, in order")
	_, got, _ = read(run.LogFilter{Page: 3, Size: 4})
	assert.Equal(t, []string{"8", "9"}, got, "by number too")
	_, got, total = read(run.LogFilter{Action: account.ActionIgnored, Page: 2, Size: 2})
	assert.Equal(t, []string{"5", "7"}, got)
	assert.Equal(t, 5, total)
	_, got, total = read(run.LogFilter{From: c.now().Add(3 * time.Minute), Until: c.now().Add(5 * time.Minute), Page: 1, Size: 9})
	assert.Equal(t, []string{"3", "4"}, got)
	assert.Equal(t, 2, total)

	older, err := s.Runs().Before(t.Context(), 1, other.ID, 5)
	require.NoError(t, err)
	require.Len(t, older, 1)
	assert.Equal(t, r.ID, older[0].ID)
}

func testAccountHistory(t *testing.T, connect func() *sql.DB) {
	db := connect()
	s, c := opened(t, db)
	l := lease(t, s, 1)
	elsewhere := lease(t, s, 2)
	ann := func(a account.Action, address string) run.Entry {
		return run.Entry{Time: c.now(), Action: a, Source: "ann", Address: address}
	}
	bob := run.Entry{Time: c.now(), Action: account.ActionCreated, Source: "bob", Address: "bob@example.com"}
	logged(t, s, l, c.now(), ann(account.ActionCreated, "ann@example.com"), bob)
	logged(t, s, elsewhere, c.now(), ann(account.ActionIgnored, "ann@example.com"))
	logged(t, s, l, c.now(), bob, ann(account.ActionRenamed, "ann@example.com"))
	logged(t, s, l, c.now(), run.Entry{Time: c.now(), Action: account.ActionFailed, Address: "ann@example.com"})
	last := logged(t, s, l, c.now(), ann(account.ActionUpdated, "anna@example.com"))
	claim(t, s, l, link(1, "ann", "anna.lee@example.com"))

	tell := func(name string, f run.LogFilter) (all []string) {
		t.Helper()
		f.Size = 10
		found, err := s.Runs().AccountHistory(t.Context(), 1, name, f)
		require.NoError(t, err)
		for _, e := range found.Entries {
			all = append(all, string(e.Action))
		}
		return all
	}
	whole := []string{"updated", "renamed", "created"}
	assert.Equal(t, whole, tell("ann", run.LogFilter{}), "what another resource did is no part of it")
	assert.Equal(t, whole, tell("anna@example.com", run.LogFilter{}))
	assert.Equal(t, whole, tell("anna.lee@example.com", run.LogFilter{}), "the link knows the newest name")
	assert.Equal(t, []string{"updated", "failed", "renamed", "created"}, tell("ann@example.com", run.LogFilter{}),
		"rows that name the address alone belong to it")
	assert.Equal(t, []string{"renamed"}, tell("ann", run.LogFilter{Action: account.ActionRenamed}))
	newest, err := s.Runs().Rows(t.Context(), last.ID, run.LogFilter{Page: 1, Size: 1})
	require.NoError(t, err)
	assert.Equal(t, whole[1:], tell("ann", run.LogFilter{Before: newest[0].ID}))
	assert.Equal(t, last.ID, newest[0].Run)
	assert.Empty(t, tell("nobody@example.com", run.LogFilter{}))
	assert.Empty(t, tell("", run.LogFilter{}))
	assert.Empty(t, tell("ann", run.LogFilter{From: c.now().Add(time.Second)}))

	// A row that is pruned leaves the index; what a killed run had logged is indexed with the next.
	killed, err := s.Runs().Begin(t.Context(), l, run.Scheduled, run.Full, c.now())
	require.NoError(t, err)
	require.NoError(t, s.Runs().Settle(t.Context(), l, killed.ID, run.Settled{Entries: []run.Entry{ann(account.ActionFailed, "anna@example.com")}}))
	assert.Equal(t, whole, tell("ann", run.LogFilter{}), "it goes on still")
	c.advance(time.Hour)
	again := lease(t, s, 1)
	next, err := s.Runs().Begin(t.Context(), again, run.Scheduled, run.Full, c.now())
	require.NoError(t, err)
	require.NoError(t, s.Runs().Settle(t.Context(), again, next.ID, run.Settled{Entries: []run.Entry{ann(account.ActionEnabled, "anna@example.com")}}))
	require.NoError(t, s.Runs().End(t.Context(), next.ID, run.Succeeded, account.Message{}, 0, c.now()))
	require.NoError(t, s.Runs().Forget(t.Context(), 1, killed.Started))
	assert.Equal(t, []string{"enabled", "failed", "updated", "renamed", "created"}, tell("ann", run.LogFilter{}))
	c.advance(time.Hour)
	end, err := s.Runs().Begin(t.Context(), again, run.Scheduled, run.Full, c.now())
	require.NoError(t, err)
	require.NoError(t, s.Runs().End(t.Context(), end.ID, run.Succeeded, account.Message{}, 0, c.now()))
	require.NoError(t, s.Runs().Forget(t.Context(), 1, next.Started))
	assert.Equal(t, []string{"enabled"}, tell("ann", run.LogFilter{}), "older runs are forgotten")
	var told int
	require.NoError(t, db.QueryRow("SELECT COUNT(*) FROM account_resource_story WHERE resource_id = 1").Scan(&told))
	assert.Equal(t, 1, told)
}

// A run of a hundred thousand rows, and an account that was ignored a thousand times.
func testLongHistory(t *testing.T, connect func() *sql.DB) {
	db := connect()
	s, c := searching(t, db, 50)
	l := lease(t, s, 1)
	const rows = 32_000
	began, err := s.Runs().Begin(t.Context(), l, run.Manual, run.Full, c.now())
	require.NoError(t, err)
	var some []run.Entry
	for n := range rows >> 5 {
		id := fmt.Sprintf("%08x", uint32(n*2654435761)) // in no order, as objects are
		some = append(some, run.Entry{
			Time: c.now(), Action: account.ActionCreated, Source: account.SourceID(id), Address: id + "@example.com", DN: "CN=" + id,
		})
	}
	require.NoError(t, s.Runs().Settle(t.Context(), l, began.ID, run.Settled{Entries: some}))
	for n := range 5 { // the database doubles them faster
		_, err := db.Exec(fmt.Sprintf("INSERT INTO account_resource_log"+
			" (run_id, at, action, kind, source_id, dn, address, diff, reason, detail) SELECT run_id, at, action, kind,"+
			" CONCAT(source_id, '%[1]d'), dn, CONCAT('%[1]d', address), diff, reason, detail FROM account_resource_log", n))
		require.NoError(t, err)
	}
	_, err = db.Exec(fmt.Sprintf("UPDATE account_resource_run SET count_created = %d", rows))
	require.NoError(t, err)
	var last int64
	require.NoError(t, db.QueryRow("SELECT MAX(id) FROM account_resource_log").Scan(&last))
	_, err = db.Exec(fmt.Sprintf("UPDATE account_resource_log SET action = 'failed' WHERE id = %d", last))
	require.NoError(t, err)
	require.NoError(t, s.Runs().End(t.Context(), began.ID, run.Succeeded, account.Message{}, 0, c.now()))
	telling := time.Now()
	require.NoError(t, s.Runs().IndexHistory(t.Context(), 1))
	t.Logf("the stories of %d accounts are entered in %s", rows, time.Since(telling))
	odd := run.Entry{Time: c.now(), Action: account.ActionIgnored, Source: "odd", Address: "odd@elsewhere.example"}
	logged(t, s, l, c.now(), slices.Repeat([]run.Entry{odd}, 1000)...)
	logged(t, s, l, c.now()) // a run that has nothing to say is the newest
	require.NoError(t, s.Runs().IndexHistory(t.Context(), 1))
	reads := readCounter(t, db)
	page, err := s.Runs().Entries(t.Context(), began.ID, run.LogFilter{Page: 1, Size: 50})
	require.NoError(t, err)
	require.Equal(t, rows, page.Total)
	first := page.Entries
	const few = 400 // a page is 50 rows, met in an index and in the table, or in pieces of 5
	for name, ask := range map[string]func() (run.Page, error){
		"the first page": func() (run.Page, error) {
			return s.Runs().Entries(t.Context(), began.ID, run.LogFilter{Page: 1, Size: 50})
		},
		"a page in the middle": func() (run.Page, error) {
			return s.Runs().Entries(t.Context(), began.ID, run.LogFilter{After: first[0].ID + rows/2, Size: 50})
		},
		"the page in front of it": func() (run.Page, error) {
			return s.Runs().Entries(t.Context(), began.ID, run.LogFilter{Before: first[0].ID + rows/2, Size: 50})
		},
		"a page of an action": func() (run.Page, error) {
			return s.Runs().Entries(t.Context(), began.ID,
				run.LogFilter{Action: account.ActionCreated, After: first[0].ID + rows/2, Size: 50})
		},
		"a story": func() (run.Page, error) {
			return s.Runs().AccountHistory(t.Context(), 1, string(first[7].Source), run.LogFilter{Size: 50})
		},
		"a long story by address": func() (run.Page, error) {
			return s.Runs().AccountHistory(t.Context(), 1, "odd@elsewhere.example", run.LogFilter{Size: 50})
		},
		"a search": func() (run.Page, error) {
			return s.Runs().Entries(t.Context(), began.ID, run.LogFilter{Query: "nobody", Page: 1, Size: 50})
		},
		"a search in the middle": func() (run.Page, error) {
			return s.Runs().Entries(t.Context(), began.ID, run.LogFilter{Query: "nobody", After: first[0].ID + rows/2, Size: 50})
		},
		"a search back from there": func() (run.Page, error) {
			return s.Runs().Entries(t.Context(), began.ID, run.LogFilter{Query: "nobody", Before: first[0].ID + rows/2, Size: 50})
		},
		"a search in an action by time": func() (run.Page, error) {
			return s.Runs().Entries(t.Context(), began.ID,
				run.LogFilter{Action: account.ActionCreated, From: c.now().Add(time.Hour), Page: 1, Size: 50})
		},
		"a search in an action that is rare": func() (run.Page, error) {
			return s.Runs().Entries(t.Context(), began.ID, run.LogFilter{Action: account.ActionFailed, Query: "nobody", Page: 1, Size: 50})
		},
		"a search of a story": func() (run.Page, error) {
			return s.Runs().AccountHistory(t.Context(), 1, "odd@elsewhere.example", run.LogFilter{Query: "nobody", Size: 50})
		},
	} {
		before := reads.start()
		found, err := ask()
		require.NoError(t, err, name)
		if strings.Contains(name, "rare") {
			require.Equal(t, 1, found.Searched, name)
		} else if strings.Contains(name, "search") {
			require.Equal(t, 50, found.Searched, name)
			require.NotZero(t, found.Next, name)
		} else {
			require.NotEmpty(t, found.Entries, name)
		}
		reads.check(t, name, before, few)
	}
}
