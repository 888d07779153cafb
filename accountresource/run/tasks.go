package run

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/recovered"
)

// Application is an application that keeps data under the addresses of accounts. Renaming or deleting again must be
// harmless.
type Application interface {
	Name() string
	// Rename has the application's data follow; no move leads where another comes from.
	Rename(ctx context.Context, moves []account.Move) error
	Delete(ctx context.Context, addresses []string) error
}

// Task is what is to be done in one application after accounts were renamed or deleted. It is written together with
// the accounts' log rows and forgotten when it is done, so that an application that is down catches up later.
type Task struct {
	ID          int64          `json:"-"`
	Application string         `json:"-"`
	Moves       []account.Move `json:"moves,omitempty"`
	Deleted     []string       `json:"deleted,omitempty"`
}

// addresses are those the task is about, as they are called now.
func (t *Task) addresses() []string {
	list := slices.Clone(t.Deleted)
	for _, m := range t.Moves {
		if account.IsAside(m.To) {
			list = append(list, m.From)
		} else {
			list = append(list, m.To)
		}
	}
	return list
}

// Tasks keeps them.
type Tasks interface {
	// Pending are the tasks of a resource, oldest first, at most limit.
	Pending(ctx context.Context, resource int64, limit int) ([]Task, error)
	Done(ctx context.Context, id int64) error
	Failed(ctx context.Context, id int64, why string) error
}

// taskTime is the longest that one task may take.
const taskTime = 2 * time.Minute

// tasksAtOnce bounds what one task and one reading of them hold.
const tasksAtOnce = 200

// newTasks are the tasks that a batch leaves. A swap of addresses becomes several, each done and forgotten before the
// next begins: only so is each harmless to do again.
func (p *Replication) newTasks(batch []step) []Task {
	var moves []account.Move
	var deleted []string
	for i := range batch {
		s := &batch[i]
		switch {
		case s.err != nil:
		case s.Action == account.ActionRenamed:
			moves = append(moves, account.Move{From: s.Address, To: s.NewAddress})
		case s.Action == account.ActionDeleted && p.res.Settings.Replication.DeleteAppData:
			deleted = append(deleted, s.Address)
		}
	}
	var tasks []Task
	for _, a := range p.cfg.Applications {
		for part := range slices.Chunk(deleted, tasksAtOnce) {
			tasks = append(tasks, Task{Application: a.Name(), Deleted: part})
		}
		for _, pass := range account.Passes(moves) {
			for part := range slices.Chunk(pass, tasksAtOnce) {
				tasks = append(tasks, Task{Application: a.Name(), Moves: part})
			}
		}
	}
	return tasks
}

// doTasks does what is to be done in applications, oldest first. One that fails keeps its later tasks waiting, for
// their order matters; it is logged, and the next run tries again.
func (p *Replication) doTasks(ctx context.Context) error {
	if len(p.cfg.Applications) == 0 {
		return nil
	}
	for {
		tasks, err := p.cfg.Tasks.Pending(ctx, p.res.ID, tasksAtOnce)
		if err != nil {
			return fmt.Errorf("read what is to be done in applications: %w", err)
		}
		done := 0
		for i := range tasks {
			ok, err := p.doTask(ctx, &tasks[i])
			if err != nil {
				return err
			}
			if ok {
				done++
			}
		}
		if done == 0 || len(tasks) < tasksAtOnce {
			return nil
		}
	}
}

// doTask does one task; ok is false where the application is down or no longer known.
func (p *Replication) doTask(ctx context.Context, t *Task) (ok bool, err error) {
	i := slices.IndexFunc(p.cfg.Applications, func(a Application) bool { return a.Name() == t.Application })
	if i < 0 {
		return false, nil // taken out of the configuration: it may come back
	}
	if p.down[t.Application] {
		return false, p.logDown(ctx, t)
	}
	err = recovered.Do(func() error { return t.do(ctx, p.cfg.Applications[i]) }) // no other application suffers from it
	logPanic(ctx, p.log, "change the data of an application", err)
	if ctx.Err() != nil {
		return false, context.Cause(ctx)
	}
	if err == nil {
		return true, p.cfg.Tasks.Done(ctx, t.ID)
	}
	p.down[t.Application] = true
	p.log.WarnContext(ctx, "application", "application", t.Application, "error", err)
	if err := p.cfg.Tasks.Failed(ctx, t.ID, err.Error()); err != nil {
		return false, err
	}
	return false, p.logDown(ctx, t)
}

func (t *Task) do(ctx context.Context, a Application) error {
	ctx, cancel := context.WithTimeout(ctx, taskTime)
	defer cancel()
	if len(t.Deleted) > 0 {
		if err := a.Delete(ctx, t.Deleted); err != nil {
			return err
		}
	}
	if len(t.Moves) > 0 {
		return a.Rename(ctx, t.Moves)
	}
	return nil
}

// logDown writes a row for every account of the task, once in a run: its data is not where it belongs yet. The cause is
// only logged, because it may quote another server.
func (p *Replication) logDown(ctx context.Context, t *Task) error {
	if p.waiting[t.ID] {
		return nil
	}
	p.waiting[t.ID] = true
	var settled Settled
	for _, address := range t.addresses() {
		settled.Entries = append(settled.Entries, Entry{
			Time: p.cfg.Clock(), Action: account.ActionFailed, Kind: account.Mailbox, Address: address,
			Reason: account.Say("reason_application", "Application", t.Application),
		})
	}
	if err := p.cfg.Journal.Settle(ctx, p.lease, p.run.ID, settled); err != nil {
		return fmt.Errorf("log an application that failed: %w", err)
	}
	p.counts[account.ActionFailed] += len(settled.Entries)
	return nil
}
