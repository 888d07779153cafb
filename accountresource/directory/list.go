package directory

import (
	"context"
	"fmt"

	"github.com/go-ldap/ldap/v3"
	"golang.org/x/sync/errgroup"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// List streams the objects of the kind in scope, page by page. One page is read ahead while each works on another.
// References to other naming contexts are no entries and are not followed.
func (r *Reader) List(
	ctx context.Context, kind account.ObjectKind, limit int, each func(account.Object) error,
) (run.Listing, error) {
	var listing run.Listing
	if err := r.connect(ctx); err != nil {
		return listing, err
	}
	work, ctx := errgroup.WithContext(ctx)
	pages := make(chan []*ldap.Entry, 1)
	s := r.source(kind)
	complete := false
	work.Go(func() (err error) {
		defer close(pages)
		complete, err = r.readPages(ctx, s, limit, pages)
		return err
	})
	work.Go(func() error {
		for page := range pages {
			for _, entry := range page {
				if limit > 0 && listing.Count == limit {
					continue // the page may be larger than what was asked for
				}
				o, err := s.object(entry)
				if err != nil {
					return err
				}
				if err := each(o); err != nil {
					return err
				}
				listing.Count++
			}
		}
		return nil
	})
	if err := work.Wait(); err != nil {
		return listing, err
	}
	listing.Complete = complete
	return listing, nil
}

// readPages sends the pages of a search (RFC 2696) and tells whether the server gave everything: the last page came
// with success and an empty cookie. Anything else that ends the pages is an error or, with a limit, not complete.
func (r *Reader) readPages(ctx context.Context, s source, limit int, pages chan<- []*ldap.Entry) (bool, error) {
	size := r.page
	if limit > 0 {
		size = min(size, limit)
	}
	paging := ldap.NewControlPaging(uint32(size)) //nolint:gosec // a page size is small
	count := 0
	for n := 1; ; n++ {
		request := ldap.NewSearchRequest(r.settings.Connection.BaseDN, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0,
			r.settings.Connection.Timeout, false, s.filter, s.attributes(), []ldap.Control{paging})
		result, err := r.search(ctx, request, s.filterField)
		if err != nil {
			return false, fmt.Errorf("page %d: %w", n, err)
		}
		if len(result.Entries) > 0 {
			select {
			case pages <- result.Entries:
			case <-ctx.Done():
				return false, context.Cause(ctx)
			}
		}
		answer, ok := ldap.FindControl(result.Controls, ldap.ControlTypePaging).(*ldap.ControlPaging)
		if !ok {
			// A server that does not page has given what it pleases.
			return false, fmt.Errorf("page %d: %w: no paging control in the answer", n, errSequence)
		}
		if len(answer.Cookie) == 0 {
			return limit == 0 || count+len(result.Entries) <= limit, nil
		}
		count += len(result.Entries)
		if limit > 0 && count >= limit {
			return false, nil
		}
		if len(result.Entries) == 0 && n > maxEmptyPages {
			return false, fmt.Errorf("page %d: %w: they are empty", n, errSequence)
		}
		paging.SetCookie(answer.Cookie)
	}
}

// maxEmptyPages is how many pages without an entry are believed. Active Directory sends some where it filters.
const maxEmptyPages = 10_000
