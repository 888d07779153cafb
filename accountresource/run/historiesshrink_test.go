package run_test

import (
	"fmt"
	"slices"
	"strings"
)

// play makes a history happen and checks what came of it.
func (h *history) play() *worldModel {
	w := newWorldModel(h.settings)
	for i := range h.steps {
		w.tell(h.steps[i].do(w, &h.steps[i]))
		w.guard()
	}
	w.tell("---")
	w.finish()
	return w
}

// attempts is how often a history is played that is not the same each time.
const attempts = 8

// breaks reports whether a history breaks a rule, and returns what was played.
func (h *history) breaks(rule string) (*worldModel, bool) {
	tries := 1
	if !h.settings.inStep {
		tries = attempts
	}
	for range tries {
		w := h.play()
		if slices.ContainsFunc(w.violated, func(v violation) bool { return v.rule == rule }) {
			return w, true
		}
	}
	return nil, false
}

// shrink leaves out of a history whatever does not matter to the rule that it breaks.
func (h *history) shrink(rule string) history {
	least := *h
	try := func(smaller history) bool {
		if _, still := smaller.breaks(rule); still {
			least = smaller
			return true
		}
		return false
	}
	for again := true; again; {
		again = false
		for size := max(1, len(least.steps)/2); size > 0; size /= 2 {
			for from := 0; from+size <= len(least.steps); {
				fewer := least
				fewer.steps = slices.Delete(slices.Clone(least.steps), from, from+size)
				if try(fewer) {
					again = true
				} else {
					from += size
				}
			}
		}
		for _, simpler := range least.simpler() {
			again = try(simpler) || again
		}
	}
	return least
}

// simpler are the history with something simpler in it.
func (h *history) simpler() (all []history) {
	with := func(change func(*history) bool) {
		simpler := *h
		simpler.steps = slices.Clone(h.steps)
		if change(&simpler) {
			all = append(all, simpler)
		}
	}
	with(func(h *history) bool { is := h.settings.inStep; h.settings.inStep = true; return !is })
	with(func(h *history) bool { is := h.settings.incremental; h.settings.incremental = false; return is })
	with(func(h *history) bool { is := h.settings.batch; h.settings.batch = 100; return is != 100 })
	with(func(h *history) bool { is := h.settings.batch; h.settings.batch = 1; return is != 1 && is != 100 })
	for i := range h.steps {
		with(func(h *history) bool {
			is := h.steps[i].fault.kind
			h.steps[i].fault.kind = noFault
			return is != noFault
		})
		with(func(h *history) bool {
			is := h.steps[i].fault.kind
			h.steps[i].fault.kind = breaksOff
			return is != noFault && is != breaksOff
		})
	}
	return all
}

// scenario is a history for a reader.
func (h *history) scenario(rule string) string {
	w, still := h.breaks(rule)
	if !still {
		return "it is not the same each time"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "    %s\n", w.settings)
	for i, line := range w.story {
		fmt.Fprintf(&b, "    %2d %s\n", i+1, strings.TrimSuffix(line, ": "))
	}
	for _, v := range w.violated {
		fmt.Fprintf(&b, "    => %s: %s\n", v.rule, v.text)
	}
	return b.String()
}
