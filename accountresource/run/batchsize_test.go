package run_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
)

// slow is a mail store that takes its time for every batch, by a clock of its own.
type slow struct {
	backends.Backend
	takes time.Duration

	mu    sync.Mutex
	now   time.Time
	sizes []int
}

func (s *slow) Apply(ctx context.Context, d account.Domain, changes []account.Operation) ([]error, error) {
	s.mu.Lock()
	s.now = s.now.Add(s.takes)
	s.sizes = append(s.sizes, len(changes))
	s.mu.Unlock()
	return s.Backend.Apply(ctx, d, changes)
}

func (s *slow) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// batches replicates users to a store and gives the number of changes in each batch but the last, which is what was left.
func batches(t *testing.T, takes time.Duration, fixed int) []int {
	t.Helper()
	const many = 16000
	r := newHarness(t)
	store := &slow{Backend: r.mail, takes: takes, now: r.now}
	r.config.Backend, r.config.Clock, r.config.BatchSize = store, store.clock, fixed
	r.people.objects = users(many)
	assert.Equal(t, map[account.Action]int{account.ActionCreated: many}, r.once().Counts)
	return store.sizes[:len(store.sizes)-1]
}

func TestBatchesGrowWithAFastMailStoreAndShrinkWithASlowOne(t *testing.T) {
	fast := batches(t, 0, 0)
	assert.Equal(t, 500, fast[0], "nothing is known of the store yet")
	assert.Equal(t, 1000, slices.Max(fast))

	slow := batches(t, 10*time.Second, 0)
	assert.Equal(t, 500, slow[0])
	assert.Equal(t, 100, slow[len(slow)-1], "an admin sees progress, and may cancel")

	even := batches(t, 500*time.Millisecond, 0)
	assert.Equal(t, []int{500}, slices.Compact(even))

	fixed := batches(t, 0, 750)
	assert.Equal(t, []int{750}, slices.Compact(fixed))
}
