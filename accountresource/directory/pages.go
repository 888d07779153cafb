package directory

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"

	"github.com/go-ldap/ldap/v3"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
)

// maxEmptyPages is how many pages without an entry are believed in a row. Active Directory sends some where its time
// for a page is over before anything matched.
const maxEmptyPages = 100

// pager reads the pages of one listing.
type pager struct {
	reader *Reader
	source source
	limit  int // 0: none
	paging paging

	given, skipped, empty int
	hash                  maphash.Hash
	seen                  map[uint64]struct{} // pages with their cookies, a few bytes for each
}

func (r *Reader) pager(kind account.ObjectKind, limit int) *pager {
	p := &pager{reader: r, source: r.source(kind), limit: limit, seen: make(map[uint64]struct{})}
	p.paging.size = r.options.PageSize
	if p.source.members {
		p.paging.size = min(p.paging.size, groupsAtOnce)
	}
	if limit > 0 { // one more tells whether there is more
		p.paging.size = min(p.paging.size, limit+1)
	}
	return p
}

// read sends the objects of page after page and tells whether they are everything in scope: the last page came with
// success and an empty cookie, and every entry had an identity. Whatever else ends the pages is an error or, with a
// limit, not complete.
func (p *pager) read(ctx context.Context, pages chan<- []account.Object) (complete bool, err error) {
	for n := 1; ; n++ {
		entries, err := p.page(ctx)
		if err != nil {
			err = stopped(ctx, listProblem(p.reader.settings.Connection, p.source.filterField, err))
			return false, fmt.Errorf("page %d: %w", n, err)
		}
		objects, err := p.objects(ctx, entries)
		if err != nil {
			err = stopped(ctx, requestProblem(p.reader.settings.Connection, err))
			return false, fmt.Errorf("page %d: %w", n, err)
		}
		more := p.limit > 0 && p.given+len(objects) > p.limit
		if more {
			objects = objects[:p.limit-p.given]
		}
		p.given += len(objects)
		if len(objects) > 0 {
			select {
			case pages <- objects:
			case <-ctx.Done():
				return false, context.Cause(ctx)
			}
		}
		if more {
			return false, nil
		}
		if len(p.paging.cookie) == 0 {
			return p.skipped == 0, p.faceless()
		}
	}
}

// page asks for the next page, and takes the cookie for the one behind it.
func (p *pager) page(ctx context.Context) ([]*ldap.Entry, error) {
	result, err := p.reader.search(ctx, &ldap.SearchRequest{
		BaseDN: p.reader.settings.Connection.BaseDN, Scope: ldap.ScopeWholeSubtree, Filter: p.source.filter,
		Attributes: p.source.attributes(), Controls: p.controls(),
	})
	if err != nil {
		return nil, err
	}
	answer, ok := ldap.FindControl(result.Controls, ldap.ControlTypePaging).(*ldap.ControlPaging)
	if !ok {
		return nil, fmt.Errorf("%w: no paging control", errSequence)
	}
	p.paging.cookie = answer.Cookie
	return result.Entries, p.follows(result.Entries)
}

func (p *pager) controls() []ldap.Control {
	if p.source.members {
		return []ldap.Control{&p.paging, extendedDN()}
	}
	return []ldap.Control{&p.paging}
}

// follows refuses pages that lead nowhere. A cookie may well repeat, Samba's does; the same cookie with the same
// entries is a circle.
func (p *pager) follows(entries []*ldap.Entry) error {
	if len(p.paging.cookie) == 0 {
		return nil
	}
	if len(entries) == 0 {
		if p.empty++; p.empty > maxEmptyPages {
			return fmt.Errorf("%w: %d empty pages", errSequence, p.empty)
		}
		return nil
	}
	p.empty = 0
	p.hash.Reset()
	_, _ = p.hash.Write(p.paging.cookie) // never fails, nor does the next
	for _, e := range entries {
		_, _ = p.hash.WriteString("\x00" + e.DN)
	}
	sum := p.hash.Sum64()
	if _, again := p.seen[sum]; again {
		return fmt.Errorf("%w: a page came twice", errSequence)
	}
	p.seen[sum] = struct{}{}
	return nil
}

// objects turns entries into values. An entry without an identity is passed over, so that it stops nobody else; the
// listing is not complete then.
func (p *pager) objects(ctx context.Context, entries []*ldap.Entry) ([]account.Object, error) {
	objects := make([]account.Object, 0, len(entries))
	for _, e := range entries {
		o, err := p.source.object(e)
		if errors.Is(err, errNoIdentity) {
			p.skipped++
			p.reader.options.Logger.WarnContext(ctx, "an object is passed over", "error", err)
			continue
		}
		if err != nil {
			return nil, err
		}
		if p.source.members {
			if err := p.reader.members(ctx, e, &o); err != nil {
				return nil, err
			}
		}
		objects = append(objects, o)
	}
	return objects, nil
}

// faceless is the problem of a server that shows entries and not one identity.
func (p *pager) faceless() error {
	if p.given > 0 || p.skipped == 0 {
		return nil
	}
	c := p.reader.settings.Connection
	return resource.NewProblem("bind_dn", "no_identity", errNoIdentity, "Account", c.BindDN, "Host", c.Host)
}
