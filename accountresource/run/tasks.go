package run

import (
	"cmp"
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
	ID          int64  `json:"-"`
	Application string `json:"-"`
	// Run is the run that left it. A later one finds that accounts may have got the addresses since.
	Run int64 `json:"run"`
	// Accounts are those whose data follows, or those whose data goes.
	Accounts []Affected `json:"accounts"`
}

// Affected is an account of a task, known by its source object and, where it is a mailbox, its mail directory.
type Affected struct {
	Source     account.SourceID `json:"source"`
	Home       string           `json:"home,omitempty"`
	Address    string           `json:"address"`
	NewAddress string           `json:"new,omitempty"` // to which the data follows; empty: it goes
}

// called is the account's address now.
func (a *Affected) called() string {
	if account.IsTempAddress(a.NewAddress) {
		return a.Address
	}
	return cmp.Or(a.NewAddress, a.Address)
}

// Tasks keeps them.
type Tasks interface {
	// Pending are the tasks of a resource in an application, oldest first, at most limit.
	Pending(ctx context.Context, resource int64, application string, limit int) ([]Task, error)
	Done(ctx context.Context, id int64) error
	// Failed keeps why a task could not be done.
	Failed(ctx context.Context, id int64, why string) error
}

// taskTime is the longest that one task may take.
const taskTime = 2 * time.Minute

// tasksAtOnce bounds what one task and one reading of them hold, and accountsAtOnce how many accounts a task has.
const (
	tasksAtOnce    = 200
	accountsAtOnce = 200
)

// newTasks are the tasks that a batch leaves. A swap of addresses becomes several, each done and forgotten before the
// next begins: only so is each harmless to do again.
func (p *Replication) newTasks(batch []step) []Task {
	var moves []account.Move
	var deleted []Affected
	from, to := make(map[string]Affected), make(map[string]Affected)
	for i := range batch {
		s := &batch[i]
		a := Affected{Source: s.Source, Home: s.Home, Address: s.Address}
		switch {
		case s.err != nil:
		case s.Verb == account.Rename && s.Address != s.NewAddress:
			moves = append(moves, account.Move{From: s.Address, To: s.NewAddress})
			from[s.Address], to[s.NewAddress] = a, a
		case s.Verb == account.Delete && p.res.Settings.Replication.DeleteAppData:
			deleted = append(deleted, a)
		}
	}
	work := [][]Affected{deleted}
	for _, pass := range account.RenamePhases(moves) {
		part := make([]Affected, 0, len(pass))
		for _, m := range pass {
			a, begins := from[m.From]
			if !begins { // the second half of a move that steps aside
				a = to[m.To]
			}
			a.Address, a.NewAddress = m.From, m.To
			part = append(part, a)
		}
		work = append(work, part)
	}
	var tasks []Task
	for _, a := range p.cfg.Applications {
		for _, all := range work {
			for part := range slices.Chunk(all, accountsAtOnce) {
				tasks = append(tasks, Task{Application: a.Name(), Run: p.run.ID, Accounts: part})
			}
		}
	}
	return tasks
}

// doTasks does what is to be done in applications, in each by itself: one that is down keeps no other waiting.
func (p *Replication) doTasks(ctx context.Context) error {
	for _, a := range p.cfg.Applications {
		tasks, err := p.cfg.Tasks.Pending(ctx, p.res.ID, a.Name(), tasksAtOnce)
		if err != nil {
			return fmt.Errorf("read what is to be done in %s: %w", a.Name(), err)
		}
		if err := p.doQueue(ctx, a, tasks); err != nil {
			return err
		}
	}
	return nil
}

// doQueue does tasks of one application, oldest first. One that fails delays its later tasks, for their order matters; it
// is logged, and the next run tries again.
func (p *Replication) doQueue(ctx context.Context, a Application, tasks []Task) error {
	var holders map[string]holder
	for i := range tasks {
		if p.down[a.Name()] {
			if err := p.delay(ctx, &tasks[i], "waits for an earlier task"); err != nil {
				return err
			}
			continue
		}
		if p.isOld(&tasks[i]) && holders == nil {
			var err error
			if holders, err = p.holders(ctx, tasks); err != nil {
				return err
			}
		}
		if err := p.doTask(ctx, a, tasks[i:], holders); err != nil {
			return err
		}
	}
	return nil
}

// isOld reports whether an earlier run left a task.
func (p *Replication) isOld(t *Task) bool { return t.Run != p.run.ID }

// doTask does the first task of a queue, but for accounts whose addresses others have now.
func (p *Replication) doTask(ctx context.Context, a Application, queue []Task, holders map[string]holder) error {
	t := &queue[0]
	accounts := t.Accounts
	if p.isOld(t) {
		var dropped []Affected
		accounts, dropped = heirless(queue, holders)
		if err := p.logDropped(ctx, t, dropped); err != nil {
			return err
		}
	}
	err := recovered.Do(func() error { return bring(ctx, a, accounts) }) // no other application suffers from it
	logPanic(ctx, p.log, "change the data of an application", err)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err == nil {
		return p.cfg.Tasks.Done(ctx, t.ID)
	}
	p.down[t.Application] = true
	p.log.WarnContext(ctx, "application", "application", t.Application, "error", err)
	return p.delay(ctx, t, err.Error())
}

// bring has an application's data of accounts follow or go.
func bring(ctx context.Context, a Application, accounts []Affected) error {
	ctx, cancel := context.WithTimeout(ctx, taskTime)
	defer cancel()
	var moves []account.Move
	var deleted []string
	for i := range accounts {
		if accounts[i].NewAddress == "" {
			deleted = append(deleted, accounts[i].Address)
		} else {
			moves = append(moves, account.Move{From: accounts[i].Address, To: accounts[i].NewAddress})
		}
	}
	if len(deleted) > 0 {
		if err := a.Delete(ctx, deleted); err != nil {
			return err
		}
	}
	if len(moves) > 0 {
		return a.Rename(ctx, moves)
	}
	return nil
}

// delay keeps a task for a later run and writes a row for each of its accounts, once in a run: its data is not where it
// belongs yet. The cause is only logged, because it may quote another server.
func (p *Replication) delay(ctx context.Context, t *Task, why string) error {
	if p.waiting[t.ID] {
		return nil
	}
	p.waiting[t.ID] = true
	if err := p.cfg.Tasks.Failed(ctx, t.ID, why); err != nil {
		return err
	}
	return p.logTask(ctx, t, account.ActionFailed, "reason_application", t.Accounts)
}

// logTask writes a row for accounts of a task.
func (p *Replication) logTask(ctx context.Context, t *Task, action account.Action, reason string, accounts []Affected) error {
	var settled Settled
	for i := range accounts {
		settled.Entries = append(settled.Entries, Entry{
			Time: p.cfg.Clock(), Action: action, Kind: account.Mailbox, Source: accounts[i].Source,
			Address: accounts[i].called(), Reason: account.Say(reason, "Application", t.Application),
		})
	}
	if err := p.cfg.Journal.Settle(ctx, p.lease, p.run.ID, settled); err != nil {
		return fmt.Errorf("log what is to be done in %s: %w", t.Application, err)
	}
	p.counts[action] += len(settled.Entries)
	return nil
}
