package store

import (
	"context"
	"fmt"

	"github.com/Masterminds/squirrel"

	"github.com/mailpanel/account-resource/accountresource/dialect"
	"github.com/mailpanel/account-resource/accountresource/run"
)

const progressTable = "account_resource_progress"

// Mode says how much of the directory a run reads.
func (s *Runs) Mode(ctx context.Context, l run.Lease, id int64, m run.Mode) error {
	return s.transaction(ctx, func(tx *dialect.Tx) error {
		if err := s.fenced(ctx, tx, l); err != nil {
			return err
		}
		_, err := exec(ctx, tx, s.sql.Update(runTable).Set("run_mode", string(m)).Where(squirrel.Eq{"id": id}))
		return err
	})
}

// Progress keeps how far a run is, and tells whether it is cancelled.
func (s *Runs) Progress(ctx context.Context, l run.Lease, id int64, p run.Progress, isNew bool) (cancelled bool, err error) {
	if isNew {
		if err := s.setProgress(ctx, l, id, p); err != nil {
			return false, fmt.Errorf("keep the progress of run %d: %w", id, err)
		}
	}
	n, err := number(ctx, s.db, s.sql.Select("COUNT(*)").From(progressTable).
		Where(squirrel.Eq{"resource_id": l.Resource, "run_id": id, "cancelled": 1}))
	if err != nil {
		return false, fmt.Errorf("look whether run %d is cancelled: %w", id, err)
	}
	return n > 0, nil
}

// setProgress replaces what another run has left, and never a cancellation of this one.
func (s *Runs) setProgress(ctx context.Context, l run.Lease, id int64, p run.Progress) error {
	return s.transaction(ctx, func(tx *dialect.Tx) error {
		if err := s.fenced(ctx, tx, l); err != nil {
			return err
		}
		if _, err := exec(ctx, tx, s.sql.Delete(progressTable).
			Where(squirrel.Eq{"resource_id": l.Resource}).Where(squirrel.NotEq{"run_id": id})); err != nil {
			return err
		}
		columns := []string{"phase", "server", "objects", "expected", "planned", "done"}
		_, err := exec(ctx, tx, dialect.Rows{
			Dialect: s.dialect, Table: progressTable,
			Columns: append([]string{"resource_id", "run_id", "cancelled"}, columns...),
			Values: [][]any{{
				l.Resource, id, 0, string(p.Phase), shortened(p.Server, 255), p.Objects, p.Expected, p.Planned, p.Done,
			}},
			Suffix: s.dialect.Upsert([]string{"resource_id"}, columns),
		})
		return err
	})
}

// Cancel asks the run to stop; it does so between two batches, in whichever process it is. A run that has ended takes
// no notice.
func (s *Runs) Cancel(ctx context.Context, resource, id int64) error {
	if _, err := exec(ctx, s.db, s.sql.Update(progressTable).Set("cancelled", 1).
		Where(squirrel.Eq{"resource_id": resource, "run_id": id})); err != nil {
		return fmt.Errorf("cancel run %d: %w", id, err)
	}
	return nil
}

// ProgressOf is how far the newest run of a resource is, or was when it ended; found is false before it has said so.
func (s *Runs) ProgressOf(ctx context.Context, resource int64) (p run.Progress, found bool, err error) {
	rows, err := query(ctx, s.db,
		s.sql.Select("run_id", "phase", "server", "objects", "expected", "planned", "done", "cancelled").From(progressTable).
			Where(squirrel.Eq{"resource_id": resource}),
		func(scan func(...any) error) (p run.Progress, err error) {
			err = scan(&p.Run, &p.Phase, &p.Server, &p.Objects, &p.Expected, &p.Planned, &p.Done, &p.Cancelled)
			return p, err
		})
	if err != nil {
		return p, false, fmt.Errorf("read the progress of resource %d: %w", resource, err)
	}
	if len(rows) == 0 {
		return p, false, nil
	}
	return rows[0], true, nil
}
