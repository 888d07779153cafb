package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/Masterminds/squirrel"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/dialect"
	"github.com/mailpanel/account-resource/accountresource/run"
)

const (
	accountHistoryTable = "account_resource_story"
	nameTable           = "account_resource_name"
	historyIndexedTable = "account_resource_told"

	// maxObjectsPerAddress is how many objects that had one address the history of that address covers.
	maxObjectsPerAddress = 20
)

// AccountHistory lists the rows of one account in all runs of a resource that have ended, newest first. The account is
// an object of the directory, or an address: then it is every object that ever had it, with the names that it had
// before and after. f.Before is the key of the oldest row that is known already. A filter has the rows looked at one by
// one: that is a search like one of a run's log, which returns run.ErrBusy where others are going on, unless f.Wait is
// set.
func (s *Runs) AccountHistory(ctx context.Context, resource int64, name string, f run.LogFilter) (run.Page, error) {
	if name == "" {
		return run.Page{Total: -1}, nil
	}
	if err := s.IndexHistory(ctx, resource); err != nil {
		return run.Page{}, err
	}
	subjects := []string{name} // work in applications names an address alone
	for _, table := range []string{nameTable, linkTable} {
		objects, err := query(ctx, s.db, s.sql.Select("source_id").From(table).
			Where(squirrel.Eq{"address": name, "resource_id": resource}).Limit(maxObjectsPerAddress), scanOne[string])
		if err != nil {
			return run.Page{}, fmt.Errorf("look for the objects of %s: %w", name, err)
		}
		subjects = append(subjects, objects...)
	}
	slices.Sort(subjects)
	subjects = slices.Compact(subjects)
	if f.Searches() || f.Action != "" {
		return s.searchStory(ctx, resource, name, subjects, f)
	}
	found, err := s.about(ctx, resource, subjects, f, 0)
	return run.Page{Entries: found, Total: -1}, err
}

// about lists the newest rows of subjects down to a key, each by its own key and no more than are asked for.
func (s *Runs) about(ctx context.Context, resource int64, subjects []string, f run.LogFilter, least int64) ([]run.Entry, error) {
	var found []run.Entry
	for _, subject := range subjects {
		rows, err := s.aboutOne(ctx, resource, subject, f, least)
		if err != nil {
			return nil, err
		}
		found = append(found, rows...)
	}
	slices.SortFunc(found, func(a, b run.Entry) int { return cmp.Compare(b.ID, a.ID) })
	return found[:min(len(found), max(f.Size, 1))], nil
}

func (s *Runs) aboutOne(ctx context.Context, resource int64, subject string, f run.LogFilter, least int64) ([]run.Entry, error) {
	q := s.sql.Select(entryColumns()...).From(accountHistoryTable + " t").Join(logTable + " l ON l.id = t.log_id").
		Where(squirrel.Eq{"t.resource_id": resource, "t.subject": subject}).Where(matches(f))
	if f.Before > 0 {
		q = q.Where(squirrel.Lt{"t.log_id": f.Before})
	}
	if least > 0 {
		q = q.Where(squirrel.GtOrEq{"t.log_id": least})
	}
	found, err := query(ctx, s.db, q.OrderBy("t.log_id DESC").Limit(uint64(max(f.Size, 1))), scanEntry)
	if err != nil {
		return nil, fmt.Errorf("read the history of %s: %w", subject, err)
	}
	return found, nil
}

// IndexHistory indexes the log rows of the resource's runs by account, up to the newest run that has ended. It is called
// outside of runs, which it would make a tenth longer, and before the history of an account is read.
func (s *Runs) IndexHistory(ctx context.Context, resource int64) error {
	var rows []string // that a run has, by what happened
	for _, a := range account.Actions() {
		rows = append(rows, countColumn(a))
	}
	newest, err := number(ctx, s.db, s.sql.Select("MAX(id)").From(runTable).
		Where(squirrel.Eq{"resource_id": resource}).Where(squirrel.NotEq{"outcome": ""}).
		Where(strings.Join(rows, " + ")+" > 0"))
	if err == nil && newest > 0 {
		err = s.indexHistory(ctx, newest)
	}
	return wrapped(err, "index the history of resource %d by account", resource)
}

