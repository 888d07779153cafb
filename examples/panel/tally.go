package main

import (
	"container/list"
	"time"
)

// mostKeys bounds the memory of a tally.
const mostKeys = 4096

// tally keeps the times of events by a key, within a window of time. Of more keys than mostKeys it forgets those
// that were used longest ago. It is not safe for concurrent use.
type tally struct {
	limit  int
	window time.Duration
	byKey  map[string]*list.Element
	order  *list.List // of *events; the front was used last
}

// events are those of one key.
type events struct {
	key   string
	times []time.Time // oldest first
	open  int         // checks that have not ended, each of which may become an event
}

func newTally(limit int, window time.Duration) *tally {
	return &tally{limit: limit, window: window, byKey: make(map[string]*list.Element), order: list.New()}
}

// find returns the events of a key within the window before now, or nothing.
func (t *tally) find(key string, now time.Time) *events {
	element, ok := t.byKey[key]
	if !ok {
		return &events{}
	}
	e := element.Value.(*events)
	for len(e.times) > 0 && !now.Before(e.times[0].Add(t.window)) {
		e.times = e.times[1:]
	}
	return e
}

// use returns the events of a key to change them.
func (t *tally) use(key string, now time.Time) *events {
	if element, ok := t.byKey[key]; ok {
		t.order.MoveToFront(element)
		return t.find(key, now)
	}
	e := &events{key: key}
	t.byKey[key] = t.order.PushFront(e)
	for element := t.order.Back(); element != nil && t.order.Len() > mostKeys; {
		old := element
		element = element.Prev()
		if one := old.Value.(*events); one.open == 0 && one != e {
			t.order.Remove(old)
			delete(t.byKey, one.key)
		}
	}
	return e
}

// wait returns how long it takes until there are fewer events than the limit; zero if that is so now.
func (t *tally) wait(key string, now time.Time) time.Duration {
	times := t.find(key, now).times
	if len(times) < t.limit {
		return 0
	}
	return times[len(times)-t.limit].Add(t.window).Sub(now)
}

// mayReach reports whether the limit is reached if all open checks become events.
func (t *tally) mayReach(key string, now time.Time) bool {
	e := t.find(key, now)
	return len(e.times)+e.open >= t.limit
}
