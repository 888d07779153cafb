package run_test

import (
	"flag"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var (
	histories    = flag.Int("histories", 1000, "how many random histories are tried")
	firstHistory = flag.Uint64("history", 0, "the seed of the first random history")
)

// notYet are the rules that are not kept yet, by the beginning of their name here, and why.
var notYet = map[string]string{
	"R4 held": "linking switches an account off at once (rules R4, R23)",
}

// TestR19_RandomHistories makes random changes of a directory and of the mail store, with runs of two resources between them
// that are refused, cut off and killed. In the end, both run until nothing is left to do, and what there is must be what the
// rules say, whatever happened on the way. With -histories=20000 it tries as many, with -history=7 it begins with that seed.
func TestR19_RandomHistories(t *testing.T) {
	t.Parallel()
	began := time.Now()
	broken, tally := playHistories(*firstHistory, *histories)
	t.Logf("%d histories in %v: %v", *histories, time.Since(began).Round(time.Millisecond), tally)
	for prefix, why := range notYet {
		met := false
		for rule := range broken {
			if strings.HasPrefix(rule, prefix) {
				met = true
				delete(broken, rule)
			}
		}
		if *histories >= 1000 && !met {
			t.Errorf("%s: take it off the list: %s", prefix, why)
		}
	}
	for _, rule := range slices.Sorted(maps.Keys(broken)) {
		t.Run(rule, func(t *testing.T) {
			seeds := broken[rule]
			slices.Sort(seeds)
			smallest := smallestOf(seeds[:min(mostShrunk, len(seeds))], rule)
			t.Errorf("%d histories, with the seeds %v…; the smallest:\n%s", len(seeds), seeds[:min(8, len(seeds))], smallest.scenario(rule))
		})
	}
}

// playHistories plays histories on all processors. It returns the seeds of those that break a rule, by rule.
func playHistories(first uint64, count int) (broken map[string][]uint64, tally map[string]int) {
	var next atomic.Uint64
	var mu sync.Mutex
	var wait sync.WaitGroup
	broken, tally = make(map[string][]uint64), make(map[string]int)
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for n := next.Add(1) - 1; n < uint64(count); n = next.Add(1) - 1 {
				h := newHistory(first + n)
				w := h.play()
				mu.Lock()
				w.count(tally)
				for _, v := range w.violated {
					broken[v.rule] = append(broken[v.rule], first+n)
				}
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	return broken, tally
}

// count adds what was played to a tally.
func (w *worldModel) count(tally map[string]int) {
	tally["runs"] += len(w.tables.runs)
	tally["disturbed runs"] += w.disturbed
	tally["objects checked"] += w.knew[0]
	tally["objects unknown"] += w.knew[1]
	tally["compared with fresh"] += w.compared
}

// mostShrunk is how many histories are shrunk for each rule, to show the smallest.
const mostShrunk = 4

// smallestOf shrinks histories that break a rule.
func smallestOf(seeds []uint64, rule string) (smallest history) {
	for i, seed := range seeds {
		h := newHistory(seed)
		if h = h.shrink(rule); i == 0 || len(h.steps) < len(smallest.steps) {
			smallest = h
		}
	}
	return smallest
}
