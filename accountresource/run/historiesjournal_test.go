package run_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

func (w *worldTables) Begin(_ context.Context, l run.Lease, t run.Trigger, m run.Mode, started time.Time) (run.Run, error) {
	defer w.mu.Unlock()
	if err := w.begin(l); err != nil {
		return run.Run{}, err
	}
	r := run.Run{ID: int64(len(w.runs) + 1), Resource: l.Resource, Trigger: t, Mode: m, Started: started, Counts: map[account.Action]int{}}
	w.runs = append(w.runs, r)
	return r, nil
}

func (w *worldTables) Mode(_ context.Context, l run.Lease, id int64, m run.Mode) error {
	defer w.mu.Unlock()
	if err := w.begin(l); err != nil {
		return err
	}
	w.runs[id-1].Mode = m
	return nil
}

func (w *worldTables) Progress(_ context.Context, l run.Lease, _ int64, _ run.Progress, _ bool) (bool, error) {
	defer w.mu.Unlock()
	return false, w.begin(l)
}

// Settle drops, writes and confirms links, then writes the log. An error changes nothing.
func (w *worldTables) Settle(_ context.Context, l run.Lease, id int64, s run.Settled) error {
	defer w.mu.Unlock()
	if err := w.begin(l); err != nil {
		return err
	}
	next := maps.Clone(w.links)
	for _, source := range s.Unlinked {
		delete(next, linkKey{l.Resource, source})
	}
	for i := range s.Moved {
		delete(next, keyOf(&s.Moved[i]))
	}
	maps.DeleteFunc(next, func(_ linkKey, link account.Link) bool {
		return link.Released && slices.Contains(s.Freed, link.Address)
	})
	for _, links := range [][]account.Link{s.Moved, s.Links} {
		if err := upsert(next, links); err != nil {
			return err
		}
	}
	for key, link := range next {
		if slices.Contains(s.Confirmed, link.Address) {
			link.State, link.Intent = account.Confirmed, nil
			next[key] = link
		}
	}
	if len(s.Unlinked)+len(s.Freed)+len(s.Moved)+len(s.Links)+len(s.Confirmed) > 0 {
		if err := w.commit(next); err != nil {
			return err
		}
	}
	w.unconfirmed = replaced(w.unconfirmed, unconfirmed{id, w.clock(), s.Unconfirmed})
	for _, e := range s.Entries {
		e.Run = id
		w.log = append(w.log, e)
		if e.Action != account.ActionHeld {
			w.runs[id-1].Counts[e.Action]++
		}
	}
	return nil
}

// upsert is a statement that inserts or replaces rows one after another, each of which must fit at that moment.
func upsert(into map[linkKey]account.Link, links []account.Link) error {
	written := make(map[linkKey]bool, len(links))
	for _, link := range links {
		if written[keyOf(&link)] {
			return fmt.Errorf("link of %s twice in a statement, which PostgreSQL refuses", link.Source)
		}
		for key, other := range into {
			if other.Address != link.Address || key == keyOf(&link) {
				continue
			}
			if delete(into, key); !other.Released {
				return fmt.Errorf("link of %s at %s: %w", link.Source, link.Address, errDuplicateKey)
			}
		}
		into[keyOf(&link)], written[keyOf(&link)] = link, true
	}
	return nil
}

func (w *worldTables) End(_ context.Context, id int64, o run.Outcome, why account.Message, waiting int, at time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.down != nil {
		return w.down
	}
	if r := &w.runs[id-1]; r.Outcome == "" {
		r.Outcome, r.Error, r.Finished = o, why, at
		r.Counts[account.ActionHeld] = waiting
	}
	return nil
}

func (w *worldTables) Discard(_ context.Context, id int64) (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.down == nil {
		w.runs[id-1].Outcome = discarded
	}
	return w.down == nil, w.down
}

func (w *worldTables) Forget(context.Context, int64, time.Time) error { return nil }

func (w *worldTables) Watermark(_ context.Context, resource int64) (run.Watermark, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.marks[resource], nil
}

func (w *worldTables) Open(_ context.Context, l run.Lease) error {
	defer w.mu.Unlock()
	if err := w.begin(l); err != nil {
		return err
	}
	m := w.marks[l.Resource]
	m.Open = true
	w.marks[l.Resource] = m
	return nil
}

func (w *worldTables) SetWatermark(_ context.Context, l run.Lease, m run.Watermark) error {
	defer w.mu.Unlock()
	if err := w.begin(l); err != nil {
		return err
	}
	w.marks[l.Resource] = m
	return nil
}

func (w *worldTables) Unlinked(_ context.Context, resource int64) ([]account.SourceID, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.unlinked[resource]), nil
}

func (w *worldTables) SetUnlinked(_ context.Context, l run.Lease, ids []account.SourceID) error {
	defer w.mu.Unlock()
	if err := w.begin(l); err != nil {
		return err
	}
	w.unlinked[l.Resource] = slices.Clone(ids)
	return nil
}

func (w *worldTables) Waiting(_ context.Context, resource int64) ([]run.Held, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.held[resource]), nil
}

func (w *worldTables) Unconfirmed(_ context.Context, _ int64, since time.Time) (map[account.Action]int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return recent(w.unconfirmed, since), nil
}

func (w *worldTables) Keep(_ context.Context, l run.Lease, held []run.Held) error {
	defer w.mu.Unlock()
	if err := w.begin(l); err != nil {
		return err
	}
	for i := range held {
		for _, old := range w.held[l.Resource] {
			if old.Source == held[i].Source && old.Action == held[i].Action {
				held[i].Since, held[i].Decision = old.Since, old.Decision
			}
		}
	}
	w.held[l.Resource] = slices.Clone(held)
	return nil
}
