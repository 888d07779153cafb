package run_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// tables is links, journal and leases in memory: what the ports promise, and no more.
type tables struct {
	mu          sync.Mutex
	clock       func() time.Time
	links       map[account.SourceID]account.Link
	released    bool // one of the links may be
	runs        []run.Run
	entries     map[int64][]run.Entry
	lease       *run.Lease
	fence       int64
	tasks       []run.Task
	held        []run.Held
	unconfirmed []unconfirmed
	taskID      int64
	forgot      time.Time // runs that started before were forgotten

	progress  run.Progress
	mark      run.Watermark
	unlinked  []account.SourceID
	cancelled bool
	calls     map[string]int
	fail      map[string]error // by method, once
	after     map[string]error // by method, once, when the effect has happened
}

func newTables(clock func() time.Time) *tables {
	return &tables{
		clock: clock, links: map[account.SourceID]account.Link{}, entries: map[int64][]run.Entry{},
		calls: map[string]int{}, fail: map[string]error{}, after: map[string]error{},
	}
}

// enter counts a call and gives the error planned for it.
func (l *tables) enter(method string) error {
	l.calls[method]++
	return take(l.fail, method)
}

func take(errs map[string]error, method string) error {
	err := errs[method]
	delete(errs, method)
	return err
}

func (l *tables) Acquire(_ context.Context, resource int64, owner string, ttl time.Duration) (run.Lease, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.enter("Acquire"); err != nil {
		return run.Lease{}, err
	}
	if l.lease != nil && l.clock().Before(l.lease.Expires) {
		return run.Lease{}, run.ErrRunning
	}
	for i := range l.runs {
		if l.runs[i].Outcome == "" {
			l.runs[i].Outcome, l.runs[i].Finished = run.Interrupted, l.clock()
		}
	}
	l.fence++
	l.lease = &run.Lease{Resource: resource, Owner: owner, Fence: l.fence, Expires: l.clock().Add(ttl)}
	return *l.lease, nil
}

func (l *tables) Renew(_ context.Context, lease run.Lease, ttl time.Duration) (run.Lease, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.enter("Renew"); err != nil {
		return lease, err
	}
	if err := l.fenced(lease); err != nil {
		return lease, err
	}
	l.lease.Expires = l.clock().Add(ttl)
	return *l.lease, nil
}

func (l *tables) Release(_ context.Context, lease run.Lease) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fenced(lease) == nil {
		l.lease = nil
	}
	return nil
}

func (l *tables) Held(context.Context, int64) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lease != nil && l.clock().Before(l.lease.Expires), nil
}

func (l *tables) Mode(_ context.Context, lease run.Lease, id int64, m run.Mode) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.runs {
		if l.runs[i].ID == id {
			l.runs[i].Mode = m
		}
	}
	return l.fenced(lease)
}

func (l *tables) Progress(_ context.Context, lease run.Lease, _ int64, p run.Progress, _ bool) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.progress = p
	return l.cancelled, l.fenced(lease)
}

func (l *tables) Watermark(context.Context, int64) (run.Watermark, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.mark, l.enter("Mark")
}

func (l *tables) Open(_ context.Context, lease run.Lease) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := errors.Join(l.enter("Open"), l.fenced(lease)); err != nil {
		return err
	}
	l.mark.Open = true
	return nil
}

func (l *tables) SetWatermark(_ context.Context, lease run.Lease, m run.Watermark) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := errors.Join(l.enter("SetWatermark"), l.fenced(lease)); err != nil {
		return err
	}
	l.mark = m
	return nil
}

func (l *tables) cancel() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cancelled = true
}

func (l *tables) reported() run.Progress {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.progress
}

func (l *tables) Sweep(context.Context) error { return nil }

func (l *tables) fenced(lease run.Lease) error {
	if l.lease == nil || l.lease.Fence != lease.Fence {
		return run.ErrLeaseLost
	}
	return nil
}

func (l *tables) Begin(
	_ context.Context, lease run.Lease, t run.Trigger, m run.Mode, started time.Time,
) (run.Run, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.enter("Begin"); err != nil {
		return run.Run{}, err
	}
	row := run.Run{
		ID: int64(len(l.runs) + 1), Resource: lease.Resource, Trigger: t, Mode: m, Started: started,
		Counts: map[account.Action]int{},
	}
	l.runs = append(l.runs, row)
	return row, nil
}

func (l *tables) Settle(_ context.Context, lease run.Lease, id int64, s run.Settled) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.enter("Settle"); err != nil {
		return err
	}
	if err := l.fenced(lease); err != nil {
		return err
	}
	l.unconfirmed = replaced(l.unconfirmed, unconfirmed{id, l.clock(), s.Unconfirmed})
	for _, source := range s.Unlinked {
		delete(l.links, source)
	}
	written := map[account.SourceID]bool{}
	for _, link := range s.Moved {
		delete(l.links, link.Source)
	}
	for _, link := range s.Moved {
		l.links[link.Source] = l.stamped(link)
	}
	if len(s.Freed) > 0 {
		maps.DeleteFunc(l.links, func(_ account.SourceID, other account.Link) bool {
			return other.Released && slices.Contains(s.Freed, other.Address)
		})
	}
	for _, link := range s.Links {
		if written[link.Source] {
			return fmt.Errorf("link of %s twice in a statement, which PostgreSQL refuses", link.Source)
		}
		l.links[link.Source], written[link.Source] = l.stamped(link), true
	}
	for source, link := range l.links {
		if slices.Contains(s.Confirmed, link.Address) {
			link.State, link.Intent = account.Confirmed, nil
			l.links[source] = link
		}
	}
	for _, t := range s.Tasks {
		l.taskID++
		t.ID = l.taskID
		l.tasks = append(l.tasks, t)
	}
	for _, e := range s.Entries {
		l.entries[id] = append(l.entries[id], e)
		if e.Action != account.ActionHeld {
			l.runs[id-1].Counts[e.Action]++
		}
	}
	return take(l.after, "Settle")
}

func (l *tables) End(
	_ context.Context, id int64, o run.Outcome, why account.Message, waiting int, finished time.Time,
) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.enter("End"); err != nil {
		return err
	}
	row := &l.runs[id-1]
	row.Outcome, row.Error, row.Finished = o, why, finished
	if waiting > 0 {
		row.Counts[account.ActionHeld] = waiting
	}
	return nil
}

// discarded is the outcome of runs that were taken back.
const discarded = "taken back"

func (l *tables) Discard(_ context.Context, id int64) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.entries[id]) > 0 {
		return false, nil
	}
	l.runs[id-1].Outcome = discarded
	return true, l.enter("Discard")
}

func (l *tables) Forget(_ context.Context, _ int64, before time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forgot = before
	return l.enter("Forget")
}

func (l *tables) Pending(_ context.Context, _ int64, application string, limit int) (pending []run.Task, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, t := range l.tasks {
		if t.Application == application && len(pending) < limit {
			pending = append(pending, t)
		}
	}
	return pending, l.enter("Pending")
}

func (l *tables) Done(_ context.Context, id int64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tasks = slices.DeleteFunc(l.tasks, func(t run.Task) bool { return t.ID == id })
	return l.enter("Done")
}

func (l *tables) Failed(context.Context, int64, string) error { return nil }
