package store_test

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
	"github.com/mailpanel/account-resource/accountresource/store"
)

// cases is what every dialect does alike. connect opens another pool of the same empty database.
var cases = []struct {
	name string
	run  func(t *testing.T, connect func() *sql.DB)
}{
	{"several processes may open at once", testOpenAtOnce},
	{"a start that was killed is finished by the next", testHalfMadeSchema},
	{"starts take turns by a row", testMigrationTurn},
	{"a resource is kept as it was saved", testResource},
	{"the bind password is encrypted", testSecret},
	{"a password is for one endpoint", testSecretEndpoint},
	{"another key loses no password", testSecretKey},
	{"passwords follow the key", testSecretRotation},
	{"passwords of the first form are sealed anew", testSecretFirstForm},
	{"tested is for the settings that were", testTested},
	{"R2 an address has one owner", testClaimConflict},
	{"addresses change hands within a batch", testSwap},
	{"R19 claims of a run that was killed are replaced at once", testClaimedAgain},
	{"a link is kept whole", testWholeLink},
	{"R16 when an object left", testWhenItLeft},
	{"links are streamed whole", testManyLinks},
	{"links of the domain", testLinksOfTheDomain},
	{"R20 one lease at a time", testLease},
	{"R20 a lost lease writes nothing", testFence},
	{"R20 a number that two were given is one's alone", testToken},
	{"R20 a lease dated in the future is not believed", testFutureLease},
	{"R20 leases go by the database's clock", testLeaseClock},
	{"R20 nothing runs on a resource that is deleted or disabled", testNoResource},
	{"R20 a deletion that fails keeps no lease", testFailedDeletion},
	{"R20 a run that begins while its resource is deleted leaves nothing", testDeletedMeanwhile},
	{"R21 counts are those of the rows", testHistory},
	{"R21 old runs are forgotten", testForget},
	{"what is deleted takes its history along", testDelete},
	{"what is to be done in applications is kept until it is done", testTasks},
	{"R15 what is held keeps its time and decision", testRemovals},
	{"R15 a dismissal ends with the filter", testDismissal},
	{"R15 what was made within the hour", testUnconfirmed},
	{"R17 up to where a resource has been replicated", testMarks},
	{"which objects are linked", testKnown},
	{"which claims others have", testOthersClaims},
	{"on whom aliases depend", testUnlinked},
	{"how far a run is, and its end", testProgress},
	{"one process watches a directory", testWatches},
	{"R21 a live run that found nothing is taken back", testDiscard},
	{"R27 a verifier ends with the person's way in", testVerifiers},
	{"R27 wrong passwords are counted for all processes", testAttempts},
	{"R27 sign-ins are counted for all processes", testSignInCounts},
	{"a log is paged by its keys", testLogPages},
	{"an account has a history of its own", testAccountHistory},
	{"a page of a long history reads few rows", testLongHistory},
	{"a search looks at a bounded number of rows", testSearch},
	{"a search of an account's history does too", testAccountHistorySearch},
	{"two searches at once", testSearchTurns},
	{"a file of an account's history waits for its turn", testAccountHistoryWaits},
	{"links swap addresses when they are settled", testSettledSwap},
	{"odd characters arrive unharmed", testOddCharacters},
}

func TestSQLite(t *testing.T) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "panel.db")
			c.run(t, func() *sql.DB { return open(t, recordingDriver, path) })
		})
	}
}

func open(t *testing.T, driver, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	require.NoError(t, err)
	db.SetMaxOpenConns(1) // whatever works with one connection works with more
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	return db
}

// clock is set by the test.
type clock struct{ ms atomic.Int64 }

func (c *clock) now() time.Time          { return time.UnixMilli(c.ms.Load()).UTC() }
func (c *clock) advance(d time.Duration) { c.ms.Add(d.Milliseconds()) }

func opened(t *testing.T, db *sql.DB) (*store.Store, *clock) {
	t.Helper()
	c := &clock{}
	c.ms.Store(time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC).UnixMilli())
	s, err := store.Open(t.Context(), db, options(c))
	require.NoError(t, err)
	return s, c
}

func options(c *clock) store.Options {
	return store.Options{Keys: [][32]byte{{1, 2, 3}}, Logger: slog.New(slog.DiscardHandler), Clock: c.now, LeaseClock: c.now}
}

// enabled makes resources until there is one of the number, and enables it.
func enabled(t testing.TB, s *store.Store, id int64) {
	t.Helper()
	for {
		_, err := s.Resources().Get(t.Context(), id)
		if err == nil {
			break
		}
		require.ErrorIs(t, err, resource.ErrNotFound)
		made, err := s.Resources().Create(t.Context(), resource.Samba, resource.Defaults())
		require.NoError(t, err)
		require.LessOrEqual(t, made, id)
	}
	require.NoError(t, s.Resources().SetEnabled(t.Context(), id, true))
}

func lease(t *testing.T, s *store.Store, id int64) run.Lease {
	t.Helper()
	enabled(t, s, id)
	l, err := s.Leases().Acquire(t.Context(), id, "test", time.Minute)
	require.NoError(t, err)
	return l
}

