package store_test

import (
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

func testClaimConflict(t *testing.T, connect func() *sql.DB) {
	s, clock := opened(t, connect())
	one, two := lease(t, s, 1), lease(t, s, 2)
	assert.Equal(t, []error{nil, nil}, claim(t, s, one, link(1, "a", "a@example.com"), link(1, "b", "b@example.com")))
	results := claim(t, s, two,
		link(2, "a", "a@example.com"), link(2, "c", "c@example.com"), link(2, "d", "c@example.com"))
	assert.ErrorIs(t, results[0], run.ErrConflict)
	assert.NoError(t, results[1])
	assert.ErrorIs(t, results[2], run.ErrConflict, "twice in one batch")

	assert.Equal(t, []account.Link{
		link(1, "a", "a@example.com"), link(1, "b", "b@example.com"), link(2, "c", "c@example.com"),
	}, links(t, s, 1), "other resources' links in the domain are seen too")
	n, err := s.Resources().Links(t.Context(), 1)
	require.NoError(t, err)
	assert.Equal(t, 2, n)
	found := link(1, "e", "e@example.com")
	found.Origin = account.Linked
	claim(t, s, one, found)
	origins, err := s.Resources().Origins(t.Context(), 1)
	require.NoError(t, err)
	assert.Equal(t, map[account.Origin]int{account.Created: 2, account.Linked: 1}, origins)
	changed, err := s.Links().Changed(t.Context(), "e@example.com")
	require.NoError(t, err)
	assert.Equal(t, clock.now(), changed)
	changed, err = s.Links().Changed(t.Context(), "nobody@example.com")
	require.NoError(t, err)
	assert.Zero(t, changed)
}

func testSwap(t *testing.T, connect func() *sql.DB) {
	s, _ := opened(t, connect())
	l := lease(t, s, 1)
	claim(t, s, l, link(1, "a", "a@example.com"), link(1, "b", "b@example.com"), link(1, "c", "c@example.com"))
	results := claim(t, s, l, link(1, "a", "b@example.com"), link(1, "b", "c@example.com"), link(1, "c", "a@example.com"))
	assert.Equal(t, []error{nil, nil, nil}, results)
	assert.Equal(t, []account.Link{
		link(1, "a", "b@example.com"), link(1, "b", "c@example.com"), link(1, "c", "a@example.com"),
	}, links(t, s, 1))
}

// A claim that goes back gives its new address to another, which has it from the beginning of the same batch.
func testSettledSwap(t *testing.T, connect func() *sql.DB) {
	s, c := opened(t, connect())
	l := lease(t, s, 1)
	claim(t, s, l, link(1, "a", "b@example.com"), link(1, "b", "a@example.com"), link(1, "c", "c@example.com"))
	began, err := s.Runs().Begin(t.Context(), l, run.Manual, run.Full, c.now())
	require.NoError(t, err)
	back := []account.Link{link(1, "a", "a@example.com"), link(1, "b", "b@example.com")}
	require.NoError(t, s.Runs().Settle(t.Context(), l, began.ID, run.Settled{Moved: back}))
	assert.Equal(t, append(back, link(1, "c", "c@example.com")), links(t, s, 1))
	taken := []account.Link{link(1, "a", "c@example.com")}
	require.Error(t, s.Runs().Settle(t.Context(), l, began.ID, run.Settled{Moved: taken}), "another object has the address")
	assert.Equal(t, append(back, link(1, "c", "c@example.com")), links(t, s, 1))
}

func testClaimedAgain(t *testing.T, connect func() *sql.DB) {
	s, _ := opened(t, connect())
	l := lease(t, s, 1)
	newcomer := link(1, "a", "a@example.com")
	newcomer.State = account.Creating
	began := time.Now()
	for range 3 {
		assert.Equal(t, []error{nil}, claim(t, s, l, newcomer))
	}
	assert.Less(t, time.Since(began), 5*time.Second, "nobody waits for links to go away by themselves")
	assert.Equal(t, []account.Link{newcomer}, links(t, s, 1))
}

// Of the domain's links only those of other resources are looked at beside its own.
func testLinksOfTheDomain(t *testing.T, connect func() *sql.DB) {
	db := connect()
	s, _ := opened(t, db)
	want := make([]account.Link, 0, 1002)
	for i := range 1000 {
		want = append(want, link(3, fmt.Sprintf("%05d", i), fmt.Sprintf("u%05d@example.com", i)))
	}
	claim(t, s, lease(t, s, 3), want...)
	before, behind := link(2, "00007", "x@example.com"), link(5, "00003", "y@example.com")
	claim(t, s, lease(t, s, 2), before, link(2, "00009", "x@example.net"))
	claim(t, s, lease(t, s, 5), behind)
	want = append(want, before, behind)

	reads := readCounter(t, db)
	start := reads.start()
	got := links(t, s, 3)
	reads.check(t, "the links of a resource, and others of the domain", start, len(want)+50)
	assert.Equal(t, want, got)
}

func testManyLinks(t *testing.T, connect func() *sql.DB) {
	s, _ := opened(t, connect())
	l := lease(t, s, 1)
	var many []account.Link
	for i := range 4500 {
		many = append(many, link(1, fmt.Sprintf("%05d", i), fmt.Sprintf("u%05d@example.com", i)))
	}
	claim(t, s, l, many...)
	seen := 0
	for got, err := range s.Links().Links(t.Context(), 1, "example.com") {
		require.NoError(t, err)
		require.Equal(t, many[seen], got)
		if seen%1000 == 0 { // the store is free for others while its rows are gone through
			_, err := s.Resources().All(t.Context())
			require.NoError(t, err)
		}
		seen++
	}
	assert.Equal(t, len(many), seen)
}

func testWholeLink(t *testing.T, connect func() *sql.DB) {
	s, c := opened(t, connect())
	l := lease(t, s, 1)
	want := account.Link{
		Resource: 1, Source: "a", Left: c.now(),
		Known: account.Known{
			DN: `CN=Berg\, Ännä,DC=corp`, Logon: "ann", EmployeeID: "0042", Shown: account.FieldSet(account.Name, account.Mobile),
			ExtraProfile: account.Profile{account.Title: "Chief"},
		},
		Local:  account.Local{Kind: account.Alias, Address: "all@example.com", Home: "/a/", Made: "2026-05-06 07:08:09"},
		Origin: account.Linked, Off: account.OffByRemoval, State: account.Updating,
		Intent:   []account.Difference{{What: "name", Old: "x", New: "y"}},
		Released: true, Parted: true, OffWaits: true,
		Members: []account.LinkMember{{Source: "m", Address: "ann@example.com"}, {Source: "n", Address: "bob@elsewhere.example"}},
	}
	results, err := s.Links().Claim(t.Context(), l, []account.Link{want})
	require.NoError(t, err)
	require.Equal(t, []error{nil}, results)
	got, err := s.Links().Of(t.Context(), 1, []account.SourceID{"a"})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff([]account.Link{want}, got))
}

// When an object left is known of an account that was switched off for it, and of a link that was released; of no other.
func testWhenItLeft(t *testing.T, connect func() *sql.DB) {
	s, c := opened(t, connect())
	l := lease(t, s, 1)
	began, err := s.Runs().Begin(t.Context(), l, run.Manual, run.Full, c.now())
	require.NoError(t, err)
	one, two, three := link(1, "a", "a@example.com"), link(1, "b", "b@example.com"), link(1, "c", "c@example.com")
	claim(t, s, l, one, two, three)
	c.advance(time.Hour)
	one.Released, two.Off, three.Off = true, account.OffByRemoval, account.OffByStatus
	require.NoError(t, s.Runs().Settle(t.Context(), l, began.ID, run.Settled{Links: []account.Link{one, two, three}}))
	one.Left, two.Left = c.now(), c.now()
	c.advance(time.Hour)
	assert.Empty(t, cmp.Diff([]account.Link{one, two, three}, links(t, s, 1)))
}
