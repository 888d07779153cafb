package run_test

import (
	"math/rand/v2"
	"time"
)

// historyStep is one thing that happens. Its numbers mean something whatever happened before, so that steps can be left out.
type historyStep struct {
	do             func(*worldModel, *historyStep) string // it returns what happened, or nothing where nothing did
	who, other, at int
	fault          fault
	wait           time.Duration
}

// history is a world and what happens in it.
type history struct {
	settings worldSettings
	steps    []historyStep
}

// happenings are what can happen, and how often.
var happenings = []struct {
	weight int
	do     func(*worldModel, *historyStep) string
	moves  bool // in some histories only
}{
	{4, (*worldModel).join, false}, {4, (*worldModel).leave, false}, {3, (*worldModel).comeBack, false},
	{2, (*worldModel).makeAgain, false}, {5, (*worldModel).rename, false}, {3, (*worldModel).swap, false},
	{2, (*worldModel).chain, false}, {3, (*worldModel).inherit, false}, {1, (*worldModel).collide, false},
	{3, (*worldModel).switchStatus, false}, {2, (*worldModel).changeName, false}, {3, (*worldModel).changeMembers, false},
	{1, (*worldModel).moveBase, true}, {20, (*worldModel).runOne, false},
}

// handmade are the happenings of an admin of the mail store.
var handmade = []func(*worldModel, *historyStep) string{
	(*worldModel).switchByHand, (*worldModel).deleteByHand, (*worldModel).replaceByHand, (*worldModel).nameByHand,
	(*worldModel).makeByHand, (*worldModel).addMemberByHand,
}

// newHistory makes the history of a seed.
func newHistory(seed uint64) history {
	random := rand.New(rand.NewPCG(seed, 19))
	coin := func() bool { return random.IntN(2) == 0 }
	h := history{settings: worldSettings{
		deletes: coin(), disables: random.IntN(4) > 0, links: random.IntN(5) > 0, incremental: coin(), tombstones: coin(),
		inStep: random.IntN(4) > 0, batch: []int{1, 2, 3, 100}[random.IntN(4)],
	}}
	add := func(do func(*worldModel, *historyStep) string) *historyStep {
		h.steps = append(h.steps, historyStep{
			do: do, who: random.IntN(1 << 16), other: random.IntN(1 << 16), at: random.IntN(1 << 16),
			wait: []time.Duration{0, time.Second, time.Minute, time.Hour}[random.IntN(4)],
		})
		return &h.steps[len(h.steps)-1]
	}
	withHands := random.IntN(2) == 0
	withMoves := random.IntN(4) == 0
	for i := range directoryNames {
		if random.IntN(10) < 7 {
			add((*worldModel).join).who = i
		}
	}
	if withHands || coin() {
		for range 1 + random.IntN(2) {
			add((*worldModel).makeByHand)
		}
	}
	for i := range 2 {
		if random.IntN(10) > 0 {
			s := add((*worldModel).runOne)
			s.who = i
			if random.IntN(3) == 0 {
				s.fault = newFault(random)
			}
		}
	}
	for range 5 + random.IntN(14) {
		if withHands && random.IntN(5) == 0 {
			add(handmade[random.IntN(len(handmade))])
			continue
		}
		happens := happenings[weighted(random)]
		if happens.moves && !withMoves {
			happens.do = (*worldModel).rename
		}
		add(happens.do).fault = newFault(random)
	}
	return h
}

func weighted(random *rand.Rand) int {
	sum := 0
	for _, h := range happenings {
		sum += h.weight
	}
	n := random.IntN(sum)
	for i, h := range happenings {
		if n -= h.weight; n < 0 {
			return i
		}
	}
	return 0
}

func newFault(random *rand.Rand) fault {
	f := fault{
		method: []string{"Claim", "Apply", "Settle"}[random.IntN(3)], nth: []int{1, 1, 1, 2, 2, 3, 4}[random.IntN(7)], after: random.IntN(2) == 0,
		first: random.IntN(4),
	}
	f.kind = []faultKind{noFault, noFault, refuses, breaksOff, kills, kills, partlyDone}[random.IntN(7)]
	for range worldAddresses {
		f.refuse = append(f.refuse, random.IntN(3) == 0)
	}
	return f
}
