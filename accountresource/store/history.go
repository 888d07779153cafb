package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/Masterminds/squirrel"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/dialect"
	"github.com/mailpanel/account-resource/accountresource/run"
)

func runColumns() []string {
	columns := []string{"id", "resource_id", "run_trigger", "run_mode", "started", "finished", "outcome", "error"}
	for _, a := range account.Actions() {
		if a == account.ActionHeld { // what waits at the end, whenever it became held
			columns = append(columns, "waiting")
		} else {
			columns = append(columns, countColumn(a))
		}
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
	r.Started, r.Finished = fromMillis(started), fromMillis(finished)
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

// LastBesides returns when the newest run of a resource began that was not started by a trigger; zero where there is none.
func (s *Runs) LastBesides(ctx context.Context, resource int64, t run.Trigger) (time.Time, error) {
	newest, err := number(ctx, s.db, s.sql.Select("started").From(runTable).Where(squirrel.Eq{"resource_id": resource}).
		Where(squirrel.NotEq{"run_trigger": string(t)}).OrderBy("id DESC").Limit(1))
	if err != nil {
		return time.Time{}, fmt.Errorf("read when resource %d ran last: %w", resource, err)
	}
	return fromMillis(newest), nil
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
	return q.Limit(uint64(max(size, 1))).Offset(uint64(before(page, size)))
}

// farthest is more rows than there are before any page.
const farthest = 1 << 40

// before is how many rows are in front of a page. Pages count from 1; whatever else somebody asks for does not overflow.
func before(page, size int) int {
	size = max(size, 1)
	return min(max(page, 1)-1, farthest/size) * size
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

// Before lists the runs of a resource that are older than one, newest first.
func (s *Runs) Before(ctx context.Context, resource, id int64, size int) ([]run.Run, error) {
	found, err := query(ctx, s.db, s.sql.Select(runColumns()...).From(runTable).
		Where(squirrel.Eq{"resource_id": resource}).Where(squirrel.Lt{"id": id}).
		OrderBy("id DESC").Limit(uint64(max(size, 1))), scanRun)
	if err != nil {
		return nil, fmt.Errorf("list older runs of resource %d: %w", resource, err)
	}
	return found, nil
}

// Entries lists a page of the rows of a run in order and says how many match. A search returns run.ErrBusy where others
// are going on; it looks at a bounded number of rows, as run.Page says.
func (s *Runs) Entries(ctx context.Context, id int64, f run.LogFilter) (run.Page, error) {
	if f.Searches() {
		return s.search(ctx, id, f)
	}
	total, err := s.counted(ctx, id, f)
	if err != nil {
		return run.Page{}, fmt.Errorf("count log rows of run %d: %w", id, err)
	}
	found, err := s.Rows(ctx, id, f)
	return run.Page{Entries: found, Total: total}, err
}

// Rows lists rows of a run in order, as many as f.Size unless there are no more. A search for them looks at all rows
// behind f.After, or in front of f.Before, in pieces between which others have their turn: it is for downloads.
func (s *Runs) Rows(ctx context.Context, id int64, f run.LogFilter) ([]run.Entry, error) {
	if f.Searches() {
		return s.searchRows(ctx, id, f)
	}
	keys := s.sql.Select("id AS found").From(logTable).Where(fmt.Sprintf(s.dialect.Leading, "run_id"), id).
		Where(ofAction(f))
	size := uint64(max(f.Size, 1))
	switch {
	case f.After > 0:
		keys = keys.Where(squirrel.Gt{"id": f.After}).OrderBy("run_id", "id").Limit(size)
	case f.Before > 0:
		keys = keys.Where(squirrel.Lt{"id": f.Before}).OrderBy("run_id DESC", "id DESC").Limit(size)
	default:
		keys = paged(keys.OrderBy("run_id", "id"), f.Page, f.Size)
	}
	// Rows that are passed over are met in the index alone.
	found, err := query(ctx, s.db, s.sql.Select(entryColumns()...).
		FromSelect(keys.PlaceholderFormat(squirrel.Question), "keys_found").
		Join(logTable+" l ON l.id = keys_found.found").OrderBy("l.id"), scanEntry)
	if err != nil {
		return nil, fmt.Errorf("read log rows of run %d: %w", id, err)
	}
	return found, nil
}

// counted is how many rows of a run there are, of an action if the filter names one: the run's row has the numbers.
func (s *Runs) counted(ctx context.Context, id int64, f run.LogFilter) (int, error) {
	columns := make([]string, 0, len(account.Actions()))
	for _, a := range account.Actions() {
		if f.Action == "" || f.Action == a {
			columns = append(columns, countColumn(a))
		}
	}
	n, err := number(ctx, s.db, s.sql.Select(strings.Join(columns, " + ")).From(runTable).Where(squirrel.Eq{"id": id}))
	return int(n), err
}

// matches are the conditions of a filter.
func matches(f run.LogFilter) squirrel.And { return append(contains(f), ofAction(f)...) }

// ofAction is the condition of a filter that an index knows. The action is a part of the statement: PostgreSQL plans one
// with a parameter for all its values at once, and what is good for a frequent action reads the whole run for a rare one.
func ofAction(f run.LogFilter) squirrel.And {
	switch {
	case f.Action == "":
		return nil
	case slices.Contains(account.Actions(), f.Action):
		return squirrel.And{squirrel.Expr("action = '" + string(f.Action) + "'")}
	}
	return squirrel.And{squirrel.Eq{"action": string(f.Action)}}
}

// contains are the conditions on what a row holds.
func contains(f run.LogFilter) (where squirrel.And) {
	if f.Query != "" {
		var anywhere squirrel.Or
		for _, column := range []string{"address", "dn", "diff", "reason", "detail"} {
			anywhere = append(anywhere,
				squirrel.Expr("LOWER("+column+") LIKE ? ESCAPE '!'", dialect.Like(strings.ToLower(f.Query))))
		}
		where = append(where, anywhere)
	}
	if !f.From.IsZero() {
		where = append(where, squirrel.GtOrEq{"at": millis(f.From)})
	}
	if !f.Until.IsZero() {
		where = append(where, squirrel.Lt{"at": millis(f.Until)})
	}
	return where
}

func entryColumns() []string {
	columns := []string{
		"id", "run_id", "at", "action", "kind", "source_id", "dn", "address", "diff", "reason", "detail",
	}
	for i, c := range columns {
		columns[i] = "l." + c
	}
	return columns
}

func scanEntry(scan func(...any) error) (e run.Entry, err error) {
	var at int64
	var diff, reason string
	if err := scan(&e.ID, &e.Run, &at, &e.Action, &e.Kind, &e.Source, &e.DN, &e.Address, &diff, &reason,
		&e.Detail); err != nil {
		return e, err
	}
	e.Time = fromMillis(at)
	if err := unpacked(diff, &e.Diff); err != nil {
		return e, err
	}
	return e, unpacked(reason, &e.Reason)
}
