package store

import (
	"context"
	"fmt"
	"time"

	"github.com/Masterminds/squirrel"

	"github.com/mailpanel/account-resource/accountresource/watch"
)

const watchTable = "account_resource_watch"

// Watches keeps which process watches which resource's directory, by the clock that leases go by. Nothing is fenced: a watcher writes
// nothing, and the lease of runs decides between two.
type Watches struct{ *Store }

var _ watch.Watches = (*Watches)(nil)

// Take takes or renews the watch of a resource.
func (s *Watches) Take(ctx context.Context, resource int64, owner string, ttl time.Duration) (bool, error) {
	owner = shortened(owner, 255)
	now, err := s.Leases().leaseTime(ctx, s.db)
	if err != nil {
		return false, err
	}
	expires := now + ttl.Milliseconds()
	take := func() (int64, error) {
		return exec(ctx, s.db, s.sql.Update(watchTable).Set("owner", owner).Set("expires", expires).
			Where(squirrel.Eq{"resource_id": resource}).Where(squirrel.Or{squirrel.Eq{"owner": owner}, squirrel.LtOrEq{"expires": now}}))
	}
	met, err := take()
	if err == nil && met == 0 { // there may be no row yet
		if err = s.ensure(ctx, watchTable, []string{"resource_id"}, []string{"resource_id", "owner", "expires", "server", "since", "seen", "problem"},
			resource, "", 0, "", 0, 0, ""); err == nil {
			met, err = take()
		}
	}
	if err == nil && met == 0 { // MySQL counts no row that stays as it is
		met, err = number(ctx, s.db, s.sql.Select("COUNT(*)").From(watchTable).Where(squirrel.Eq{"resource_id": resource, "owner": owner}))
	}
	if err != nil {
		return false, fmt.Errorf("take the watch of resource %d: %w", resource, err)
	}
	return met > 0, nil
}

// Tell keeps how the watch of an owner is going.
func (s *Watches) Tell(ctx context.Context, resource int64, owner string, state watch.State) error {
	problem, err := packed(state.Problem, state.Problem.IsZero())
	if err != nil {
		return err
	}
	_, err = exec(ctx, s.db, s.sql.Update(watchTable).Set("server", shortened(state.Server, 255)).Set("since", millis(state.Since)).
		Set("seen", millis(state.Seen)).Set("problem", problem).
		Where(squirrel.Eq{"resource_id": resource, "owner": shortened(owner, 255)}))
	return wrapped(err, "keep how a watch is going")
}

// GiveBack ends the watch of an owner.
func (s *Watches) GiveBack(ctx context.Context, resource int64, owner string) error {
	_, err := exec(ctx, s.db, s.sql.Update(watchTable).Set("expires", 0).Set("since", 0).
		Where(squirrel.Eq{"resource_id": resource, "owner": shortened(owner, 255)}))
	return wrapped(err, "give a watch back")
}

// State returns how the watch of a resource is going; found is false where no process watches it.
func (s *Watches) State(ctx context.Context, resource int64) (state watch.State, found bool, err error) {
	now, err := s.Leases().leaseTime(ctx, s.db)
	if err != nil {
		return state, false, err
	}
	rows, err := query(ctx, s.db, s.sql.Select("server", "since", "seen", "problem").From(watchTable).
		Where(squirrel.Eq{"resource_id": resource}).Where(squirrel.Gt{"expires": now}),
		func(scan func(...any) error) (w watch.State, err error) {
			var since, seen int64
			var problem string
			if err := scan(&w.Server, &since, &seen, &problem); err != nil {
				return w, err
			}
			w.Since, w.Seen = fromMillis(since), fromMillis(seen)
			return w, unpacked(problem, &w.Problem)
		})
	if err != nil || len(rows) == 0 {
		return state, false, wrapped(err, "read how a watch is going")
	}
	return rows[0], true, nil
}
