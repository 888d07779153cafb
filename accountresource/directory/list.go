package directory

import (
	"context"
	"fmt"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// List streams the objects of the kind in scope, User or Group, to each, which runs in the caller's goroutine. One
// page is read ahead while each works on another. What was read before an error has been given to each.
//
// An entry whose objectGUID cannot be read is passed over with a line in the log, so that it stops nobody else, and
// the listing is not complete. Where no entry has one, that is a problem.
func (r *Reader) List(
	ctx context.Context, kind account.ObjectKind, limit int, each func(account.Object) error,
) (run.Listing, error) {
	var listing run.Listing
	if kind != account.User && kind != account.Group {
		return listing, fmt.Errorf("objects of kind %d are not listed", kind)
	}
	if _, err := r.connect(ctx); err != nil {
		return listing, err
	}
	ctx, cancel := context.WithCancel(ctx)
	pages := make(chan []account.Object)
	var complete bool
	var err error
	go func() {
		defer close(pages)
		complete, err = r.pager(kind, limit).read(ctx, pages)
	}()
	defer func() { // whatever happens, nothing is left running
		cancel()
		for range pages { // until it is closed
		}
	}()
	for page := range pages {
		for _, o := range page {
			if err := each(o); err != nil {
				return listing, err
			}
			listing.Count++
		}
	}
	listing.Complete = complete && err == nil
	return listing, err
}
