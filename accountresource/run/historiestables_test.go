package run_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// linkKey is the primary key of the table of links.
type linkKey struct {
	resource int64
	source   account.SourceID
}

func keyOf(l *account.Link) linkKey { return linkKey{l.Resource, l.Source} }

// worldTables is the module's own tables in memory, for several resources of a domain and as strict as the real ones: an
// object of a resource has one link, an address belongs to one link, and a statement that would break this changes nothing.
type worldTables struct {
	mu          sync.Mutex
	clock       func() time.Time
	links       map[linkKey]account.Link
	runs        []run.Run
	log         []run.Entry // of all runs, in the order in which it was written
	leases      map[int64]run.Lease
	fence       int64
	marks       map[int64]run.Watermark
	unlinked    map[int64][]account.SourceID
	held        map[int64][]run.Held
	unconfirmed []unconfirmed
	writes      int   // statements that changed a link
	down        error // what every statement that writes returns, while it is set: the process was killed
}

func newWorldTables(clock func() time.Time) *worldTables {
	return &worldTables{
		clock: clock, links: make(map[linkKey]account.Link), leases: make(map[int64]run.Lease), marks: make(map[int64]run.Watermark),
		unlinked: make(map[int64][]account.SourceID),
		held:     make(map[int64][]run.Held),
	}
}

// begin locks the tables for a statement that needs the lease.
func (w *worldTables) begin(l run.Lease) error {
	w.mu.Lock()
	switch held, exists := w.leases[l.Resource]; {
	case w.down != nil:
		return w.down
	case !exists || held.Fence != l.Fence:
		return run.ErrLeaseLost
	}
	return nil
}

func (w *worldTables) Acquire(_ context.Context, resource int64, owner string, ttl time.Duration) (run.Lease, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if held, exists := w.leases[resource]; exists && w.clock().Before(held.Expires) {
		return run.Lease{}, run.ErrRunning
	}
	for i := range w.runs {
		if r := &w.runs[i]; r.Resource == resource && r.Outcome == "" {
			r.Outcome, r.Finished = run.Interrupted, w.clock()
		}
	}
	w.fence++
	lease := run.Lease{Resource: resource, Owner: owner, Fence: w.fence, Expires: w.clock().Add(ttl)}
	w.leases[resource] = lease
	return lease, nil
}

func (w *worldTables) Renew(_ context.Context, l run.Lease, ttl time.Duration) (run.Lease, error) {
	defer w.mu.Unlock()
	if err := w.begin(l); err != nil {
		return l, err
	}
	l.Expires = w.clock().Add(ttl)
	w.leases[l.Resource] = l
	return l, nil
}

func (w *worldTables) Release(_ context.Context, l run.Lease) error {
	defer w.mu.Unlock()
	if err := w.begin(l); err != nil {
		return err
	}
	delete(w.leases, l.Resource)
	return nil
}

func (w *worldTables) Held(_ context.Context, resource int64) (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	held, exists := w.leases[resource]
	return exists && w.clock().Before(held.Expires), nil
}

func (w *worldTables) Sweep(context.Context) error { return nil }

// sorted returns those of the links that are wanted, in the order of their key.
func (w *worldTables) sorted(wanted func(*account.Link) bool) (links []account.Link) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, l := range w.links {
		if wanted(&l) {
			links = append(links, l)
		}
	}
	slices.SortFunc(links, func(a, b account.Link) int {
		if a.Resource != b.Resource {
			return int(a.Resource - b.Resource)
		}
		return strings.Compare(string(a.Source), string(b.Source))
	})
	return links
}

func (w *worldTables) Links(_ context.Context, resource int64, domain string) iter.Seq2[account.Link, error] {
	own := w.sorted(func(l *account.Link) bool { return l.Resource == resource })
	others := w.sorted(func(l *account.Link) bool {
		return l.Resource != resource && (account.DomainOf(l.Address) == domain || account.DomainOf(l.Former()) == domain)
	})
	return func(yield func(account.Link, error) bool) {
		for _, l := range slices.Concat(own, others) {
			if !yield(l, nil) {
				return
			}
		}
	}
}

