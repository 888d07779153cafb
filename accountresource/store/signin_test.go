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
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
	"github.com/mailpanel/account-resource/accountresource/signin"
)

// A verifier is kept whole, and goes with everything that ends a person's way in: switching off, giving up the link, switching sign-in
// off, deleting the resource. A renaming keeps it. Who is switched off gets none.
func testVerifiers(t *testing.T, connect func() *sql.DB) {
	s, c := opened(t, connect())
	id := withPassword(t, s, "s3cret")
	set := read(t, s, id).Settings
	set.SignIn.Mode = resource.SignInWithDirectory
	require.NoError(t, s.Resources().Save(t.Context(), read(t, s, id), set, resource.Secret{}))
	l := lease(t, s, id)
	anna := signin.Key{Resource: id, Source: "a"}
	claim(t, s, l, link(id, "a", "anna@example.com"), link(id, "b", "bob@example.com"))
	began, err := s.Runs().Begin(t.Context(), l, run.Manual, run.Full, c.now())
	require.NoError(t, err)
	settle := func(settled run.Settled) { require.NoError(t, s.Runs().Settle(t.Context(), l, began.ID, settled)) }
	v := signin.Verifier{
		Salt: []byte{0, 1, 255}, Digest: []byte("digest \x00\xff of 32 bytes............"), Stamp: "133700000000000000", Stale: true,
		Since: c.now().Add(-time.Hour), Checked: c.now(),
	}
	kept := func() bool {
		_, found, err := s.Verifiers().Load(t.Context(), anna)
		require.NoError(t, err)
		return found
	}
	save := func() { require.NoError(t, s.Verifiers().Save(t.Context(), anna, v)) }

	assert.False(t, kept())
	save()
	v.Stale, v.Checked = false, c.now().Add(time.Minute)
	save()
	loaded, found, err := s.Verifiers().Load(t.Context(), anna)
	require.NoError(t, err)
	require.True(t, found)
	assert.Empty(t, cmp.Diff(v, loaded))

	moved := link(id, "a", "anna.new@example.com")
	off := moved
	off.Off = account.OffByStatus
	parted := moved
	parted.Parted = true
	for _, step := range []struct {
		name string
		do   func()
		ends bool
	}{
		{"renamed", func() { settle(run.Settled{Moved: []account.Link{moved}}) }, false},
		{"another person goes", func() { settle(run.Settled{Unlinked: []account.SourceID{"b"}}) }, false},
		{"switched off", func() { settle(run.Settled{Links: []account.Link{off}}) }, true},
		{"while it is off", func() { save() }, true},
		{"enabled", func() { settle(run.Settled{Links: []account.Link{moved}}); save() }, false},
		{"about to be switched off", func() { claim(t, s, l, off) }, true},
		{"enabled again", func() { settle(run.Settled{Links: []account.Link{moved}}); save() }, false},
		{"another account is at its address", func() { settle(run.Settled{Links: []account.Link{parted}}) }, true},
		{"its own again", func() { settle(run.Settled{Links: []account.Link{moved}}); save() }, false},
		{"other settings", func() {
			set.SignIn.Grace = "1h"
			require.NoError(t, s.Resources().Save(t.Context(), read(t, s, id), set, resource.Secret{}))
		}, false},
		{"sign-in is off", func() {
			set.SignIn.Mode = resource.SignInOff
			require.NoError(t, s.Resources().Save(t.Context(), read(t, s, id), set, resource.Secret{}))
		}, true},
		{"and on", save, false},
		{"no longer linked", func() { settle(run.Settled{Unlinked: []account.SourceID{"a"}}) }, true},
		{"while it is not linked", save, true},
	} {
		step.do()
		assert.Equal(t, !step.ends, kept(), step.name)
	}
	require.NoError(t, s.Verifiers().Delete(t.Context(), anna), "there is none")
}

// Of several processes that count at once, one is first, and none is lost.
func testAttempts(t *testing.T, connect func() *sql.DB) {
	s, c := opened(t, connect())
	anna := signin.Key{Resource: 1, Source: "a"}
	tries, err := s.Attempts().Load(t.Context(), anna)
	require.NoError(t, err)
	assert.Zero(t, tries)
	const processes = 4
	var all sync.WaitGroup
	var firsts atomic.Int32
	for range processes {
		all.Go(func() {
			first := signin.Tries{Version: 1, Used: 1, Last: c.now(), Marks: [][]byte{{0, 255}}}
			swapped, err := s.Attempts().Swap(t.Context(), anna, 0, first)
			if assert.NoError(t, err) && swapped {
				firsts.Add(1)
			}
		})
	}
	all.Wait()
	assert.Equal(t, int32(1), firsts.Load())
	next := signin.Tries{Version: 2, Used: 3, Last: c.now().Add(time.Minute)}
	for range 16 {
		next.Marks = append(next.Marks, []byte("0123456789abcdef"))
	}
	swapped, err := s.Attempts().Swap(t.Context(), anna, 1, next)
	require.NoError(t, err)
	assert.True(t, swapped)
	swapped, err = s.Attempts().Swap(t.Context(), anna, 1, next)
	require.NoError(t, err)
	assert.False(t, swapped, "the version was read before")
	tries, err = s.Attempts().Load(t.Context(), anna)
	require.NoError(t, err)
	assert.Empty(t, cmp.Diff(next, tries))

	// A person whom two resources follow has one count. What nobody adds to for more than a year is deleted.
	elsewhere, err := s.Attempts().Load(t.Context(), signin.Key{Resource: 2, Source: "a"})
	require.NoError(t, err)
	assert.Empty(t, cmp.Diff(next, elsewhere))
	c.advance(365 * 24 * time.Hour)
	for _, later := range []struct {
		after time.Duration
		who   signin.Key
		kept  bool
	}{{0, signin.Key{Resource: 1, Source: "b"}, true}, {2 * 24 * time.Hour, signin.Key{Resource: 1, Source: "c"}, false}} {
		c.advance(later.after)
		swapped, err = s.Attempts().Swap(t.Context(), later.who, 0, signin.Tries{Version: 1, Used: 1, Last: c.now()})
		require.NoError(t, err)
		require.True(t, swapped)
		tries, err = s.Attempts().Load(t.Context(), anna)
		require.NoError(t, err)
		assert.Equal(t, later.kept, tries.Used > 0)
	}
}

func testSignInCounts(t *testing.T, connect func() *sql.DB) {
	s, c := opened(t, connect())
	var all sync.WaitGroup
	const processes, each = 4, 5
	for range processes {
		all.Go(func() {
			for range each {
				assert.NoError(t, s.SignIns().Add(t.Context(), 1, signin.MailServer, signin.OK, 2, c.now()))
			}
		})
	}
	all.Wait()
	later := c.now().Add(time.Second)
	require.NoError(t, s.SignIns().Add(t.Context(), 1, signin.Panel, signin.Wrong, 1, later))
	require.NoError(t, s.SignIns().Add(t.Context(), 2, signin.Panel, signin.Wrong, 1, later))
	counts, err := s.SignIns().Of(t.Context(), 1)
	require.NoError(t, err)
	assert.Empty(t, cmp.Diff([]signin.Count{
		{Door: signin.MailServer, Verdict: signin.OK, Attempts: 2 * processes * each, Last: c.now()},
		{Door: signin.Panel, Verdict: signin.Wrong, Attempts: 1, Last: later},
	}, counts))
}
