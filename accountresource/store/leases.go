package store

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/Masterminds/squirrel"

	"github.com/mailpanel/account-resource/accountresource/dialect"
	"github.com/mailpanel/account-resource/accountresource/run"
)

const (
	leaseTable       = "account_resource_lease"
	leaseForDeletion = 10 * time.Minute
)

// leaseSkew is how far the clocks of the nodes of one database may be apart.
const leaseSkew = 10 * time.Second

// Leases gives out the right to run a resource (rule R20), by the database's clock.
type Leases struct{ *Store }

// leaseTime returns what time it is for leases, in Unix milliseconds.
func (s *Leases) leaseTime(ctx context.Context, q queryer) (int64, error) {
	if s.leaseClock != nil {
		return millis(s.leaseClock()), nil
	}
	now, err := number(ctx, q, squirrel.Expr(s.dialect.Now))
	return now, wrapped(err, "ask the database for the time")
}

// held is the condition that a lease is somebody's at a time. One that was renewed in the future is not believed: the clock
// has been set back since, and the lease would block the resource for as long.
func held(now int64) squirrel.Sqlizer {
	return squirrel.Expr("expires > ? AND renewed <= ?", now, now+leaseSkew.Milliseconds())
}

// Acquire takes the lease, or returns run.ErrRunning, or run.ErrDisabled or resource.ErrNotFound where the resource is
// disabled or gone by now. A run that an earlier holder left open is marked interrupted.
func (s *Leases) Acquire(ctx context.Context, resource int64, owner string, ttl time.Duration) (run.Lease, error) {
	return s.acquire(ctx, resource, owner, ttl, s.runnable)
}

// acquire takes the lease of a resource unless may returns an error. It is read back once it is taken: a server may have taken back what it
// said it did, and given the same fencing number to somebody else; a token tells one acquisition from any other. It is not taken twice: the
// caller has told what became of the first.
func (s *Leases) acquire(
	ctx context.Context, resource int64, owner string, ttl time.Duration,
	may func(ctx context.Context, tx *dialect.Tx, resource int64) error,
) (lease run.Lease, err error) {
	if lease, err = s.take(ctx, resource, owner, ttl, may); err != nil {
		return lease, err
	}
	const looks = 5 // another node of the database may see it a moment later
	for look := range looks {
		n, err := number(ctx, s.db, s.sql.Select("COUNT(*)").From(leaseTable).Where(mine(lease)))
		switch {
		case err != nil:
			return lease, fmt.Errorf("read back the lease of resource %d: %w", resource, err)
		case n > 0:
			return lease, nil
		}
		if err := wait(ctx, time.Duration(look)*50*time.Millisecond); err != nil {
			return lease, fmt.Errorf("read back the lease of resource %d: %w", resource, err)
		}
	}
	return lease, fmt.Errorf("take the lease of resource %d: what was taken is not there: %w", resource, run.ErrDatabase)
}

// take takes the lease once. Every transaction that needs both rows locks that of the resource before that of the lease, so that no two
// wait for each other.
func (s *Leases) take(
	ctx context.Context, resource int64, owner string, ttl time.Duration,
	may func(ctx context.Context, tx *dialect.Tx, resource int64) error,
) (run.Lease, error) {
	const most = 255 // characters of the column
	token := " " + rand.Text()
	owner = shortened(owner, most-len(token)) + token
	lease := run.Lease{Resource: resource, Owner: owner}
	err := s.transaction(ctx, func(tx *dialect.Tx) error {
		if err := may(ctx, tx, resource); err != nil {
			return err
		}
		// Whoever comes second waits here for the first one's commit.
		if err := s.raiseFence(ctx, tx, resource); err != nil {
			return err
		}
		now, err := s.leaseTime(ctx, tx)
		if err != nil {
			return err
		}
		lease.Expires = fromMillis(now + ttl.Milliseconds())
		met, err := exec(ctx, tx, s.sql.Update(leaseTable).Set("owner", owner).Set("renewed", now).
			Set("expires", millis(lease.Expires)).
			Where(squirrel.Eq{"resource_id": resource}).Where(squirrel.Expr("NOT (?)", held(now))))
		if err != nil {
			return err
		}
		if met == 0 {
			return run.ErrRunning
		}
		lease.Fence, err = number(ctx, tx,
			s.sql.Select("fence").From(leaseTable).Where(squirrel.Eq{"resource_id": resource}))
		if err != nil {
			return err
		}
		return s.interrupt(ctx, tx, squirrel.Eq{"resource_id": resource})
	})
	if err != nil {
		return lease, fmt.Errorf("take the lease of resource %d: %w", resource, err)
	}
	return lease, nil
}

