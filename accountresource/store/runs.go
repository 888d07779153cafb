package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/Masterminds/squirrel"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/dialect"
	"github.com/mailpanel/account-resource/accountresource/run"
)

const (
	runTable    = "account_resource_run"
	logTable    = "account_resource_log"
	deleteChunk = 5000 // log rows forgotten in one statement
)

// Runs keeps the history.
type Runs struct{ *Store }

// Begin opens a run, or returns run.ErrDisabled or resource.ErrNotFound where the resource is disabled or gone by now.
func (s *Runs) Begin(
	ctx context.Context, l run.Lease, t run.Trigger, m run.Mode, started time.Time,
) (run.Run, error) {
	r := run.Run{
		Resource: l.Resource, Trigger: t, Mode: m, Started: fromMillis(millis(started)), Counts: map[account.Action]int{},
	}
	err := s.transaction(ctx, func(tx *dialect.Tx) (err error) {
		if err := s.runnable(ctx, tx, l.Resource); err != nil {
			return err
		}
		if err := s.fenced(ctx, tx, l); err != nil {
			return err
		}
		r.ID, err = s.insert(ctx, tx, s.sql.Insert(runTable).
			Columns("resource_id", "run_trigger", "run_mode", "started", "finished", "outcome", "error").
			Values(l.Resource, string(t), string(m), millis(started), 0, "", ""))
		return err
	})
	if err != nil {
		return r, fmt.Errorf("open a run of resource %d: %w", l.Resource, err)
	}
	return r, nil
}

// Settle writes links, log rows and counts in one transaction, fenced by the lease.
func (s *Runs) Settle(ctx context.Context, l run.Lease, id int64, settled run.Settled) error {
	err := s.transaction(ctx, func(tx *dialect.Tx) error {
		if err := s.fenced(ctx, tx, l); err != nil {
			return err
		}
		for chunk := range slices.Chunk(settled.Unlinked, s.dialect.Together) {
			if err := s.unlink(ctx, tx, l.Resource, chunk); err != nil {
				return err
			}
		}
		if err := s.moveLinks(ctx, tx, l.Resource, settled.Moved); err != nil {
			return err
		}
		if err := s.dropReleased(ctx, tx, settled.Freed); err != nil {
			return err
		}
		for chunk := range slices.Chunk(settled.Links, s.dialect.Together) {
			if err := s.update(ctx, tx, chunk); err != nil {
				return err
			}
		}
		for chunk := range slices.Chunk(settled.Confirmed, s.dialect.Together) {
			if err := s.confirm(ctx, tx, chunk); err != nil {
				return err
			}
		}
		if err := s.endVerifiers(ctx, tx, l.Resource, slices.Concat(settled.Links, settled.Moved), settled.Unlinked); err != nil {
			return err
		}
		if err := s.addTasks(ctx, tx, l.Resource, settled.Tasks); err != nil {
			return err
		}
		if err := s.setUnconfirmed(ctx, tx, l, id, settled.Unconfirmed); err != nil {
			return err
		}
		for chunk := range slices.Chunk(settled.Entries, s.dialect.Together) {
			if err := s.appendLog(ctx, tx, id, chunk); err != nil {
				return err
			}
		}
		return s.count(ctx, tx, id, settled.Entries)
	})
	if err != nil {
		return fmt.Errorf("settle a batch of run %d: %w", id, err)
	}
	return nil
}

// moveLinks writes links that get another address than their rows have. All leave before the first comes, so that they may
// swap addresses.
func (s *Runs) moveLinks(ctx context.Context, tx *dialect.Tx, resource int64, links []account.Link) error {
	sources := make([]account.SourceID, len(links))
	for i := range links {
		sources[i] = links[i].Source
	}
	for chunk := range slices.Chunk(sources, s.dialect.Together) {
		if err := s.unlink(ctx, tx, resource, chunk); err != nil {
			return err
		}
	}
	for chunk := range slices.Chunk(links, s.dialect.Together) {
		if err := s.replace(ctx, tx, resource, chunk, func(account.Link) bool { return false }); err != nil {
			return err
		}
	}
	return nil
}

func (s *Runs) unlink(ctx context.Context, tx *dialect.Tx, resource int64, sources []account.SourceID) error {
	ids := make([]string, len(sources))
	for i := range sources {
		ids[i] = string(sources[i])
	}
	if _, err := exec(ctx, tx, s.sql.Delete(linkTable).
		Where(squirrel.Eq{"resource_id": resource}).Where(s.in("source_id", ids))); err != nil {
		return fmt.Errorf("drop links: %w", err)
	}
	return nil
}

func (s *Runs) appendLog(ctx context.Context, tx *dialect.Tx, id int64, entries []run.Entry) error {
	insert := dialect.Rows{
		Dialect: s.dialect, Table: logTable,
		Columns: []string{"run_id", "at", "action", "kind", "source_id", "dn", "address", "diff", "reason", "detail"},
	}
	for i := range entries {
		e := &entries[i]
		diff, err := packed(e.Diff, len(e.Diff) == 0)
		if err != nil {
			return err
		}
		reason, err := packed(e.Reason, e.Reason.IsZero())
		if err != nil {
			return err
		}
		insert.Values = append(insert.Values, []any{
			id, millis(e.Time), string(e.Action), string(e.Kind), string(e.Source), e.DN, shortened(e.Address, 500), diff,
			reason, e.Detail,
		})
	}
	if _, err := exec(ctx, tx, insert); err != nil {
		return fmt.Errorf("write log rows: %w", err)
	}
	return nil
}

