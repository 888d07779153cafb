package run_test

import (
	"context"
	"slices"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// people is a directory that is a list of objects.
type people struct {
	objects  []account.Object
	outside  []account.Object // found by LookUp only
	hiding   []account.Object // in scope, though a listing leaves them out
	scopeErr error
	partial  bool // a listing ends well and says that it is not complete
	probeErr error
	listErr  error                // after all objects
	between  func(n int)          // called before the n-th object is given
	context  context.Context      // of the listing that is going on
	settings resource.Settings    // what the reader was opened with
	closed   int                  // how often a reader was closed
	asked    []account.ObjectKind // kinds listed
}

func (p *people) open(s resource.Settings) (run.Reader, error) {
	p.settings = s
	return &peopleReader{p}, nil
}

type peopleReader struct{ *people }

func (r *peopleReader) Probe(context.Context) (run.Probe, error) {
	return run.Probe{Server: "dc1.corp.example"}, r.probeErr
}

func (r *peopleReader) List(
	ctx context.Context, kind account.ObjectKind, limit int, each func(account.Object) error,
) (run.Listing, error) {
	r.asked, r.context = append(r.asked, kind), ctx
	var listing run.Listing
	for i, o := range r.objects {
		if isGroup := o.Kind == account.Group; isGroup != (kind == account.Group) {
			continue
		}
		if limit > 0 && listing.Count == limit {
			return listing, nil
		}
		if r.between != nil {
			r.between(i)
		}
		if err := ctx.Err(); err != nil {
			return listing, err
		}
		if err := each(o); err != nil {
			return listing, err
		}
		listing.Count++
	}
	if r.listErr != nil {
		return listing, r.listErr
	}
	listing.Complete = !r.partial
	return listing, nil
}

func (r *peopleReader) LookUp(_ context.Context, ids []account.SourceID) (found []account.Object, err error) {
	for _, o := range r.outside {
		if slices.Contains(ids, o.ID) {
			found = append(found, o)
		}
	}
	return found, nil
}

func (r *peopleReader) InScope(
	_ context.Context, _ account.ObjectKind, ids []account.SourceID,
) (present []account.SourceID, err error) {
	for _, o := range append(r.objects, r.hiding...) {
		if slices.Contains(ids, o.ID) {
			present = append(present, o.ID)
		}
	}
	return present, r.scopeErr
}

func (r *peopleReader) Close() error {
	r.closed++
	return nil
}
