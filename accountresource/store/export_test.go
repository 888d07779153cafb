package store

import (
	"context"
	"time"
)

// A real conflict is not waited for as long as elsewhere.
func init() { patience = 3 * time.Second }

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

// Turn is the right to change the tables.
type Turn struct{ t migrationTurn }

// ErrTurnLost is errTurnLost.
var ErrTurnLost = errTurnLost

// TakeTurn waits for the right to change the tables, or takes it from a holder that has been silent for stale.
func (s *Store) TakeTurn(ctx context.Context, stale time.Duration) (*Turn, error) {
	t := &Turn{migrationTurn{Store: s, stale: stale}}
	return t, t.t.take(ctx)
}

// Renew is migrationTurn's.
func (t *Turn) Renew(ctx context.Context) error { return t.t.renew(ctx) }

// GiveBack is migrationTurn's.
func (t *Turn) GiveBack(ctx context.Context) error { return t.t.giveBack(ctx) }
