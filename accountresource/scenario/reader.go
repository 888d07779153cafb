package scenario

import (
	"context"
	"slices"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// Open makes a reader of the directory; it is the OpenReader of a run's configuration.
func (d *Directory) Open(resource.Settings) (run.Reader, error) { return reader{d}, nil }

type reader struct{ *Directory }

func (r reader) Probe(context.Context) (run.Probe, error) {
	p := run.Probe{Server: "dc1.corp.example", Follows: r.Counts, Tombstones: r.Tombstones}
	if r.Counts {
		p.Invocation, p.HighestUSN = "dc1", r.usn
	}
	return p, nil
}

func (r reader) List(ctx context.Context, q run.Query, each func(account.Object) error) (listing run.Listing, err error) {
	for i := range r.entries {
		e := &r.entries[i]
		if !e.answers(q) {
			continue
		}
		if q.Limit > 0 && listing.Count == q.Limit {
			return listing, nil
		}
		if err = ctx.Err(); err != nil {
			return listing, err
		}
		o := e.Object
		o.Mail, o.Members = slices.Clone(o.Mail), slices.Clone(o.Members)
		if q.IDsOnly {
			o = account.Object{ID: o.ID, Primary: o.Primary}
		}
		if err = each(o); err != nil {
			return listing, err
		}
		listing.Count++
	}
	listing.Complete = q.IDs != nil || !r.partial
	return listing, nil
}

// answers reports whether the object is one that a query asks for. One that listings pass over is found by its identity.
func (e *entry) answers(q run.Query) bool {
	switch {
	case e.Kind != q.Kind, e.place != inScope && (e.place != passedOver || q.IDs == nil):
		return false
	case len(q.Primary) > 0 && slices.Contains(q.Primary, e.Primary) == q.ExcludePrimary:
		return false
	}
	if q.Showing != 0 && !e.Profile.HasAny(q.Showing) {
		return false
	}
	return (q.Since == 0 || e.USN > q.Since) && (q.IDs == nil || slices.Contains(q.IDs, e.ID))
}

func (r reader) Changed(_ context.Context, since int64) (touched []run.ChangedObject, err error) {
	for i := range r.entries {
		if e := &r.entries[i]; e.place != gone && e.USN > since {
			touched = append(touched, run.ChangedObject{ID: e.ID, Kind: e.Kind})
		}
	}
	for _, t := range r.deleted {
		if r.Tombstones && t.usn > since {
			touched = append(touched, t.ChangedObject)
		}
	}
	return touched, nil
}

func (r reader) LookUp(_ context.Context, ids []account.SourceID) (found []account.Object, err error) {
	for i := range r.entries {
		if e := &r.entries[i]; e.place != gone && slices.Contains(ids, e.ID) {
			found = append(found, e.Object)
		}
	}
	return found, nil
}

func (r reader) GroupsOf(_ context.Context, objects []account.Object) (groups []account.Object, err error) {
	for i := range r.entries {
		g := &r.entries[i]
		holds := func(o account.Object) bool {
			return slices.Contains(g.Members, o.ID) || g.Primary != 0 && g.Primary == o.Primary || g.Manager == o.ID
		}
		if g.Kind == account.Group && g.place != gone && slices.ContainsFunc(objects, holds) {
			groups = append(groups, account.Object{ID: g.ID, DN: g.DN})
		}
	}
	return groups, nil
}

// HasNeighbours says yes: objects are in no units here.
func (r reader) HasNeighbours(_ context.Context, dns []string) (map[string]bool, error) {
	found := make(map[string]bool)
	for _, dn := range dns {
		found[dn] = true
	}
	return found, nil
}

func (reader) Close() error { return nil }
