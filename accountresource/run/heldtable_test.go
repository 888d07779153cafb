package run_test

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

func (l *tables) Waiting(context.Context, int64) ([]run.Held, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.held), l.enter("Held")
}

func (l *tables) Unconfirmed(_ context.Context, _ int64, since time.Time) (map[account.Action]int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return recent(l.unconfirmed, since), nil
}

// unconfirmed is what a run made without an admin's confirmation, and when.
type unconfirmed struct {
	run    int64
	made   time.Time
	counts map[account.Action]int
}

func recent(all []unconfirmed, since time.Time) map[account.Action]int {
	sum := make(map[account.Action]int)
	for _, u := range all {
		if u.made.After(since) {
			for kind, n := range u.counts {
				sum[kind] += n
			}
		}
	}
	return sum
}

// replaced returns what runs made, with that of one run as it is now.
func replaced(all []unconfirmed, u unconfirmed) []unconfirmed {
	if u.counts == nil {
		return all
	}
	all = slices.DeleteFunc(all, func(old unconfirmed) bool { return old.run == u.run })
	u.counts = maps.Clone(u.counts)
	return append(all, u)
}

func (l *tables) Keep(_ context.Context, lease run.Lease, held []run.Held) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.enter("Keep"); err != nil {
		return err
	}
	for i := range held {
		for _, old := range l.held {
			if old.Source == held[i].Source && old.Action == held[i].Action {
				held[i].Since, held[i].Decision = old.Since, old.Decision
			}
		}
	}
	l.held = held
	return l.fenced(lease)
}
