package signin

import (
	"context"
	"errors"
	"fmt"
	"time"
)

var (
	errBudget = errors.New("the wrong passwords that may reach the directory are used up")
	errKnown  = errors.New("the directory called the password wrong before")
)

// reserve counts a bind before it is made, so that no process exceeds the budget. The password that the directory took the
// last time, of somebody without wrong ones, is counted only if it is refused: a usual sign-in writes nothing.
func (a *attempt) reserve(b Budget) error {
	limit := b.Any
	if a.matching {
		limit = b.Proven
	}
	return a.swap(func(t Tries) (Tries, error) {
		now := a.cfg.Clock().Truncate(time.Millisecond) // as tables keep it
		t = t.at(now, b.Window)
		switch {
		case t.knows(a.mark, now):
			return t, errKnown
		case t.Used >= limit:
			return t, errBudget
		}
		if a.reserved = !a.matching || t.Used > 0; !a.reserved {
			return t, errUnchanged
		}
		a.spent, a.before = now, t.Last
		return t.spend(now), nil
	})
}

// giveBack is for a bind that the directory did not count.
func (a *attempt) giveBack() error {
	if !a.reserved {
		return nil
	}
	a.reserved = false
	return a.swap(func(t Tries) (Tries, error) { return t.give(a.spent, a.before), nil })
}

// countUnknown is for a bind of which nobody knows whether the directory counted it. If it did, it was after the bind was reserved.
func (a *attempt) countUnknown() error { return a.counted(Tries.unchanged) }

// countWrong is for a password that the directory refused.
func (a *attempt) countWrong() error {
	return a.counted(func(t Tries) Tries { return t.wrong(a.mark) })
}

// counted counts a bind that was answered now, or given up, unless it was counted when it was reserved. The directory's window begins
// with its answer.
func (a *attempt) counted(change func(Tries) Tries) error {
	return a.swap(func(t Tries) (Tries, error) {
		now := a.cfg.Clock().Truncate(time.Millisecond)
		if !a.reserved {
			t = t.spend(now)
		}
		t.Last = now
		return change(t), nil
	})
}

// swaps is how often a row is tried that other processes write at the same time.
const swaps = 8

// errUnchanged has swap write nothing.
var errUnchanged = errors.New("nothing to write")

var errContested = errors.New("other processes write the person's wrong passwords all the time")

func (a *attempt) swap(change func(Tries) (Tries, error)) error {
	for range swaps {
		done, err := within(a.ctx, func(ctx context.Context) (bool, error) {
			loaded, err := a.cfg.Attempts.Load(ctx, a.who.Key)
			if err != nil {
				return false, err
			}
			next, err := change(loaded)
			if err != nil {
				return false, err
			}
			next.Version = loaded.Version + 1
			return a.cfg.Attempts.Swap(ctx, a.who.Key, loaded.Version, next)
		})
		switch {
		case errors.Is(err, errUnchanged):
			return nil
		case errors.Is(err, errBudget), errors.Is(err, errKnown):
			return err
		case err != nil:
			return &fault{fmt.Errorf("count the wrong passwords of a person: %w", err)}
		}
		if done {
			return nil
		}
	}
	return &fault{errContested}
}