func link(resourceID int64, source, address string) account.Link {
	return account.Link{
		Resource: resourceID, Source: account.SourceID(source), Origin: account.Created, State: account.Confirmed,
		Known: account.Known{DN: "CN=" + source}, Local: account.Local{Address: address, Kind: account.Mailbox},
	}
}

func links(t *testing.T, s *store.Store, resourceID int64) []account.Link {
	t.Helper()
	var all []account.Link
	for l, err := range s.Links().Links(t.Context(), resourceID, "example.com") {
		require.NoError(t, err)
		all = append(all, l)
	}
	return all
}

func claim(t *testing.T, s *store.Store, l run.Lease, links ...account.Link) []error {
	t.Helper()
	results, err := s.Links().Claim(t.Context(), l, links)
	require.NoError(t, err)
	return results
}

func testOpenAtOnce(t *testing.T, connect func() *sql.DB) {
	c := &clock{}
	var all sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		db := connect()
		all.Add(1)
		go func() {
			defer all.Done()
			_, errs[i] = store.Open(t.Context(), db, options(c))
		}()
	}
	all.Wait()
	require.NoError(t, errors.Join(errs...))
	s, err := store.Open(t.Context(), connect(), options(c))
	require.NoError(t, err, "and once more")
	_, err = s.Resources().Create(t.Context(), resource.Samba, resource.Defaults())
	require.NoError(t, err)
}

func testResource(t *testing.T, connect func() *sql.DB) {
	s, c := opened(t, connect())
	resources := s.Resources()
	set := resource.Defaults()
	set.Connection.Domain, set.Connection.Host = "example.com", "dc1"
	set.Connection.BindPassword = resource.NewSecret("s3cret")
	set.Replication.Groups = true
	id, err := resources.Create(t.Context(), resource.Samba, set)
	require.NoError(t, err)

	got, err := resources.Get(t.Context(), id)
	require.NoError(t, err)
	assert.Equal(t, resource.Resource{ID: id, Kind: resource.Samba, Revision: 1, Changed: c.now(), Settings: set}, got)

	c.advance(time.Minute)
	set.Users.Title = ""
	require.NoError(t, resources.Save(t.Context(), got, set, resource.Secret{}))
	require.ErrorIs(t, resources.Save(t.Context(), got, set, resource.Secret{}), resource.ErrChanged, "read before the change")
	require.NoError(t, resources.SetEnabled(t.Context(), id, true))
	require.NoError(t, resources.SetTested(t.Context(), id, 1), "a test of older settings says nothing of these")
	old, err := resources.Get(t.Context(), id)
	require.NoError(t, err)
	require.False(t, old.Tested)
	require.NoError(t, resources.SetTested(t.Context(), id, 2))
	require.NoError(t, resources.SetTested(t.Context(), id, 2), "again is fine")
	all, err := resources.All(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []resource.Resource{
		{ID: id, Kind: resource.Samba, Enabled: true, Tested: true, Revision: 2, Changed: c.now(), Settings: set},
	}, all)

	for _, err := range []error{
		resources.Save(t.Context(), resource.Resource{ID: id + 1}, resource.Defaults(), resource.Secret{}), resources.SetEnabled(t.Context(), id+1, true),
		resources.Delete(t.Context(), id+1),
	} {
		assert.ErrorIs(t, err, resource.ErrNotFound)
	}
	_, err = resources.Get(t.Context(), id+1)
	assert.ErrorIs(t, err, resource.ErrNotFound)
}

func testLease(t *testing.T, connect func() *sql.DB) {
	s, c := opened(t, connect())
	s2, err := store.Open(t.Context(), connect(), options(c))
	require.NoError(t, err)
	enabled(t, s, 1)

	var all sync.WaitGroup
	var got atomic.Int32
	for _, leases := range []*store.Leases{s.Leases(), s2.Leases(), s.Leases(), s2.Leases()} {
		all.Add(1)
		go func() {
			defer all.Done()
			_, err := leases.Acquire(t.Context(), 1, "racer", time.Minute)
			if err == nil {
				got.Add(1)
			} else {
				assert.ErrorIs(t, err, run.ErrRunning)
			}
		}()
	}
	all.Wait()
	require.EqualValues(t, 1, got.Load())

	held, err := s2.Leases().Held(t.Context(), 1)
	require.NoError(t, err)
	assert.True(t, held)
	c.advance(2 * time.Minute)
	held, err = s2.Leases().Held(t.Context(), 1)
	require.NoError(t, err)
	assert.False(t, held, "it has expired")

	first := lease(t, s, 1)
	began, err := s.Runs().Begin(t.Context(), first, run.Manual, run.Full, c.now())
	require.NoError(t, err)
	first, err = s.Leases().Renew(t.Context(), first, 3*time.Minute)
	require.NoError(t, err)
	c.advance(2 * time.Minute)
	require.NoError(t, s.Leases().Sweep(t.Context()))
	_, err = s2.Leases().Acquire(t.Context(), 1, "other", time.Minute)
	require.ErrorIs(t, err, run.ErrRunning, "renewed")
	going, err := s.Runs().Run(t.Context(), began.ID)
	require.NoError(t, err)
	assert.Empty(t, going.Outcome)

	c.advance(2 * time.Minute)
	second := lease(t, s2, 1)
	assert.Greater(t, second.Fence, first.Fence)
	cut, err := s.Runs().Run(t.Context(), began.ID)
	require.NoError(t, err)
	assert.Equal(t, run.Interrupted, cut.Outcome)
	assert.Equal(t, c.now(), cut.Finished)
	_, err = s.Leases().Renew(t.Context(), first, time.Minute)
	assert.ErrorIs(t, err, run.ErrLeaseLost)
	require.NoError(t, s.Leases().Release(t.Context(), first), "giving back what is lost is no error")
	held, err = s.Leases().Held(t.Context(), 1)
	require.NoError(t, err)
	assert.True(t, held, "and does not take it from its holder")
	require.NoError(t, s2.Leases().Release(t.Context(), second))
	assert.Greater(t, lease(t, s, 1).Fence, second.Fence, "the number only rises")
}

