package directory

import (
	"context"
	"fmt"
	"hash/maphash"

	"github.com/go-ldap/ldap/v3"
)

// maxEmptyPages is how many pages without an entry are believed in a row. Active Directory sends some where its time
// for a page is over before anything matched.
const maxEmptyPages = 100

// pager reads the pages of one search below a base.
type pager struct {
	reader       *Reader
	base, filter string
	scope        int
	attributes   []string
	controls     []ldap.Control // besides paging
	paging       paging

	number int // of the page that is being read, from 1
	empty  int
	listed int // entries so far
	hash   maphash.Hash
	seen   map[uint64]struct{} // pages with their cookies, a few bytes for each
}

func newPager(r *Reader, size int) *pager {
	return &pager{reader: r, scope: ldap.ScopeWholeSubtree, paging: paging{size: size}, seen: make(map[uint64]struct{})}
}

// read gives page after page to take, and stops with its error. Without an error the pages were everything: the last
// one came with success and an empty cookie.
func (p *pager) read(ctx context.Context, take func(context.Context, []*ldap.Entry) error) error {
	for p.number = 1; ; p.number++ {
		entries, err := p.page(ctx)
		if err != nil {
			return err
		}
		if p.listed += len(entries); p.listed > p.reader.options.MaxListed {
			return tooManyListed(p.reader.options.MaxListed)
		}
		if err := take(ctx, entries); err != nil {
			return err
		}
		if len(p.paging.cookie) == 0 {
			return nil
		}
	}
}

// page asks for the next page, and takes the cookie for the one behind it.
func (p *pager) page(ctx context.Context) ([]*ldap.Entry, error) {
	result, err := p.reader.search(ctx, p.paging.size, &ldap.SearchRequest{
		BaseDN: p.base, Scope: p.scope, Filter: p.filter, Attributes: p.attributes,
		Controls: append([]ldap.Control{&p.paging}, p.controls...),
	})
	if code, _ := answerOf(err); p.number > 1 && refusedPage[code] {
		return nil, fmt.Errorf("%w: the page was refused: %w", errSequence, err)
	}
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

// refusedPage are the answers to a cookie that a server does not know any more. On the first page they mean something else.
var refusedPage = map[uint16]bool{
	ldap.LDAPResultUnavailableCriticalExtension: true, ldap.LDAPResultProtocolError: true, ldap.LDAPResultUnwillingToPerform: true,
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
