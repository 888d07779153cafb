package directory

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// List streams objects in scope to each, which runs in the caller's goroutine. One page is read ahead while each works
// on another. What was read before an error has been given to each. A panic in each is the caller's; one in the reading is
// returned as an error that wraps a *recovered.Error, for the caller to log.
//
// An entry whose objectGUID cannot be read is passed over with a line in the log, so that it stops nobody else, and
// the listing is not complete. Where no entry has one, that is a problem.
func (r *Reader) List(ctx context.Context, q run.Query, each func(account.Object) error) (run.Listing, error) {
	var listing run.Listing
	if q.Kind != account.User && q.Kind != account.Group {
		return listing, fmt.Errorf("objects of kind %d are not listed", q.Kind)
	}
	if _, err := r.connect(ctx); err != nil {
		return listing, err
	}
	ctx, cancel := context.WithCancel(ctx)
	l := &lister{reader: r, source: r.source(q.Kind), query: q, pages: make(chan []account.Object)}
	var complete bool
	var err error
	go func() {
		defer close(l.pages)
		err = r.guarded(func() (err error) {
			complete, err = l.read(ctx)
			return err
		})
	}()
	defer func() { // whatever happens, nothing is left running
		cancel()
		for range l.pages { // until it is closed
		}
	}()
	for page := range l.pages {
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

// lister turns the pages of one listing into objects.
type lister struct {
	reader         *Reader
	source         source
	query          run.Query
	pages          chan []account.Object
	given, skipped int
}

// maxSkippedLines is how many objects that are passed over have a line each in the log.
const maxSkippedLines = 20

// errEnough ends the pages when the limit is reached and there is more.
var errEnough = errors.New("there is more than was asked for")

// read sends the objects of page after page and tells whether they are everything asked for: the last page came with
// success and an empty cookie, and every entry had an identity. Whatever else ends the pages is an error or, with a
// limit, not complete.
func (l *lister) read(ctx context.Context) (complete bool, err error) {
	size := l.reader.options.PageSize
	if l.source.members && !l.query.IDsOnly {
		size = min(size, groupsAtOnce)
	}
	if l.query.Limit > 0 { // one more tells whether there is more
		size = min(size, l.query.Limit+1)
	}
	for filter := range l.filters() {
		p := newPager(l.reader, size)
		p.base, p.filter, p.attributes = l.reader.settings.Connection.BaseDN, filter, l.attributes()
		if l.source.members && !l.query.IDsOnly {
			p.controls = []ldap.Control{extendedDN()}
		}
		switch err := p.read(ctx, l.take); {
		case errors.Is(err, errEnough):
			return false, nil
		case err != nil:
			c := l.reader.settings.Connection
			return false, fmt.Errorf("page %d: %w", p.number, stopped(ctx, listProblem(c, l.source.filterField, err)))
		}
	}
	if l.skipped > maxSkippedLines {
		l.reader.options.Logger.WarnContext(ctx, "more objects were passed over", "objects", l.skipped)
	}
	return l.skipped == 0, l.checkIDs()
}

// filters are those of the searches that make up the listing: one, but for objects by identity.
func (l *lister) filters() iter.Seq[string] {
	conditions := l.source.filter
	if l.query.Since > 0 {
		conditions += above(l.query.Since)
	}
	if len(l.query.Primary) > 0 {
		var any strings.Builder
		for _, rid := range l.query.Primary {
			any.WriteString("(primaryGroupID=" + strconv.FormatUint(uint64(rid), 10) + ")")
		}
		condition := "(|" + any.String() + ")"
		if l.query.ExcludePrimary {
			condition = "(!" + condition + ")"
		}
		conditions += condition
	}
	if l.query.Showing != 0 {
		var shown strings.Builder
		for _, f := range account.AllFields() {
			if name := l.source.fields[f]; l.query.Showing.Has(f) && name != "" {
				shown.WriteString("(" + name + "=*)")
			}
		}
		conditions += "(|" + shown.String() + ")"
	}
	if l.query.IDs == nil {
		return slices.Values([]string{"(&" + conditions + ")"})
	}
	return func(yield func(string) bool) {
		for some := range byIdentity(l.query.IDs) {
			if !yield("(&" + conditions + some + ")") {
				return
			}
		}
	}
}

// above is the condition that an object's change counter is above since.
func above(since int64) string { return "(uSNChanged>=" + strconv.FormatInt(since+1, 10) + ")" }

func (l *lister) attributes() []string {
	if l.query.IDsOnly {
		return append([]string{"objectGUID", "objectClass", "primaryGroupID"}, l.source.catalogue.attributes()...)
	}
	return l.source.attributes()
}

// take sends a page on.
func (l *lister) take(ctx context.Context, entries []*ldap.Entry) error {
	objects, err := l.objects(ctx, entries)
	if err != nil {
		return err
	}
	limit := l.query.Limit
	more := limit > 0 && l.given+len(objects) > limit
	if more {
		objects = objects[:limit-l.given]
	}
	l.given += len(objects)
	if len(objects) > 0 {
		select {
		case l.pages <- objects:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	if more {
		return errEnough
	}
	return nil
}

// objects turns entries into values. An entry without an identity is passed over, so that it stops nobody else; the
// listing is not complete then. Contacts are no users, though filters for persons find them: they are read where they are
// members of a group.
func (l *lister) objects(ctx context.Context, entries []*ldap.Entry) ([]account.Object, error) {
	objects := make([]account.Object, 0, len(entries))
	for _, e := range entries {
		o, err := l.source.object(e)
		if errors.Is(err, errNoIdentity) {
			if l.skipped++; l.skipped <= maxSkippedLines {
				l.reader.options.Logger.WarnContext(ctx, "an object is passed over", "error", err, "entry", l.reader.masker.text(e.DN))
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		if o.Kind == account.Contact && l.query.Kind == account.User {
			continue
		}
		if l.source.members && !l.query.IDsOnly {
			if err := l.reader.members(ctx, e, &o); err != nil {
				return nil, err
			}
		}
		objects = append(objects, o)
	}
	return objects, nil
}

// checkIDs is the problem of a server that shows entries and not one identity.
func (l *lister) checkIDs() error {
	if l.given > 0 || l.skipped == 0 {
		return nil
	}
	c := l.reader.settings.Connection
	return resource.NewProblem("bind_dn", "no_identity", errNoIdentity, "Account", c.BindDN, "Host", c.Host)
}
