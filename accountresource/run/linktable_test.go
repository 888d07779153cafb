package run_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

func (l *tables) Known(_ context.Context, _ int64, ids []account.SourceID) (known []account.SourceID, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range ids {
		if _, linked := l.links[id]; linked {
			known = append(known, id)
		}
	}
	return known, l.enter("Known")
}

func (l *tables) Of(_ context.Context, _ int64, ids []account.SourceID) (links []account.Link, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range ids {
		if link, linked := l.links[id]; linked {
			links = append(links, link)
		}
	}
	return links, l.enter("Of")
}

func (l *tables) Elsewhere(context.Context, int64, string, []account.SourceID) ([]account.Link, error) {
	return nil, nil
}

func (l *tables) Count(context.Context, int64) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.links), l.enter("Count")
}

func (l *tables) Links(context.Context, int64, string) iter.Seq2[account.Link, error] {
	return func(yield func(account.Link, error) bool) {
		l.mu.Lock()
		err := l.enter("Links")
		links := slices.SortedFunc(maps.Values(l.links), func(a, b account.Link) int {
			return compare(a.Source, b.Source)
		})
		l.mu.Unlock()
		if err != nil {
			yield(account.Link{}, err)
			return
		}
		for _, link := range links {
			if !yield(link, nil) {
				return
			}
		}
	}
}

func compare(a, b account.SourceID) int {
	if a < b {
		return -1
	}
	return 1
}

func (l *tables) Claim(_ context.Context, lease run.Lease, links []account.Link) ([]error, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.enter("Claim"); err != nil {
		return nil, err
	}
	if err := l.fenced(lease); err != nil {
		return nil, err
	}
	l.dropReleased(links)
	results := make([]error, len(links))
	next := map[account.SourceID]string{} // who of the batch leaves his address
	for _, link := range links {
		next[link.Source] = link.Address
	}
	owners := map[string]account.SourceID{} // of addresses that nobody of the batch leaves
	for _, other := range l.links {
		if to, claims := next[other.Source]; !claims || to == other.Address {
			owners[other.Address] = other.Source
		}
	}
	for i, link := range links {
		if owner, owned := owners[link.Address]; owned && owner != link.Source {
			results[i] = fmt.Errorf("claim %s: %w", link.Address, run.ErrConflict)
			continue
		}
		owners[link.Address], l.links[link.Source] = link.Source, l.stamped(link)
	}
	return results, take(l.after, "Claim")
}

// dropReleased drops what was released at addresses that are linked anew.
func (l *tables) dropReleased(links []account.Link) {
	if !l.released {
		return
	}
	for i := range links {
		for source, other := range l.links {
			if other.Released && other.Address == links[i].Address && source != links[i].Source {
				delete(l.links, source)
			}
		}
	}
}

// stamped returns a link with when its object left, which is when that is written.
func (l *tables) stamped(link account.Link) account.Link {
	link.Left, l.released = time.Time{}, l.released || link.Released
	if link.Released || link.Off == account.OffByRemoval {
		link.Left = l.clock()
	}
	return link
}

func (l *tables) At(_ context.Context, addresses []string) (links []account.Link, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, link := range l.links {
		if slices.Contains(addresses, link.Address) {
			links = append(links, link)
		}
	}
	return links, l.enter("At")
}

func (l *tables) Unlinked(context.Context, int64) ([]account.SourceID, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.unlinked), l.enter("Unlinked")
}

func (l *tables) SetUnlinked(_ context.Context, lease run.Lease, ids []account.SourceID) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := errors.Join(l.enter("SetUnlinked"), l.fenced(lease)); err != nil {
		return err
	}
	l.unlinked = slices.Clone(ids)
	return nil
}

func (l *tables) Some(_ context.Context, resource int64, kind account.Kind, limit int) (ids []account.SourceID, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, link := range l.links {
		if link.Resource == resource && link.Kind == kind {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids[:min(limit, len(ids))], l.enter("Some")
}

func (l *tables) Claims(_ context.Context, resource int64, domain string) (links []account.Link, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, link := range l.links {
		if link.Resource != resource && link.State != account.Confirmed && account.DomainOf(link.Address) == domain {
			links = append(links, link)
		}
	}
	return links, l.enter("Claims")
}
