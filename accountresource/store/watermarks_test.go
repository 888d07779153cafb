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

func testMarks(t *testing.T, connect func() *sql.DB) {
	s, _ := opened(t, connect())
	l := lease(t, s, 1)
	read := func() run.Watermark {
		t.Helper()
		m, err := s.Watermarks().Watermark(t.Context(), 1)
		require.NoError(t, err)
		return m
	}
	assert.Empty(t, cmp.Diff(run.Watermark{}, read()), "before the first run")
	require.NoError(t, s.Watermarks().Open(t.Context(), l), "a first run has nothing to open")

	want := run.Watermark{
		Tombstones: true, Listed: time.Date(2026, 5, 6, 8, 0, 0, 0, time.UTC),
		Invocation: "5d4c6a1e-0000-4000-8000-000000000001", USN: 1 << 40, Revision: 3,
		Full:    time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC),
		Retries: []run.Retry{{Source: "a", Kind: account.Alias}, {Source: "a", Kind: account.Mailbox}},
	}
	for i := range 1200 {
		want.Retries = append(want.Retries, run.Retry{Source: account.SourceID(fmt.Sprintf("b%04d", i)), Kind: account.Mailbox})
	}
	want.Unshown = []run.Unshown{{Source: "a", Since: want.Full, Listings: 2}, {Source: "b"}}
	want.Server = "dc1.corp.example 192.0.2.7"
	want.Said = []run.Said{
		{Source: "b", Invocation: "second", Action: account.ActionRenamed, Former: "b@example.com", Time: want.Listed},
		{Source: "a", Action: account.ActionDisabled, Time: want.Full},
	}
	want.Others = []run.Watermark{
		{Invocation: "second", Server: "dc2.corp.example", USN: 1 << 41, Revision: 2, Full: want.Full, Listed: want.Listed, Tombstones: true},
		{Invocation: "", Open: true},
	}
	for i := range 1200 {
		want.Others[1].Unshown = append(want.Others[1].Unshown, run.Unshown{Source: account.SourceID(fmt.Sprintf("c%04d", i))})
	}
	require.NoError(t, s.Watermarks().SetWatermark(t.Context(), l, want))
	assert.Empty(t, cmp.Diff(want, read()))
	require.NoError(t, s.Watermarks().Open(t.Context(), l))
	want.Open = true
	assert.Empty(t, cmp.Diff(want, read()))
	want = run.Watermark{Invocation: "other", USN: 7}
	require.NoError(t, s.Watermarks().SetWatermark(t.Context(), l, want))
	assert.Empty(t, cmp.Diff(want, read()), "nothing of the old one is left")

	l.Fence++
	require.ErrorIs(t, s.Watermarks().Open(t.Context(), l), run.ErrLeaseLost)
	require.ErrorIs(t, s.Watermarks().SetWatermark(t.Context(), l, run.Watermark{}), run.ErrLeaseLost)
	assert.Empty(t, cmp.Diff(want, read()))
}

// The objects on which aliases depend are replaced as a whole, by whoever has the lease.
func testUnlinked(t *testing.T, connect func() *sql.DB) {
	s, _ := opened(t, connect())
	l := lease(t, s, 1)
	read := func() []account.SourceID {
		ids, err := s.Watermarks().Unlinked(t.Context(), 1)
		require.NoError(t, err)
		return ids
	}
	assert.Empty(t, read())
	var many []account.SourceID
	for i := range 1200 {
		many = append(many, account.SourceID(fmt.Sprintf("o%04d", i)))
	}
	require.NoError(t, s.Watermarks().SetUnlinked(t.Context(), l, many))
	assert.Equal(t, many, read())
	require.NoError(t, s.Watermarks().SetUnlinked(t.Context(), l, many[:2]))
	assert.Equal(t, many[:2], read())
	l.Fence++
	require.ErrorIs(t, s.Watermarks().SetUnlinked(t.Context(), l, nil), run.ErrLeaseLost)
	assert.Equal(t, many[:2], read())
}

func testKnown(t *testing.T, connect func() *sql.DB) {
	s, _ := opened(t, connect())
	l := lease(t, s, 1)
	claim(t, s, l, link(1, "a", "a@example.com"), link(1, "b", "b@example.com"))
	asked := []account.SourceID{"b", "none"}
	for i := range 1200 {
		asked = append(asked, account.SourceID(fmt.Sprintf("none%d", i)))
	}
	known, err := s.Links().Known(t.Context(), 1, append(asked, "a"))
	require.NoError(t, err)
	assert.ElementsMatch(t, []account.SourceID{"a", "b"}, known)
	known, err = s.Links().Known(t.Context(), 2, asked)
	require.NoError(t, err)
	assert.Empty(t, known, "they are another resource's")
	known, err = s.Links().Known(t.Context(), 1, nil)
	require.NoError(t, err)
	assert.Empty(t, known)

	some, err := s.Links().Some(t.Context(), 1, account.Mailbox, 1)
	require.NoError(t, err)
	assert.Equal(t, []account.SourceID{"a"}, some)
	some, err = s.Links().Some(t.Context(), 1, account.Alias, 9)
	require.NoError(t, err)
	assert.Empty(t, some)

	addresses := []string{"b@example.com"}
	for i := range 1200 {
		addresses = append(addresses, fmt.Sprintf("none%d@example.com", i))
	}
	at, err := s.Links().At(t.Context(), append(addresses, "a@example.com"))
	require.NoError(t, err)
	require.Len(t, at, 2)
	assert.ElementsMatch(t, []account.SourceID{"a", "b"}, []account.SourceID{at[0].Source, at[1].Source})
	at, err = s.Links().At(t.Context(), nil)
	require.NoError(t, err)
	assert.Empty(t, at)
}

// The claims of other resources are found in the domain that is asked for.
func testOthersClaims(t *testing.T, connect func() *sql.DB) {
	s, _ := opened(t, connect())
	begun := func(resource int64, source, address string) account.Link {
		l := link(resource, source, address)
		l.State = account.Creating
		return l
	}
	claim(t, s, lease(t, s, 1), begun(1, "own", "own@example.com"))
	claim(t, s, lease(t, s, 2), begun(2, "a", "a@example.com"), begun(2, "b", "b@elsewhere.example"))
	claim(t, s, lease(t, s, 3), link(3, "c", "c@example.com"), begun(3, "d", "d@example.com"))
	claims, err := s.Links().Claims(t.Context(), 1, "example.com")
	require.NoError(t, err)
	var sources []account.SourceID
	for i := range claims {
		assert.Equal(t, account.Creating, claims[i].State)
		sources = append(sources, claims[i].Source)
	}
	assert.ElementsMatch(t, []account.SourceID{"a", "d"}, sources)
}