// indexHistory indexes the rows up to the last one of a run; a run that was cut off is indexed with the next.
func (s *Runs) indexHistory(ctx context.Context, id int64) error {
	return s.transaction(ctx, func(tx *dialect.Tx) error {
		ask := func(q squirrel.SelectBuilder) (n int64, err error) { return number(ctx, tx, q) }
		resource, err := ask(s.sql.Select("resource_id").From(runTable).Where(squirrel.Eq{"id": id}))
		if err != nil {
			return err
		}
		indexed, err := ask(s.sql.Select("log_id").From(historyIndexedTable).Where(squirrel.Eq{"resource_id": resource}))
		if err != nil {
			return err
		}
		last, err := ask(s.sql.Select("MAX(id)").From(logTable).Where(squirrel.Eq{"run_id": id}))
		if err != nil || last <= indexed {
			return err
		}
		rows := func(columns ...string) squirrel.SelectBuilder {
			return squirrel.Select(columns...).From(logTable + " l").Join(runTable + " r ON r.id = l.run_id").
				Where(squirrel.Eq{"r.resource_id": resource}).Where(squirrel.Gt{"l.id": indexed}).Where(squirrel.LtOrEq{"l.id": last})
		}
		index := s.sql.Insert(accountHistoryTable).Columns("resource_id", "subject", "log_id").Select(
			rows("r.resource_id", "CASE WHEN l.source_id = '' THEN l.address ELSE l.source_id END AS subject", "l.id").
				OrderBy("l.source_id", "l.id"))
		names := s.sql.Insert(nameTable).Columns("resource_id", "address", "source_id").Select(
			rows("r.resource_id", "l.address", "l.source_id").
				Where(squirrel.NotEq{"l.address": ""}).Where(squirrel.NotEq{"l.source_id": ""}).
				OrderBy("SUBSTR(l.address, 1, 40)")) // as good as the whole for the order, and less to sort
		if s.dialect.IgnoreBefore != "" {
			names = names.Options(s.dialect.IgnoreBefore)
		}
		if s.dialect.IgnoreAfter != "" {
			names = names.Suffix(s.dialect.IgnoreAfter)
		}
		mark := dialect.Rows{
			Dialect: s.dialect, Table: historyIndexedTable, Columns: []string{"resource_id", "log_id"}, Values: [][]any{{resource, last}},
			Suffix: s.dialect.Upsert([]string{"resource_id"}, []string{"log_id"}),
		}
		for _, statement := range []squirrel.Sqlizer{index, names, mark} {
			if _, err := exec(ctx, tx, statement); err != nil {
				return err
			}
		}
		return nil
	})
}

// forgetHistory deletes the index of a run's rows up to one, and of all rows before: the runs of a resource follow each
// other.
func (s *Runs) forgetHistory(ctx context.Context, id, last int64) error {
	_, err := exec(ctx, s.db, s.sql.Delete(accountHistoryTable).Where(squirrel.LtOrEq{"log_id": last}).
		Where(squirrel.Expr("resource_id = (SELECT resource_id FROM "+runTable+" WHERE id = ?)", id)))
	return err
}

// forgetHistories deletes the whole index of a resource.
func (s *Runs) forgetHistories(ctx context.Context, resource int64) error {
	for _, table := range strings.Fields(accountHistoryTable + " " + nameTable + " " + historyIndexedTable) {
		if _, err := exec(ctx, s.db, s.sql.Delete(table).Where(squirrel.Eq{"resource_id": resource})); err != nil {
			return fmt.Errorf("delete the history index of resource %d: %w", resource, err)
		}
	}
	return nil
}
