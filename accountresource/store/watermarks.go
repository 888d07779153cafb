package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/Masterminds/squirrel"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/dialect"
	"github.com/mailpanel/account-resource/accountresource/run"
)

const (
	markTable  = "account_resource_mark"
	againTable = "account_resource_again"

	unlinkedTable = "account_resource_unlinked"
)

// Watermarks keeps up to where resources have been replicated.
type Watermarks struct{ *Store }

// Watermark reads a resource's watermark; the zero value is that of one that has none.
func (s *Watermarks) Watermark(ctx context.Context, resource int64) (run.Watermark, error) {
	found, err := query(ctx, s.db, s.sql.Select("invocation", "usn", "revision", "full_run", "unsettled", "tombstones", "listed").From(markTable).
		Where(squirrel.Eq{"resource_id": resource}), scanMark)
	if err != nil || len(found) == 0 {
		return run.Watermark{}, wrapped(err, "read the mark of resource %d", resource)
	}
	mark := found[0]
	mark.Retries, err = query(ctx, s.db, s.sql.Select("source_id", "kind").From(againTable).
		Where(squirrel.Eq{"resource_id": resource}).OrderBy("source_id", "kind"),
		func(scan func(...any) error) (a run.Retry, err error) {
			err = scan(&a.Source, &a.Kind)
			return a, err
		})
	if err != nil {
		return mark, wrapped(err, "read what resource %d has to look at again", resource)
	}
	err = s.readDatabases(ctx, resource, &mark)
	return mark, err
}

// wrapped says what was being done when err came up.
func wrapped(err error, doing string, args ...any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf(doing+": %w", append(args, err)...)
}

// Open notes that a run begins to write.
func (s *Watermarks) Open(ctx context.Context, l run.Lease) error {
	err := s.transaction(ctx, func(tx *dialect.Tx) error {
		if err := s.fenced(ctx, tx, l); err != nil {
			return err
		}
		_, err := exec(ctx, tx, s.sql.Update(markTable).Set("unsettled", 1).Where(squirrel.Eq{"resource_id": l.Resource}))
		return err
	})
	return wrapped(err, "open the mark of resource %d", l.Resource)
}

// SetWatermark replaces the watermark, and what is to be looked at again.
func (s *Watermarks) SetWatermark(ctx context.Context, l run.Lease, m run.Watermark) error {
	err := s.transaction(ctx, func(tx *dialect.Tx) error {
		if err := s.fenced(ctx, tx, l); err != nil {
			return err
		}
		columns := []string{"invocation", "usn", "revision", "full_run", "unsettled", "tombstones", "listed"}
		if _, err := exec(ctx, tx, dialect.Rows{
			Dialect: s.dialect, Table: markTable, Columns: append([]string{"resource_id"}, columns...),
			Values: [][]any{{l.Resource, m.Invocation, m.USN, m.Revision, millis(m.Full), flag(m.Open), flag(m.Tombstones), millis(m.Listed)}},
			Suffix: s.dialect.Upsert([]string{"resource_id"}, columns),
		}); err != nil {
			return err
		}
		if _, err := exec(ctx, tx, s.sql.Delete(againTable).Where(squirrel.Eq{"resource_id": l.Resource})); err != nil {
			return err
		}
		for chunk := range slices.Chunk(m.Retries, s.dialect.Together) {
			rows := dialect.Rows{Dialect: s.dialect, Table: againTable, Columns: []string{"resource_id", "source_id", "kind"}}
			for _, a := range chunk {
				rows.Values = append(rows.Values, []any{l.Resource, string(a.Source), string(a.Kind)})
			}
			if _, err := exec(ctx, tx, rows); err != nil {
				return err
			}
		}
		return s.writeDatabases(ctx, tx, l.Resource, &m)
	})
	return wrapped(err, "set the mark of resource %d", l.Resource)
}

// Unlinked returns the objects without an account on which a resource's aliases depend.
func (s *Watermarks) Unlinked(ctx context.Context, resource int64) ([]account.SourceID, error) {
	ids, err := query(ctx, s.db, s.sql.Select("source_id").From(unlinkedTable).Where(squirrel.Eq{"resource_id": resource}).
		OrderBy("source_id"), scanOne[account.SourceID])
	return ids, wrapped(err, "read on whom the aliases of resource %d depend", resource)
}

// SetUnlinked replaces them.
func (s *Watermarks) SetUnlinked(ctx context.Context, l run.Lease, ids []account.SourceID) error {
	err := s.transaction(ctx, func(tx *dialect.Tx) error {
		if err := s.fenced(ctx, tx, l); err != nil {
			return err
		}
		if _, err := exec(ctx, tx, s.sql.Delete(unlinkedTable).Where(squirrel.Eq{"resource_id": l.Resource})); err != nil {
			return err
		}
		for chunk := range slices.Chunk(ids, s.dialect.Together) {
			rows := dialect.Rows{Dialect: s.dialect, Table: unlinkedTable, Columns: []string{"resource_id", "source_id"}}
			for _, id := range chunk {
				rows.Values = append(rows.Values, []any{l.Resource, string(id)})
			}
			if _, err := exec(ctx, tx, rows); err != nil {
				return err
			}
		}
		return nil
	})
	return wrapped(err, "note on whom the aliases of resource %d depend", l.Resource)
}
