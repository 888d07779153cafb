package run_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// paused is a harness whose first run is paused for so long between claiming a batch and writing it; meanwhile
// something may happen.
func paused(t *testing.T, pause time.Duration, meanwhile func(*harness)) (r *harness, applied *atomic.Int32) {
	t.Helper()
	r = newHarness(t)
	began, late := r.now, atomic.Int64{}
	r.config.Clock = func() time.Time { return began.Add(time.Duration(late.Load())) }
	r.tables.clock = r.config.Clock
	r.people.objects = users(3)
	r.config.Links = &pausingLinks{r.tables, sync.OnceFunc(func() {
		late.Store(int64(pause))
		meanwhile(r)
	})}
	counted := &countingBackend{backend: r.mail}
	r.config.Backend = counted
	return r, &counted.applied
}

// pausingLinks does something after each claim.
type pausingLinks struct {
	*tables
	then func()
}

func (l *pausingLinks) Claim(ctx context.Context, lease run.Lease, links []account.Link) ([]error, error) {
	results, err := l.tables.Claim(ctx, lease, links)
	l.then()
	return results, err
}

// countingBackend counts the batches that are written.
type countingBackend struct {
	backend
	applied atomic.Int32
}

func (b *countingBackend) Apply(ctx context.Context, d account.Domain, changes []account.Operation) ([]error, error) {
	b.applied.Add(1)
	return b.backend.Apply(ctx, d, changes)
}

func TestR20_ARunThatWasPausedWritesNothingOnceAnotherHasTakenOver(t *testing.T) {
	r, applied := paused(t, 2*time.Minute, func(r *harness) {
		_, err := r.tables.Acquire(t.Context(), r.res.ID, "another process", time.Minute)
		require.NoError(t, err)
	})
	result := r.once()
	assert.Zero(t, applied.Load(), "nothing is written to the mail store")
	assert.Empty(t, accounts(r))
	assert.Equal(t, run.Interrupted, result.Outcome)
	assert.Equal(t, "problem_lease_lost", result.Error.Key)
	held, err := r.tables.Held(t.Context(), r.res.ID)
	require.NoError(t, err)
	assert.True(t, held, "the lease stays with its new owner")
}

func TestR20_ARunThatWasPausedGoesOnWhereNobodyTookOver(t *testing.T) {
	r, applied := paused(t, 2*time.Minute, func(*harness) {})
	assert.Equal(t, run.Succeeded, r.once().Outcome)
	assert.NotZero(t, applied.Load())
	assert.Equal(t, 1, r.tables.calls["Renew"], "the lease was renewed before the batch")
}

func TestR20_ARunThatCannotTellWhetherItOwnsTheLeaseWritesNothing(t *testing.T) {
	r, applied := paused(t, 2*time.Minute, func(r *harness) {
		r.tables.mu.Lock()
		defer r.tables.mu.Unlock()
		r.tables.fail["Renew"] = errors.New("the database is down")
	})
	result := r.once()
	assert.Zero(t, applied.Load())
	assert.Equal(t, "problem_lease_lost", result.Error.Key)
}

func TestR20_TheLeaseIsNotAskedForBeforeEveryBatch(t *testing.T) {
	r, applied := paused(t, time.Second, func(*harness) {})
	r.people.objects = users(12)
	assert.Equal(t, run.Succeeded, r.once().Outcome)
	assert.EqualValues(t, 3, applied.Load())
	assert.Zero(t, r.tables.calls["Renew"])
}

// forgetfulJournal does something where the history is pruned.
type forgetfulJournal struct {
	*tables
	forget func(ctx context.Context) error
}

func (j *forgetfulJournal) Forget(ctx context.Context, _ int64, _ time.Time) error {
	return j.forget(ctx)
}

func TestR20_PruningTheHistoryKeepsNoLease(t *testing.T) {
	r := newHarness(t)
	r.people.objects = users(3)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var during run.Run
	r.config.Journal = &forgetfulJournal{r.tables, func(ctx context.Context) error {
		held, err := r.tables.Held(ctx, r.res.ID)
		require.NoError(t, err)
		assert.False(t, held, "the lease is given back before")
		during = r.tables.runs[0]
		_, bounded := ctx.Deadline()
		assert.True(t, bounded, "pruning has its own time")
		stop() // the panel is shut down, which it must not wait for
		<-ctx.Done()
		return context.Cause(ctx)
	}}
	result, err := run.New(r.config).Once(ctx, r.res, run.Manual, run.Incremental)
	require.NoError(t, err)
	assert.Equal(t, run.Succeeded, during.Outcome, "the run is closed before")
	assert.Equal(t, run.Succeeded, result.Outcome, "pruning that fails is no failure of the run")
	assert.Len(t, r.tables.links, 3)
}

func TestR21_TheHistoryIsPrunedByAge(t *testing.T) {
	r := newHarness(t)
	r.config.Retention = 48 * time.Hour
	r.once()
	assert.Equal(t, r.now.Add(-48*time.Hour), r.tables.forgot)
}

// The resource is disabled or deleted after it was read: the lease or the opening of the run is refused.
func TestR20_NoRunOfAResourceThatIsDisabledOrGoneByNow(t *testing.T) {
	for _, method := range []string{"Acquire", "Begin"} {
		for _, why := range []error{run.ErrDisabled, resource.ErrNotFound} {
			r := newHarness(t)
			r.people.objects = users(3)
			r.tables.fail[method] = why
			_, err := run.New(r.config).Once(t.Context(), r.res, run.Scheduled, run.Incremental)
			require.ErrorIs(t, err, why)
			assert.Empty(t, r.tables.runs)
			assert.Empty(t, accounts(r))
			held, err := r.tables.Held(t.Context(), r.res.ID)
			require.NoError(t, err)
			assert.False(t, held, "%s: the lease is given back", method)
		}
	}
}

// A resource whose lease expired was deleted during its run.
func TestR20_ARunWhoseLeaseRowIsGoneWritesNothing(t *testing.T) {
	r, applied := paused(t, 2*time.Minute, func(r *harness) {
		r.tables.mu.Lock()
		defer r.tables.mu.Unlock()
		r.tables.lease = nil
	})
	assert.Equal(t, "problem_lease_lost", r.once().Error.Key)
	assert.Zero(t, applied.Load())
}
