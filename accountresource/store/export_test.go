package store

import (
	"context"
	"time"
)

// LimitSearches sets how many rows a search for one page looks at, and how long it waits for its turn.
func (s *Store) LimitSearches(rows int, wait time.Duration) {
	s.searches = newSearchLimiter(rows, wait)
}

// OccupySearches takes the turns of all searches that may go on at once, until release is called.
func (s *Store) OccupySearches(ctx context.Context) (release func(), err error) {
	var all []func()
	for range searchesAtOnce {
		one, err := s.searches.acquire(ctx, true)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return func() {
		for _, one := range all {
			one()
		}
	}, nil
}