// shortened keeps what an ignored object has for an address within its column.
func shortened(text string, length int) string {
	if runes := []rune(text); len(runes) > length {
		return string(runes[:length-1]) + "…"
	}
	return text
}

// count adds the rows to the run's counts, in the transaction that writes them.
func (s *Runs) count(ctx context.Context, tx *dialect.Tx, id int64, entries []run.Entry) error {
	counts := make(map[account.Action]int)
	for i := range entries {
		counts[entries[i].Action]++
	}
	if len(counts) == 0 {
		return nil
	}
	statement := s.sql.Update(runTable).Where(squirrel.Eq{"id": id})
	for action, n := range counts {
		column := countColumn(action)
		statement = statement.Set(column, squirrel.Expr(column+" + ?", n))
	}
	if _, err := exec(ctx, tx, statement); err != nil {
		return fmt.Errorf("count log rows: %w", err)
	}
	return nil
}

func countColumn(a account.Action) string { return "count_" + string(a) }

// End closes the run, unless it was given up for dead meanwhile, with what waits for an admin.
func (s *Runs) End(
	ctx context.Context, id int64, o run.Outcome, why account.Message, waiting int, finished time.Time,
) error {
	text, err := packed(why, why.IsZero())
	if err != nil {
		return err
	}
	if _, err = exec(ctx, s.db, s.sql.Update(runTable).Set("outcome", string(o)).Set("error", text).
		Set("waiting", waiting).Set("finished", millis(finished)).Where(squirrel.Eq{"id": id, "outcome": ""})); err != nil {
		return fmt.Errorf("close run %d: %w", id, err)
	}
	return nil
}

// Discard takes a run back that found nothing. One that has log rows, or was given up for dead meanwhile, stays; done is false then.
func (s *Runs) Discard(ctx context.Context, id int64) (done bool, err error) {
	rows := s.sql.Select("1").From(logTable).Where("run_id = " + runTable + ".id").PlaceholderFormat(squirrel.Question)
	met, err := exec(ctx, s.db, s.sql.Delete(runTable).Where(squirrel.Eq{"id": id, "outcome": ""}).Where(squirrel.Expr("NOT EXISTS (?)", rows)))
	if err == nil && met > 0 {
		_, err = exec(ctx, s.db, s.sql.Delete(progressTable).Where(squirrel.Eq{"run_id": id}))
	}
	if err != nil {
		return false, fmt.Errorf("take run %d back: %w", id, err)
	}
	return met > 0, nil
}

// Forget deletes the runs of a resource that started before a time, oldest first, but never the newest.
func (s *Runs) Forget(ctx context.Context, resource int64, before time.Time) error {
	newest := squirrel.Select("MAX(id)").From(runTable).Where(squirrel.Eq{"resource_id": resource})
	old, err := query(ctx, s.db, s.sql.Select("id").From(runTable).
		Where(squirrel.Eq{"resource_id": resource}).Where(squirrel.Lt{"started": millis(before)}).
		Where(squirrel.Expr("id < (?)", newest)).OrderBy("id"), scanOne[int64])
	if err != nil {
		return fmt.Errorf("look for old runs of resource %d: %w", resource, err)
	}
	return s.forget(ctx, old)
}

func (s *Runs) forgetAll(ctx context.Context, resource int64) error {
	all, err := query(ctx, s.db,
		s.sql.Select("id").From(runTable).Where(squirrel.Eq{"resource_id": resource}), scanOne[int64])
	if err != nil {
		return fmt.Errorf("list the runs: %w", err)
	}
	if err := s.forget(ctx, all); err != nil {
		return err
	}
	return s.forgetHistories(ctx, resource)
}

// forget deletes runs, their log rows first and in chunks, so that nobody else has to wait for long.
func (s *Runs) forget(ctx context.Context, runs []int64) error {
	for _, id := range runs {
		for {
			chunk := squirrel.Select("id").From(logTable).Where(squirrel.Eq{"run_id": id}).OrderBy("id").Limit(deleteChunk)
			last, err := number(ctx, s.db, s.sql.Select("MAX(id)").FromSelect(chunk, "chunk"))
			if err != nil {
				return fmt.Errorf("look for log rows of run %d: %w", id, err)
			}
			if last == 0 {
				break
			}
			if _, err := exec(ctx, s.db, s.sql.Delete(logTable).
				Where(squirrel.Eq{"run_id": id}).Where(squirrel.LtOrEq{"id": last})); err != nil {
				return fmt.Errorf("forget log rows of run %d: %w", id, err)
			}
			if err := s.forgetHistory(ctx, id, last); err != nil {
				return fmt.Errorf("delete the history index of run %d: %w", id, err)
			}
		}
		if _, err := exec(ctx, s.db, s.sql.Delete(runTable).Where(squirrel.Eq{"id": id})); err != nil {
			return fmt.Errorf("forget run %d: %w", id, err)
		}
	}
	return nil
}

func unpacked(text string, into any) error {
	if text == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return fmt.Errorf("read a column: %w", err)
	}
	return nil
}