func (w *worldTables) Known(_ context.Context, resource int64, ids []account.SourceID) (known []account.SourceID, _ error) {
	for _, l := range w.sorted(func(l *account.Link) bool { return l.Resource == resource && slices.Contains(ids, l.Source) }) {
		known = append(known, l.Source)
	}
	return known, nil
}

func (w *worldTables) Of(_ context.Context, resource int64, ids []account.SourceID) ([]account.Link, error) {
	return w.sorted(func(l *account.Link) bool { return l.Resource == resource && slices.Contains(ids, l.Source) }), nil
}

func (w *worldTables) Elsewhere(_ context.Context, resource int64, _ string, ids []account.SourceID) ([]account.Link, error) {
	return w.sorted(func(l *account.Link) bool { return l.Resource != resource && slices.Contains(ids, l.Source) }), nil
}

// Neighbours returns the base of the other of the two resources.
func (w *worldTables) Neighbours(_ context.Context, resource int64, _ string) ([]string, error) {
	return []string{worldBase(3 - resource)}, nil
}

func (w *worldTables) Count(_ context.Context, resource int64) (int, error) {
	return len(w.sorted(func(l *account.Link) bool { return l.Resource == resource })), nil
}

func (w *worldTables) At(_ context.Context, addresses []string) ([]account.Link, error) {
	return w.sorted(func(l *account.Link) bool { return slices.Contains(addresses, l.Address) }), nil
}

func (w *worldTables) Some(_ context.Context, resource int64, kind account.Kind, limit int) (ids []account.SourceID, err error) {
	for _, l := range w.sorted(func(l *account.Link) bool { return l.Resource == resource && l.Kind == kind }) {
		ids = append(ids, l.Source)
	}
	return ids[:min(limit, len(ids))], nil
}

func (w *worldTables) Claims(_ context.Context, resource int64, domain string) ([]account.Link, error) {
	return w.sorted(func(l *account.Link) bool {
		return l.Resource != resource && l.State != account.Confirmed && account.DomainOf(l.Address) == domain
	}), nil
}

// Claim gives an address to a link if no other link has it, or one of the same batch has it and leaves it. One that is
// refused stays where it is.
func (w *worldTables) Claim(_ context.Context, l run.Lease, links []account.Link) ([]error, error) {
	defer w.mu.Unlock()
	if err := w.begin(l); err != nil {
		return nil, err
	}
	results := make([]error, len(links))
	var next map[linkKey]account.Link
	for refused := true; refused; {
		refused, next = false, maps.Clone(w.links)
		for i := range links {
			if results[i] == nil {
				delete(next, keyOf(&links[i]))
				maps.DeleteFunc(next, func(_ linkKey, other account.Link) bool { return other.Released && other.Address == links[i].Address })
			}
		}
		owners := make(map[string]bool, len(next))
		for _, link := range next {
			owners[link.Address] = true
		}
		for i, link := range links {
			if results[i] == nil && owners[link.Address] {
				results[i], refused = fmt.Errorf("claim %s: %w", link.Address, run.ErrConflict), true
			} else if results[i] == nil {
				owners[link.Address], next[keyOf(&link)] = true, link
			}
		}
	}
	return results, w.commit(next)
}

var errDuplicateKey = errors.New("duplicate key")

// compared returns links without what a later run learns of their accounts by reading them.
func (w *worldTables) compared(links map[linkKey]account.Link) map[linkKey]account.Link {
	all := make(map[linkKey]account.Link, len(links))
	for key, l := range links {
		l.Made = ""
		all[key] = l
	}
	return all
}

// commit replaces the links, unless an address would belong to two.
func (w *worldTables) commit(next map[linkKey]account.Link) error {
	taken := make(map[string]bool, len(next))
	for _, l := range next {
		if taken[l.Address] {
			return fmt.Errorf("links of %s: %w", l.Address, errDuplicateKey)
		}
		taken[l.Address] = true
	}
	for key, l := range next {
		before, was := w.links[key]
		at := before.Left
		if before.Left = l.Left; !was || !reflect.DeepEqual(before, l) {
			at = w.clock()
		}
		if l.Left = at; !l.Released && l.Off != account.OffByRemoval {
			l.Left = time.Time{}
		}
		next[key] = l
	}
	if !reflect.DeepEqual(w.compared(w.links), w.compared(next)) {
		w.writes++
	}
	w.links = next
	return nil
}
