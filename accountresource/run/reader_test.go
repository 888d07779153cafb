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
	doubtful bool                 // asking for objects by identity does not come to its end, without an error
	partial  bool                 // a listing ends well and says that it is not complete
	unwhole  func(run.Query) bool // says of a listing that it ends like that
	probeErr error
	listErr  error                // after all objects
	between  func(n int)          // called before the n-th object is given
	context  context.Context      // of the listing that is going on
	settings resource.Settings    // what the reader was opened with
	closed   int                  // how often a reader was closed
	asked    []account.ObjectKind // kinds that were listed as a whole
	queries  int                  // how many listings of any sort there were

	// invocation is the server's database; with none a run reads everything. usn is its counter.
	invocation string
	reached    string // where it was reached
	usn        int64
	tombstones bool
	tombless   bool                // the container of deleted objects is shown, and nothing in it
	listings   int                 // of identities
	touched    []run.ChangedObject // besides the objects that are there: tombstones, containers
	touchErr   error
}

func (p *people) open(s resource.Settings) (run.Reader, error) {
	p.settings = s
	return &peopleReader{p}, nil
}

// touch has something else change.
func (p *people) touch(t run.ChangedObject) {
	p.usn++
	p.touched = append(p.touched, t)
}

type peopleReader struct{ *people }

func (r *peopleReader) Probe(context.Context) (run.Probe, error) {
	p := run.Probe{Server: "dc1.corp.example", Follows: r.invocation != "", Invocation: r.invocation, Reached: r.reached, HighestUSN: r.usn, Tombstones: r.tombstones}
	return p, r.probeErr
}

func (r *peopleReader) List(ctx context.Context, q run.Query, each func(account.Object) error) (run.Listing, error) {
	if q.IDs == nil && !q.IDsOnly && q.Since == 0 {
		r.asked = append(r.asked, q.Kind)
	}
	r.queries++
	if q.IDsOnly && q.IDs == nil && q.Limit == 0 && q.Primary == nil {
		r.listings++
	}
	r.context = ctx
	var listing run.Listing
	objects := r.objects
	if q.IDs != nil {
		objects = slices.Concat(r.objects, r.hiding)
	}
	for i, o := range objects {
		if isGroup := o.Kind == account.Group; isGroup != (q.Kind == account.Group) || !wanted(q, o) {
			continue
		}
		if q.Limit > 0 && listing.Count == q.Limit {
			return listing, nil
		}
		if r.between != nil {
			r.between(i)
		}
		if err := ctx.Err(); err != nil {
			return listing, err
		}
		if q.IDsOnly {
			o = account.Object{ID: o.ID, Primary: o.Primary}
		}
		if err := each(o); err != nil {
			return listing, err
		}
		listing.Count++
	}
	if q.IDs != nil {
		listing.Complete = r.scopeErr == nil && !r.doubtful
		return listing, r.scopeErr
	}
	if r.listErr != nil {
		return listing, r.listErr
	}
	listing.Complete = !r.partial && (r.unwhole == nil || !r.unwhole(q))
	return listing, nil
}

func wanted(q run.Query, o account.Object) bool {
	if len(q.Primary) > 0 && slices.Contains(q.Primary, o.Primary) == q.ExcludePrimary {
		return false
	}
	if q.Showing != 0 && !o.Profile.HasAny(q.Showing) {
		return false
	}
	return (q.Since == 0 || o.USN > q.Since) && (q.IDs == nil || slices.Contains(q.IDs, o.ID))
}

func (r *peopleReader) Changed(_ context.Context, since int64) (touched []run.ChangedObject, err error) {
	r.queries++
	for _, o := range slices.Concat(r.objects, r.outside) {
		if o.USN > since {
			touched = append(touched, run.ChangedObject{ID: o.ID, Kind: o.Kind})
		}
	}
	for _, t := range r.touched {
		if !t.Deleted || r.tombstones && !r.tombless {
			touched = append(touched, t)
		}
	}
	return touched, r.touchErr
}

func (r *peopleReader) LookUp(_ context.Context, ids []account.SourceID) (found []account.Object, err error) {
	for _, o := range slices.Concat(r.outside, r.objects, r.hiding) {
		if slices.Contains(ids, o.ID) {
			found = append(found, o)
		}
	}
	return found, nil
}

func (r *peopleReader) GroupsOf(_ context.Context, objects []account.Object) (groups []account.Object, err error) {
	r.queries++
	for _, g := range slices.Concat(r.objects, r.hiding, r.outside) {
		holds := func(o account.Object) bool {
			return slices.Contains(g.Members, o.ID) || g.Primary != 0 && g.Primary == o.Primary || g.Manager == o.ID
		}
		if g.Kind == account.Group && slices.ContainsFunc(objects, holds) {
			groups = append(groups, account.Object{ID: g.ID, DN: g.DN})
		}
	}
	return groups, nil
}

func (r *peopleReader) HasNeighbours(_ context.Context, dns []string) (map[string]bool, error) {
	found := make(map[string]bool)
	for _, dn := range dns {
		found[dn] = true
	}
	return found, nil
}

func (r *peopleReader) Close() error {
	r.closed++
	return nil
}