// A server that took back what it had said it did may give the same fencing number twice: the lease is whose token the row has.
func testToken(t *testing.T, connect func() *sql.DB) {
	db := connect()
	s, _ := opened(t, db)
	l := lease(t, s, 1)
	_, err := db.Exec("UPDATE account_resource_lease SET owner = 'another panel'")
	require.NoError(t, err)
	_, err = s.Leases().Renew(t.Context(), l, time.Minute)
	require.ErrorIs(t, err, run.ErrLeaseLost)
	_, err = s.Links().Claim(t.Context(), l, []account.Link{link(1, "a", "a@example.com")})
	require.ErrorIs(t, err, run.ErrLeaseLost)
	require.NoError(t, s.Leases().Release(t.Context(), l))
	held, err := s.Leases().Held(t.Context(), 1)
	require.NoError(t, err)
	assert.True(t, held, "what is given back is not the other's")
}

func testFence(t *testing.T, connect func() *sql.DB) {
	s, c := opened(t, connect())
	old := lease(t, s, 1)
	began, err := s.Runs().Begin(t.Context(), old, run.Manual, run.Full, c.now())
	require.NoError(t, err)
	c.advance(2 * time.Minute)
	lease(t, s, 1)
	_, err = s.Links().Claim(t.Context(), old, []account.Link{link(1, "a", "a@example.com")})
	require.ErrorIs(t, err, run.ErrLeaseLost)
	err = s.Runs().Settle(t.Context(), old, began.ID, run.Settled{
		Links:   []account.Link{link(1, "a", "a@example.com")},
		Entries: []run.Entry{{Action: account.ActionCreated, Address: "a@example.com"}},
	})
	require.ErrorIs(t, err, run.ErrLeaseLost)
	assert.Empty(t, links(t, s, 1))
	none, err := s.Runs().Entries(t.Context(), began.ID, run.LogFilter{Page: 1, Size: 10})
	require.NoError(t, err)
	assert.Zero(t, none.Total)
	require.NoError(t, s.Runs().End(t.Context(), began.ID, run.Succeeded, account.Message{}, 0, c.now()))
	cut, err := s.Runs().Run(t.Context(), began.ID)
	require.NoError(t, err)
	assert.Equal(t, run.Interrupted, cut.Outcome, "a run given up for dead does not come back as a success")
}

func testOddCharacters(t *testing.T, connect func() *sql.DB) {
	s, c := opened(t, connect())
	l := lease(t, s, 1)
	odd := link(1, "a", "a@example.com")
	odd.DN = `CN=O'Brien\, "Żółć" 山田 👩‍👩‍👧 مرحبا \#,DC=corp;--`
	odd.ExtraProfile[account.Title] = odd.DN
	odd.Logon, odd.EmployeeID, odd.Made, odd.Home = "Żółć", "0042", "2026-05-06 07:08:09", "/var/vmail/ann/"
	odd.Shown, odd.Off, odd.Released, odd.Parted = account.FieldSet(account.Name, account.Telephone), account.OffByRemoval, true, true
	odd.Left = c.now()
	claim(t, s, l, odd)
	assert.Equal(t, []account.Link{odd}, links(t, s, 1))
	began, err := s.Runs().Begin(t.Context(), l, run.Manual, run.Full, c.now())
	require.NoError(t, err)
	require.NoError(t, s.Runs().Settle(t.Context(), l, began.ID, run.Settled{
		Entries: []run.Entry{{Action: account.ActionIgnored, DN: odd.DN, Address: odd.DN, Diff: []account.Difference{{New: odd.DN}}}},
	}))
	found, err := s.Runs().Entries(context.Background(), began.ID, run.LogFilter{Page: 1, Size: 1, Query: "山田 👩‍👩‍👧"})
	require.NoError(t, err)
	got := found.Entries
	require.Len(t, got, 1)
	assert.Equal(t, odd.DN, got[0].Address)
	assert.Equal(t, odd.DN, got[0].Diff[0].New)
}
