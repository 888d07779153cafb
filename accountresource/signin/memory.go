package signin

import (
	"context"
	"crypto/subtle"
	"sync"
	"time"
)

// turns lets one sign-in of a person be made at a time.
type turns struct {
	mu      sync.Mutex
	waiting map[Key]*turn
}

type turn struct {
	free  chan struct{} // holds one token
	users int
}

// take waits for the person's turn, and returns what ends it.
func (t *turns) take(ctx context.Context, who Key) (release func(), err error) {
	t.mu.Lock()
	if t.waiting == nil {
		t.waiting = map[Key]*turn{}
	}
	mine := t.waiting[who]
	if mine == nil {
		mine = &turn{free: make(chan struct{}, 1)}
		mine.free <- struct{}{}
		t.waiting[who] = mine
	}
	mine.users++
	t.mu.Unlock()
	leave := func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if mine.users--; mine.users == 0 {
			delete(t.waiting, who)
		}
	}
	select {
	case <-mine.free:
		return func() { mine.free <- struct{}{}; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}

// mostRemembered bounds each thing that a process keeps of people and clients.
const mostRemembered = 100_000

// recent is what this process has heard of people.
type recent struct {
	mu       sync.Mutex
	accepted map[Key]yes
	refused  map[Key]time.Time // a verifier that is older is void, even if it could not be deleted
}

type yes struct {
	mark []byte
	at   time.Time
}

func (r *recent) remember(who Key, mark []byte, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.accepted == nil || len(r.accepted) >= mostRemembered {
		r.accepted = map[Key]yes{}
	}
	r.accepted[who] = yes{mark, now}
}

// yes reports whether the directory took the password a moment ago.
func (r *recent) yes(who Key, mark []byte, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	last, found := r.accepted[who]
	age := now.Sub(last.at)
	return found && age >= 0 && age < memo && subtle.ConstantTimeCompare(last.mark, mark) == 1
}

func (r *recent) refuse(who Key, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.accepted, who)
	if r.refused == nil {
		r.refused = map[Key]time.Time{}
	}
	if len(r.refused) >= mostRemembered {
		for old := range r.refused {
			delete(r.refused, old)
			break
		}
	}
	r.refused[who] = now
}

func (r *recent) refusedSince(who Key, checked time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	at, found := r.refused[who]
	return found && !at.Before(checked)
}
