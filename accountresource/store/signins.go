package store

import (
	"context"
	"fmt"
	"time"

	"github.com/Masterminds/squirrel"

	"github.com/mailpanel/account-resource/accountresource/signin"
)

const signInTable = "account_resource_signin"

// SignIns counts what sign-ins came to, for all processes together.
type SignIns struct{ *Store }

var _ signin.Counters = (*SignIns)(nil)

// Add adds to the count of a resource's verdict at a door. last is when the newest of them was.
func (s *SignIns) Add(ctx context.Context, resource int64, door signin.Door, verdict signin.Verdict, n int, last time.Time) error {
	which := squirrel.Eq{"resource_id": resource, "door": string(door), "verdict": string(verdict)}
	raise := func() (int64, error) {
		return exec(ctx, s.db, s.sql.Update(signInTable).Set("attempts", squirrel.Expr("attempts + ?", n)).Set("last", millis(last)).Where(which))
	}
	met, err := raise()
	if err == nil && met == 0 {
		key := []string{"resource_id", "door", "verdict"}
		if err = s.ensure(ctx, signInTable, key, append(key, "attempts", "last"), resource, string(door), string(verdict), 0, 0); err == nil {
			_, err = raise()
		}
	}
	if err != nil {
		return fmt.Errorf("count sign-ins of resource %d: %w", resource, err)
	}
	return nil
}

// Of returns the counts of a resource.
func (s *SignIns) Of(ctx context.Context, resource int64) ([]signin.Count, error) {
	counts, err := query(ctx, s.db, s.sql.Select("door", "verdict", "attempts", "last").From(signInTable).
		Where(squirrel.Eq{"resource_id": resource}).OrderBy("door", "verdict"),
		func(scan func(...any) error) (c signin.Count, err error) {
			var last int64
			err = scan(&c.Door, &c.Verdict, &c.Attempts, &last)
			c.Last = fromMillis(last)
			return c, err
		})
	if err != nil {
		return nil, fmt.Errorf("read the counts of sign-ins of resource %d: %w", resource, err)
	}
	return counts, nil
}
