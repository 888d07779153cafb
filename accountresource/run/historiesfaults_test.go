package run_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// faultKind is how a run is disturbed.
type faultKind int

const (
	noFault    faultKind = iota
	refuses              // the mail store refuses to change some addresses
	breaksOff            // a call returns an error
	kills                // a call returns an error, and so does every call after it
	partlyDone           // the mail store makes the first operations of a batch only; then the process is killed
)

// fault disturbs a run: at the nth call of a method, before or after its effect.
type fault struct {
	kind   faultKind
	method string
	nth    int
	after  bool
	first  int    // how many operations of the batch are made
	refuse []bool // by address
}

func (f *fault) String() string {
	when := map[bool]string{false: "before", true: "after"}[f.after]
	switch f.kind {
	case noFault:
		return ""
	case refuses:
		var refused []string
		for i, is := range f.refuse {
			if is {
				refused = append(refused, worldAddress(i))
			}
		}
		return "the mail store refuses " + strings.Join(refused, ", ")
	case breaksOff:
		return fmt.Sprintf("cut %s %s %d", when, f.method, f.nth)
	case kills:
		return fmt.Sprintf("killed %s %s %d", when, f.method, f.nth)
	}
	return fmt.Sprintf("killed in Apply %d, after %d operations", f.nth, f.first)
}

var (
	errCut    = errors.New("cut off")
	errKilled = errors.New("killed")
)

// faultyPorts is the tables and the mail store of one run, with its fault.
type faultyPorts struct {
	*worldTables
	backend
	fault

	calls  sync.Mutex
	seen   int
	killed bool
	met    bool // whether the fault was met

	// open is the batch that is claimed and not settled: its objects and addresses. With inStep the next one is not
	// claimed before, so that a run is the same each time.
	inStep  bool
	open    map[string]bool
	settled chan struct{}
}

// meet counts a call and returns the error before or after its effect.
func (p *faultyPorts) meet(method string) (before, after error) {
	p.calls.Lock()
	defer p.calls.Unlock()
	if p.killed {
		return errKilled, errKilled
	}
	if p.kind < breaksOff || p.kind == partlyDone || method != p.method {
		return nil, nil
	}
	if p.seen++; p.seen != p.nth {
		return nil, nil
	}
	p.met = true
	err := errCut
	if p.kind == kills {
		p.killed, err = true, errKilled
	}
	if p.after {
		return nil, err
	}
	p.kill()
	return err, nil
}

// kill has the tables take nothing more of a killed run. A call that is killed after its effect is still made.
func (p *faultyPorts) kill() {
	if p.killed {
		p.worldTables.mu.Lock()
		p.worldTables.down = errKilled
		p.worldTables.mu.Unlock()
	}
}

func (p *faultyPorts) killAfter(err error) {
	p.calls.Lock()
	defer p.calls.Unlock()
	if err != nil {
		p.kill()
	}
}

func (p *faultyPorts) Claim(ctx context.Context, l run.Lease, links []account.Link) ([]error, error) {
	p.await(ctx)
	before, after := p.meet("Claim")
	if before != nil {
		return nil, before
	}
	results, err := p.worldTables.Claim(ctx, l, links)
	p.claimed(links)
	p.killAfter(after)
	return results, errors.Join(err, after)
}

func (p *faultyPorts) Settle(ctx context.Context, l run.Lease, id int64, s run.Settled) error {
	before, after := p.meet("Settle")
	if before != nil {
		return before
	}
	err := p.worldTables.Settle(ctx, l, id, s)
	p.killAfter(after)
	p.isSettled(&s)
	return errors.Join(err, after)
}

// patience is how long a claim waits for the batch before, which nothing may come of.
const patience = 50 * time.Millisecond

// await waits until the batch that was claimed before is settled.
func (p *faultyPorts) await(ctx context.Context) {
	p.calls.Lock()
	settled := p.settled
	p.calls.Unlock()
	if settled == nil {
		return
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-settled:
	case <-ctx.Done():
	case <-late.C:
	}
}

func (p *faultyPorts) claimed(links []account.Link) {
	if !p.inStep {
		return
	}
	p.calls.Lock()
	defer p.calls.Unlock()
	p.open, p.settled = make(map[string]bool, 2*len(links)), make(chan struct{})
	for i := range links {
		p.open[string(links[i].Source)], p.open[links[i].Address] = true, true
	}
}

func (p *faultyPorts) isSettled(s *run.Settled) {
	p.calls.Lock()
	defer p.calls.Unlock()
	is := func(name string) bool { return p.open[name] }
	if p.settled != nil && (slices.ContainsFunc(s.Confirmed, is) ||
		slices.ContainsFunc(s.Entries, func(e run.Entry) bool { return is(string(e.Source)) }) ||
		slices.ContainsFunc(s.Unlinked, func(id account.SourceID) bool { return is(string(id)) }) ||
		slices.ContainsFunc(slices.Concat(s.Links, s.Moved), func(l account.Link) bool { return is(string(l.Source)) })) {
		close(p.settled)
		p.settled = nil
	}
}

// operation is what the mail store is given.
type operation = account.Operation

func (p *faultyPorts) Apply(ctx context.Context, d account.Domain, all []operation) ([]error, error) {
	before, after := p.meet("Apply")
	if before != nil {
		return nil, before
	}
	if p.kind == partlyDone {
		if p.seen++; p.seen == p.nth {
			return nil, p.applyFirst(ctx, d, all)
		}
	}
	results, err := p.backend.Apply(ctx, d, all)
	p.killAfter(after)
	return results, errors.Join(err, after)
}

// applyFirst makes the first operations in the order of a mail store, deletions before renamings before the rest, and has
// the process killed.
func (p *faultyPorts) applyFirst(ctx context.Context, d account.Domain, all []operation) error {
	turns := map[account.Verb]int{account.Delete: 1, account.Rename: 2}
	made := slices.Clone(all)
	slices.SortStableFunc(made, func(a, b operation) int {
		return cmp.Compare((turns[a.Verb]+2)%3, (turns[b.Verb]+2)%3)
	})
	_, err := p.backend.Apply(ctx, d, made[:min(p.first, len(made))])
	p.calls.Lock()
	defer p.calls.Unlock()
	p.met, p.killed = true, true
	p.kill()
	return errors.Join(errKilled, err)
}
