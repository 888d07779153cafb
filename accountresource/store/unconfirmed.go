package store

import (
	"context"
	"fmt"
	"time"

	"github.com/Masterminds/squirrel"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/dialect"
	"github.com/mailpanel/account-resource/accountresource/run"
)

const unconfirmedTable = "account_resource_unconfirmed"

// Unconfirmed returns how many changes of each kind that is limited the resource made since a time, but for those that an admin
// confirmed.
func (s *Removals) Unconfirmed(ctx context.Context, resource int64, since time.Time) (map[account.Action]int, error) {
	type tally struct {
		kind account.Action
		n    int
	}
	found, err := query(ctx, s.db, s.sql.Select("kind", "SUM(changes)").From(unconfirmedTable).
		Where(squirrel.Eq{"resource_id": resource}).Where(squirrel.Gt{"made": millis(since)}).GroupBy("kind"),
		func(scan func(...any) error) (t tally, err error) {
			err = scan(&t.kind, &t.n)
			return t, err
		})
	if err != nil {
		return nil, fmt.Errorf("count what resource %d changed lately: %w", resource, err)
	}
	counts := make(map[account.Action]int, len(found))
	for _, t := range found {
		counts[t.kind] = t.n
	}
	return counts, nil
}

// keptUnconfirmed is how long the counts of a run are kept, which is more than they count.
const keptUnconfirmed = 24 * time.Hour

// setUnconfirmed replaces what a run has made so far of the kinds that are limited.
func (s *Runs) setUnconfirmed(ctx context.Context, tx *dialect.Tx, l run.Lease, id int64, counts map[account.Action]int) error {
	if len(counts) == 0 {
		return nil
	}
	now := s.clock()
	if _, err := exec(ctx, tx, s.sql.Delete(unconfirmedTable).
		Where(squirrel.Eq{"resource_id": l.Resource}).Where(squirrel.Lt{"made": millis(now.Add(-keptUnconfirmed))})); err != nil {
		return fmt.Errorf("forget what was changed long ago: %w", err)
	}
	key := []string{"resource_id", "run_id", "kind"}
	rows := dialect.Rows{
		Dialect: s.dialect, Table: unconfirmedTable, Columns: append(key, "changes", "made"),
		Suffix: s.dialect.Upsert(key, []string{"changes", "made"}),
	}
	for _, kind := range account.Actions() {
		if n := counts[kind]; n > 0 {
			rows.Values = append(rows.Values, []any{l.Resource, id, string(kind), n, millis(now)})
		}
	}
	if _, err := exec(ctx, tx, rows); err != nil {
		return fmt.Errorf("count what was changed: %w", err)
	}
	return nil
}
