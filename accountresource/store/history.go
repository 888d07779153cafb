package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/Masterminds/squirrel"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/dialect"
	"github.com/mailpanel/account-resource/accountresource/run"
)

func runColumns() []string {
	columns := []string{"id", "resource_id", "run_trigger", "run_mode", "started", "finished", "outcome", "error"}
	for _, a := range account.Actions() {
		columns = append(columns, countColumn(a))
	}
	return columns
}

func scanRun(scan func(...any) error) (r run.Run, err error) {
	var started, finished int64
	var why string
	counts := make([]int, len(account.Actions()))
	into := []any{&r.ID, &r.Resource, &r.Trigger, &r.Mode, &started, &finished, &r.Outcome, &why}
	for i := range counts {
		into = append(into, &counts[i])
	}
	if err := scan(into...); err != nil {
		return r, err
	}
	r.Started, r.Finished = moment(started), moment(finished)
	r.Counts = make(map[account.Action]int, len(counts))
	for i, a := range account.Actions() {
		if counts[i] > 0 {
			r.Counts[a] = counts[i]
		}
	}
	return r, unpacked(why, &r.Error)
}

// Latest is the newest run of each resource that has one.
func (s *Runs) Latest(ctx context.Context, resources ...int64) (map[int64]run.Run, error) {
	latest := make(map[int64]run.Run, len(resources))
	if len(resources) == 0 {
		return latest, nil
	}
	newest := squirrel.Select("MAX(id)").From(runTable).
		Where(squirrel.Eq{"resource_id": resources}).GroupBy("resource_id")
	found, err := query(ctx, s.db,
		s.sql.Select(runColumns()...).From(runTable).Where(squirrel.Expr("id IN (?)", newest)), scanRun)
	if err != nil {
		return nil, fmt.Errorf("read the newest runs: %w", err)
	}
	for _, r := range found {
		latest[r.Resource] = r
	}
	return latest, nil
}

// Runs lists a resource's runs, newest first, and says how many there are. Pages count from 1.
func (s *Runs) Runs(ctx context.Context, resource int64, page, size int) ([]run.Run, int, error) {
	where := squirrel.Eq{"resource_id": resource}
	total, err := number(ctx, s.db, s.sql.Select("COUNT(*)").From(runTable).Where(where))
	if err != nil {
		return nil, 0, fmt.Errorf("count the runs of resource %d: %w", resource, err)
	}
	found, err := query(ctx, s.db, paged(s.sql.Select(runColumns()...).From(runTable).Where(where).
		OrderBy("id DESC"), page, size), scanRun)
	if err != nil {
		return nil, 0, fmt.Errorf("list the runs of resource %d: %w", resource, err)
	}
	return found, int(total), nil
}

func paged(q squirrel.SelectBuilder, page, size int) squirrel.SelectBuilder {
	return q.Limit(uint64(max(size, 1))).Offset(uint64(max(page-1, 0)) * uint64(max(size, 1)))
}

// Run reads a run, or returns run.ErrNotFound.
func (s *Runs) Run(ctx context.Context, id int64) (run.Run, error) {
	found, err := query(ctx, s.db, s.sql.Select(runColumns()...).From(runTable).Where(squirrel.Eq{"id": id}), scanRun)
	if err == nil && len(found) == 0 {
		err = run.ErrNotFound
	}
	if err != nil {
		return run.Run{}, fmt.Errorf("read run %d: %w", id, err)
	}
	return found[0], nil
}

// Entries lists the rows of a run in order and says how many match.
func (s *Runs) Entries(ctx context.Context, id int64, f run.LogFilter) ([]run.Entry, int, error) {
	where := squirrel.And{squirrel.Eq{"run_id": id}}
	if f.Action != "" {
		where = append(where, squirrel.Eq{"action": string(f.Action)})
	}
	if f.Query != "" {
		var anywhere squirrel.Or
		for _, column := range []string{"address", "dn", "diff", "reason", "detail"} {
			anywhere = append(anywhere,
				squirrel.Expr("LOWER("+column+") LIKE ? ESCAPE '!'", dialect.Like(strings.ToLower(f.Query))))
		}
		where = append(where, anywhere)
	}
	total, err := number(ctx, s.db, s.sql.Select("COUNT(*)").From(logTable).Where(where))
	if err != nil {
		return nil, 0, fmt.Errorf("count log rows of run %d: %w", id, err)
	}
	columns := []string{
		"id", "run_id", "at", "action", "kind", "source_id", "dn", "address", "diff", "reason", "detail",
	}
	found, err := query(ctx, s.db,
		paged(s.sql.Select(columns...).From(logTable).Where(where).OrderBy("id"), f.Page, f.Size), scanEntry)
	if err != nil {
		return nil, 0, fmt.Errorf("read log rows of run %d: %w", id, err)
	}
	return found, int(total), nil
}

func scanEntry(scan func(...any) error) (e run.Entry, err error) {
	var at int64
	var diff, reason string
	if err := scan(&e.ID, &e.Run, &at, &e.Action, &e.Kind, &e.Source, &e.DN, &e.Address, &diff, &reason,
		&e.Detail); err != nil {
		return e, err
	}
	e.Time = moment(at)
	if err := unpacked(diff, &e.Diff); err != nil {
		return e, err
	}
	return e, unpacked(reason, &e.Reason)
}