// raiseFence raises the fencing number of a resource's lease, or makes the row, and keeps it for the transaction.
func (s *Leases) raiseFence(ctx context.Context, tx *dialect.Tx, resource int64) error {
	met, err := exec(ctx, tx, s.sql.Update(leaseTable).Set("fence", squirrel.Expr("fence + 1")).
		Where(squirrel.Eq{"resource_id": resource}))
	if err != nil || met > 0 {
		return err
	}
	_, err = exec(ctx, tx, s.sql.Insert(leaseTable).Columns("resource_id", "owner", "fence", "renewed", "expires").
		Values(resource, "", 1, 0, 0))
	return err
}

// interrupt closes the runs that are open and whose process is gone.
func (s *Store) interrupt(ctx context.Context, q queryer, which any) error {
	_, err := exec(ctx, q, s.sql.Update(runTable).Set("outcome", string(run.Interrupted)).
		Set("finished", millis(s.clock())).Where(squirrel.Eq{"outcome": ""}).Where(which))
	if err != nil {
		return fmt.Errorf("mark runs that were cut off: %w", err)
	}
	return nil
}

// Renew extends the lease, or returns run.ErrLeaseLost.
func (s *Leases) Renew(ctx context.Context, l run.Lease, ttl time.Duration) (run.Lease, error) {
	err := s.transaction(ctx, func(tx *dialect.Tx) error {
		if err := s.fenced(ctx, tx, l); err != nil {
			return err
		}
		now, err := s.leaseTime(ctx, tx)
		if err != nil {
			return err
		}
		l.Expires = fromMillis(now + ttl.Milliseconds())
		_, err = exec(ctx, tx, s.sql.Update(leaseTable).Set("renewed", now).Set("expires", millis(l.Expires)).Where(mine(l)))
		return err
	})
	if err != nil {
		return l, fmt.Errorf("renew the lease of resource %d: %w", l.Resource, err)
	}
	return l, nil
}

// Release gives the lease back; the fencing number stays.
func (s *Leases) Release(ctx context.Context, l run.Lease) error {
	if _, err := exec(ctx, s.db, s.sql.Update(leaseTable).Set("expires", 0).Where(mine(l))); err != nil {
		return fmt.Errorf("give the lease of resource %d back: %w", l.Resource, err)
	}
	return nil
}

func mine(l run.Lease) squirrel.Eq {
	return squirrel.Eq{"resource_id": l.Resource, "fence": l.Fence, "owner": l.Owner}
}

// fenced makes sure, until the transaction ends, that the lease is still the holder's. One that has expired but that
// nobody took over is still his: nobody else can have written.
func (s *Store) fenced(ctx context.Context, tx *dialect.Tx, l run.Lease) error {
	n, err := number(ctx, tx, s.sql.Select("fence").From(leaseTable).Where(mine(l)).Suffix(s.dialect.KeepRow))
	switch {
	case err != nil:
		return fmt.Errorf("look at the lease of resource %d: %w", l.Resource, err)
	case n == 0:
		return run.ErrLeaseLost
	}
	return nil
}

// Held reports whether somebody holds a lease that has not expired.
func (s *Leases) Held(ctx context.Context, resource int64) (bool, error) {
	now, err := s.leaseTime(ctx, s.db)
	if err != nil {
		return false, err
	}
	n, err := number(ctx, s.db, s.sql.Select("COUNT(*)").From(leaseTable).
		Where(squirrel.Eq{"resource_id": resource}).Where(held(now)))
	if err != nil {
		return false, fmt.Errorf("look at the lease of resource %d: %w", resource, err)
	}
	return n > 0, nil
}

// Sweep marks open runs as interrupted whose lease has expired.
func (s *Leases) Sweep(ctx context.Context) error {
	now, err := s.leaseTime(ctx, s.db)
	if err != nil {
		return err
	}
	live := squirrel.Select("resource_id").From(leaseTable).Where(held(now))
	return s.interrupt(ctx, s.db, squirrel.Expr("resource_id NOT IN (?)", live))
}
