package signin

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Door is who asks for a sign-in.
type Door string

// The doors.
const (
	MailServer Door = "mailserver"
	Panel      Door = "panel"
)

// Count is how many sign-ins of a resource's people through one door came to a verdict, and when the newest of them did.
type Count struct {
	Door     Door
	Verdict  Verdict
	Attempts int64
	Last     time.Time
}

// Counters keeps counts for all processes together.
type Counters interface {
	Add(ctx context.Context, resource int64, door Door, verdict Verdict, n int, last time.Time) error
	Of(ctx context.Context, resource int64) ([]Count, error)
}

// countEvery is how often a process writes one of its counts at most.
const countEvery = time.Minute

type tallyKey struct {
	resource int64
	door     Door
	verdict  Verdict
}

type tallied struct {
	n             int
	last, written time.Time
}

// tally sums up counts between two writes.
type tally struct {
	mu     sync.Mutex
	counts map[tallyKey]tallied
}

// add counts a sign-in, and returns how many have to be written now.
func (t *tally) add(key tallyKey, now time.Time) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counts == nil {
		t.counts = map[tallyKey]tallied{}
	}
	c := t.counts[key]
	c.n++
	c.last = now
	due := 0
	if age := now.Sub(c.written); age < 0 || age >= countEvery {
		due, c.n, c.written = c.n, 0, now
	}
	t.counts[key] = c
	return due
}

// take returns what is not written yet of the resources that are wanted, which counts as written from then on.
func (t *tally) take(wanted func(resource int64) bool) map[tallyKey]tallied {
	t.mu.Lock()
	defer t.mu.Unlock()
	due := make(map[tallyKey]tallied)
	for key, c := range t.counts {
		if c.n > 0 && wanted(key.resource) {
			due[key] = c
		}
	}
	for key, c := range due {
		t.counts[key] = tallied{last: c.last, written: c.last}
	}
	return due
}

// giveBack has counts that could not be written wait for the next time.
func (t *tally) giveBack(key tallyKey, n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.counts[key]
	c.n += n
	t.counts[key] = c
}

// count counts what a sign-in came to.
func (s *Service) count(ctx context.Context, key tallyKey) {
	now := s.cfg.Clock()
	n := s.tally.add(key, now)
	if n == 0 {
		return
	}
	if err := s.write(ctx, key, n, now); err != nil {
		s.cfg.Logger.Warn("sign-in: count", "resource", key.resource, "error", err)
	}
}

func (s *Service) write(ctx context.Context, key tallyKey, n int, last time.Time) error {
	err := briefly(context.WithoutCancel(ctx), func(ctx context.Context) error {
		return s.cfg.Counters.Add(ctx, key.resource, key.door, key.verdict, n, last)
	})
	if err != nil {
		s.tally.giveBack(key, n)
	}
	return err
}

// Counts returns what sign-ins of a resource's people came to. What other processes have counted in the last minute may be missing.
func (s *Service) Counts(ctx context.Context, resource int64) ([]Count, error) {
	if err := s.flush(ctx, func(r int64) bool { return r == resource }); err != nil {
		return nil, err
	}
	return s.cfg.Counters.Of(ctx, resource)
}

// Flush writes the counts that are not written yet. A host calls it before it ends.
func (s *Service) Flush(ctx context.Context) error {
	return s.flush(ctx, func(int64) bool { return true })
}

func (s *Service) flush(ctx context.Context, wanted func(int64) bool) (err error) {
	for key, c := range s.tally.take(wanted) {
		err = errors.Join(err, s.write(ctx, key, c.n, c.last))
	}
	return err
}
