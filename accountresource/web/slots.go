package web

import (
	"context"
	"sync"
)

// slots bound how many pieces of work of one sort are under way at once, and let Close wait for them.
type slots struct {
	most  int
	life  context.Context // ends with the module: nothing is begun any more
	going sync.WaitGroup

	mu     sync.Mutex
	used   int
	closed bool
}

func newSlots(life context.Context, most int) *slots { return &slots{most: most, life: life} }

// take reports whether there was a free slot; whoever has got one gives it back.
func (s *slots) take() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.used >= s.most || s.closed || s.life.Err() != nil {
		return false
	}
	s.used++
	s.going.Add(1)
	return true
}

func (s *slots) give() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used--
	s.going.Done()
}

// wait lets nothing begin any more, and returns when nothing is under way.
func (s *slots) wait() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.going.Wait()
}
