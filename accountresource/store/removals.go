package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/Masterminds/squirrel"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/dialect"
	"github.com/mailpanel/account-resource/accountresource/run"
)

const removalTable = "account_resource_removal"

// Removals keeps what waits for an admin.
type Removals struct{ *Store }

// Waiting are the held removals of a resource in the order of their addresses.
func (s *Removals) Waiting(ctx context.Context, resource int64) ([]run.Held, error) {
	return s.held(ctx, s.db, resource)
}

func (s *Removals) held(ctx context.Context, q queryer, resource int64) ([]run.Held, error) {
	found, err := query(ctx, q, s.sql.Select("source_id", "kind", "action", "address", "dn", "reason", "since", "decision", "COALESCE(diff, '')").
		From(removalTable).Where(squirrel.Eq{"resource_id": resource}).OrderBy("address", "source_id"),
		func(scan func(...any) error) (h run.Held, err error) {
			var reason, diff string
			var since int64
			if err := scan(&h.Source, &h.Kind, &h.Action, &h.Address, &h.DN, &reason, &since, &h.Decision, &diff); err != nil {
				return h, err
			}
			h.Since = fromMillis(since)
			return h, errors.Join(unpacked(reason, &h.Reason), unpacked(diff, &h.Diff))
		})
	if err != nil {
		return nil, fmt.Errorf("read the held removals of resource %d: %w", resource, err)
	}
	return found, nil
}

// Keep replaces what is held. The decision and the time of what stays are never written: an admin may decide at this moment.
// What is held for another action than before begins anew.
func (s *Removals) Keep(ctx context.Context, l run.Lease, held []run.Held) error {
	err := s.transaction(ctx, func(tx *dialect.Tx) error {
		if err := s.fenced(ctx, tx, l); err != nil {
			return err
		}
		before, err := s.held(ctx, tx, l.Resource)
		if err != nil {
			return err
		}
		stays := make(map[account.SourceID]account.Action, len(held))
		for i := range held {
			stays[held[i].Source] = held[i].Action
		}
		var over []string
		for i := range before {
			if stays[before[i].Source] != before[i].Action {
				over = append(over, string(before[i].Source))
			}
		}
		for chunk := range slices.Chunk(over, s.dialect.Together) {
			if _, err := exec(ctx, tx, s.sql.Delete(removalTable).Where(squirrel.Eq{"resource_id": l.Resource}).
				Where(s.in("source_id", chunk))); err != nil {
				return err
			}
		}
		for chunk := range slices.Chunk(held, s.dialect.Together) {
			if err := s.hold(ctx, tx, l.Resource, chunk); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("keep the held removals of resource %d: %w", l.Resource, err)
	}
	return nil
}

func (s *Removals) hold(ctx context.Context, tx *dialect.Tx, resource int64, held []run.Held) error {
	rows := dialect.Rows{
		Dialect: s.dialect, Table: removalTable,
		Columns: []string{"resource_id", "source_id", "kind", "action", "address", "dn", "reason", "since", "decision", "diff"},
		Suffix:  s.dialect.Upsert([]string{"resource_id", "source_id"}, []string{"kind", "address", "dn", "reason", "diff"}),
	}
	for _, h := range held {
		reason, err := packed(h.Reason, h.Reason.IsZero())
		if err != nil {
			return err
		}
		diff, err := packed(h.Diff, len(h.Diff) == 0)
		if err != nil {
			return err
		}
		rows.Values = append(rows.Values, []any{
			resource, string(h.Source), string(h.Kind), string(h.Action), h.Address, h.DN, reason, millis(h.Since), string(h.Decision), diff,
		})
	}
	_, err := exec(ctx, tx, rows)
	return err
}

// Decide says what is to become of removals that are held for an action, and how many of them still are.
func (s *Removals) Decide(
	ctx context.Context, resource int64, d run.Decision, of account.Action, ids []account.SourceID,
) (int, error) {
	decided := 0
	for chunk := range slices.Chunk(ids, s.dialect.Together) {
		list := make([]string, len(chunk))
		for i := range chunk {
			list[i] = string(chunk[i])
		}
		n, err := exec(ctx, s.db, s.sql.Update(removalTable).Set("decision", string(d)).
			Where(squirrel.Eq{"resource_id": resource, "action": string(of)}).Where(s.in("source_id", list)))
		if err != nil {
			return decided, fmt.Errorf("decide on held removals of resource %d: %w", resource, err)
		}
		decided += int(n)
	}
	return decided, nil
}

// forgetDismissals has wait again what an admin dismissed.
func (s *Store) forgetDismissals(ctx context.Context, tx *dialect.Tx, resource int64) error {
	_, err := exec(ctx, tx, s.sql.Update(removalTable).Set("decision", "").
		Where(squirrel.Eq{"resource_id": resource, "decision": string(run.Dismissed)}))
	if err != nil {
		return fmt.Errorf("have wait again what was dismissed: %w", err)
	}
	return nil
}

// Undecided counts the held removals that wait for an admin, by resource.
func (s *Removals) Undecided(ctx context.Context, resources ...int64) (map[int64]int, error) {
	waiting := make(map[int64]int, len(resources))
	if len(resources) == 0 {
		return waiting, nil
	}
	type tally struct {
		resource int64
		n        int
	}
	found, err := query(ctx, s.db, s.sql.Select("resource_id", "COUNT(*)").From(removalTable).
		Where(squirrel.Eq{"resource_id": resources, "decision": ""}).Where(squirrel.NotEq{"action": string(account.ActionUnusable)}).GroupBy("resource_id"),
		func(scan func(...any) error) (t tally, err error) {
			err = scan(&t.resource, &t.n)
			return t, err
		})
	if err != nil {
		return nil, fmt.Errorf("count the held removals: %w", err)
	}
	for _, t := range found {
		waiting[t.resource] = t.n
	}
	return waiting, nil
}
