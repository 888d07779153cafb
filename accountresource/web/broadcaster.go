package web

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/mailpanel/account-resource/accountresource/recovered"
)

// broadcaster looks at the resources that somebody follows, for all who do: once in a while, and only as long as there is
// anybody.
type broadcaster struct {
	look   func(ctx context.Context, before map[int64]pulse, ids []int64) (map[int64]pulse, error)
	every  time.Duration
	logger *slog.Logger
	life   context.Context // ends with the module
	going  sync.WaitGroup  // the one who looks

	mu        sync.Mutex
	followers map[*subscriber]struct{}
	now       map[int64]pulse // of the resources that are followed
	looking   bool
	hurry     chan struct{} // somebody new waits for a first look
}

// subscriber is an open page.
type subscriber struct {
	ids  []int64
	news chan struct{} // something was looked at
}

func newBroadcaster(life context.Context, every time.Duration, logger *slog.Logger) *broadcaster {
	return &broadcaster{
		every: every, logger: logger, life: life, followers: make(map[*subscriber]struct{}), now: make(map[int64]pulse),
		hurry: make(chan struct{}, 1),
	}
}

// subscribe begins to look at resources for a page, unless there are as many pages as may be, or the module is closed.
func (w *broadcaster) subscribe(most int, ids ...int64) (f *subscriber, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.followers) >= most || w.life.Err() != nil {
		return nil, false
	}
	f = &subscriber{ids: ids, news: make(chan struct{}, 1)}
	w.followers[f] = struct{}{}
	if !w.looking {
		w.looking = true
		w.going.Add(1)
		go w.run()
	}
	known := true
	for _, id := range ids {
		_, seen := w.now[id]
		known = known && seen
	}
	if known {
		tell(f.news)
	} else {
		tell(w.hurry)
	}
	return f, true
}

// close ends everything with the module's life, and waits for whoever looks.
func (w *broadcaster) close(end func()) {
	w.mu.Lock()
	end()
	w.mu.Unlock()
	w.going.Wait()
}

// unsubscribe ends it.
func (w *broadcaster) unsubscribe(f *subscriber) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.followers, f)
	if len(w.followers) == 0 {
		tell(w.hurry) // whoever looks notices that nobody is there
	}
}

// of are the pulses that a page follows, in its order.
func (w *broadcaster) of(f *subscriber) []pulse {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := make([]pulse, 0, len(f.ids))
	for _, id := range f.ids {
		if p, seen := w.now[id]; seen {
			all = append(all, p)
		}
	}
	return all
}

// wanted are the resources to look at; none ends the looking.
func (w *broadcaster) wanted() (ids []int64, before map[int64]pulse) {
	w.mu.Lock()
	defer w.mu.Unlock()
	set := make(map[int64]struct{})
	for f := range w.followers {
		for _, id := range f.ids {
			set[id] = struct{}{}
		}
	}
	if len(w.followers) == 0 || w.life.Err() != nil {
		w.looking = false
		clear(w.now)
		return nil, nil
	}
	return slices.Sorted(maps.Keys(set)), maps.Clone(w.now)
}

func (w *broadcaster) run() {
	defer w.going.Done()
	tick := time.NewTicker(w.every)
	defer tick.Stop()
	for {
		ids, before := w.wanted()
		if before == nil {
			return
		}
		err := recovered.Do(func() error { return w.poll(before, ids) })
		if w.life.Err() == nil { // the next look may go well
			recovered.Log(w.life, w.logger, "look how far runs are", err)
		}
		select {
		case <-w.life.Done():
		case <-tick.C:
		case <-w.hurry:
		}
	}
}

// poll tells the followers how far their runs are.
func (w *broadcaster) poll(before map[int64]pulse, ids []int64) error {
	now, err := w.look(w.life, before, ids)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = now
	for f := range w.followers {
		tell(f.news)
	}
	return nil
}

// tell leaves word, if there is none yet.
func tell(who chan struct{}) {
	select {
	case who <- struct{}{}:
	default:
	}
}
