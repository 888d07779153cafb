package openldap

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"
	"golang.org/x/sync/errgroup"

	"github.com/mailpanel/account-resource/accountresource/recovered"
)

// pageSize keeps below the limit of 500 entries that slapd has for one answer unless told otherwise.
const pageSize = 500

// listChunk is how many addresses stand in one filter.
const listChunk = 100

// entry reads one entry; nil where there is none.
func (b *Backend) entry(ctx context.Context, dn string, attributes ...string) (found *ldap.Entry, err error) {
	err = b.pool.use(ctx, func(conn *ldap.Conn) error {
		result, err := conn.Search(&ldap.SearchRequest{
			BaseDN: dn, Scope: ldap.ScopeBaseObject, Filter: "(objectClass=*)", Attributes: attributes,
		})
		switch {
		case code(err, ldap.LDAPResultNoSuchObject):
			return nil
		case err != nil:
			return err
		}
		if len(result.Entries) > 0 {
			found = result.Entries[0]
		}
		return nil
	})
	return found, err
}

// pages reads the entries below base page by page. The next page is on its way while each works on one, which must not keep the
// connection waiting for ever.
func (b *Backend) pages(
	ctx context.Context, base, filter string, attributes []string, each func([]*ldap.Entry) error,
) error {
	return b.pool.use(ctx, func(conn *ldap.Conn) (err error) {
		ctx, cancel := context.WithCancel(ctx)
		reading, read := errgroup.Group{}, make(chan []*ldap.Entry)
		defer func() { // also where each panics: nobody else may use the connection before
			cancel()
			err = cmp.Or(err, reading.Wait())
		}()
		reading.Go(recovered.Func(func() error {
			defer close(read)
			for cookie := []byte(nil); ; {
				entries, next, err := page(conn, &ldap.SearchRequest{
					BaseDN: base, Scope: ldap.ScopeWholeSubtree, Filter: filter, Attributes: attributes,
				}, cookie)
				if err != nil {
					return err
				}
				select {
				case read <- entries:
				case <-ctx.Done():
					return context.Cause(ctx)
				}
				if cookie = next; len(cookie) == 0 {
					return nil
				}
			}
		}))
		for entries := range read {
			if err := each(entries); err != nil {
				return err
			}
		}
		return nil
	})
}

// page reads one page of a search, and returns the cookie of the next; none is empty.
func page(conn *ldap.Conn, request *ldap.SearchRequest, cookie []byte) (entries []*ldap.Entry, next []byte, err error) {
	paging := ldap.NewControlPaging(pageSize)
	paging.SetCookie(cookie)
	request.Controls = []ldap.Control{paging}
	result, err := conn.Search(request)
	if err != nil {
		return nil, nil, err
	}
	if answer, ok := ldap.FindControl(result.Controls, ldap.ControlTypePaging).(*ldap.ControlPaging); ok {
		next = answer.Cookie
	}
	return result.Entries, next, nil
}

// find reads all the entries below base in which one of the attributes has one of the values.
func (b *Backend) find(
	ctx context.Context, base string, values []string, keys, attributes []string,
) (found []*ldap.Entry, err error) {
	seen := make(map[string]bool)
	for part := range slices.Chunk(values, listChunk) {
		err := b.pages(ctx, base, anyOf(keys, part), attributes, func(entries []*ldap.Entry) error {
			for _, e := range entries {
				if !seen[e.DN] {
					seen[e.DN] = true
					found = append(found, e)
				}
			}
			return nil
		})
		if err != nil && !code(err, ldap.LDAPResultNoSuchObject) {
			return nil, err
		}
	}
	return found, nil
}

// anyOf is the filter for entries in which one of the attributes has one of the values.
func anyOf(attributes, values []string) string {
	var filter strings.Builder
	filter.WriteString("(|")
	for _, a := range attributes {
		for _, v := range values {
			filter.WriteString("(" + a + "=" + ldap.EscapeFilter(v) + ")")
		}
	}
	filter.WriteString(")")
	return filter.String()
}

// anyPresent is the filter for entries that have one of the attributes.
func anyPresent(attributes []string) string {
	return "(|(" + strings.Join(attributes, "=*)(") + "=*))"
}

func isClass(e *ldap.Entry, class string) bool {
	return slices.ContainsFunc(e.GetEqualFoldAttributeValues("objectClass"), func(c string) bool {
		return strings.EqualFold(c, class)
	})
}

func lowered(values []string) []string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = strings.ToLower(v)
	}
	return all
}

func hostOf(uri string) string {
	parsed, err := url.Parse(uri)
	if err != nil {
		return ""
	}
	return parsed.Hostname()
}
