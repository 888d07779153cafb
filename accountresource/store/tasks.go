package store

import (
	"context"
	"fmt"

	"github.com/Masterminds/squirrel"

	"github.com/mailpanel/account-resource/accountresource/dialect"
	"github.com/mailpanel/account-resource/accountresource/run"
)

const taskTable = "account_resource_task"

// Tasks are what is still to be done in the databases of applications.
type Tasks struct{ *Store }

// Pending are the tasks of a resource in an application, oldest first, at most limit.
func (s *Tasks) Pending(ctx context.Context, resource int64, application string, limit int) ([]run.Task, error) {
	found, err := query(ctx, s.db, s.sql.Select("id", "application", "work").From(taskTable).
		Where(squirrel.Eq{"resource_id": resource, "application": application}).OrderBy("id").Limit(uint64(limit)), scanTask)
	if err != nil {
		return nil, fmt.Errorf("read the tasks of resource %d: %w", resource, err)
	}
	return found, nil
}

func scanTask(scan func(...any) error) (t run.Task, err error) {
	var work string
	if err := scan(&t.ID, &t.Application, &work); err != nil {
		return t, err
	}
	return t, unpacked(work, &t)
}

// Done forgets a task.
func (s *Tasks) Done(ctx context.Context, id int64) error {
	if _, err := exec(ctx, s.db, s.sql.Delete(taskTable).Where(squirrel.Eq{"id": id})); err != nil {
		return fmt.Errorf("forget task %d: %w", id, err)
	}
	return nil
}

// Failed keeps why a task could not be done.
func (s *Tasks) Failed(ctx context.Context, id int64, why string) error {
	if _, err := exec(ctx, s.db, s.sql.Update(taskTable).Set("error", why).Where(squirrel.Eq{"id": id})); err != nil {
		return fmt.Errorf("mark task %d: %w", id, err)
	}
	return nil
}

// addTasks writes tasks in the transaction of what they follow.
func (s *Store) addTasks(ctx context.Context, tx *dialect.Tx, resource int64, tasks []run.Task) error {
	for i := range tasks {
		work, err := packed(tasks[i], false)
		if err != nil {
			return err
		}
		if _, err := exec(ctx, tx, s.sql.Insert(taskTable).Columns("resource_id", "application", "work", "error", "created").
			Values(resource, tasks[i].Application, work, "", millis(s.clock()))); err != nil {
			return fmt.Errorf("write tasks: %w", err)
		}
	}
	return nil
}
