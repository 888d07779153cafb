package directory

import (
	"context"
	"errors"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// errNotThere is the answer of a server that hides what one may not read.
var errNotThere = errors.New("no such entry")

// search sends one request and gives the server's answer or its error. An answer of more than most entries is refused.
// Aliases are never dereferenced, and references to other servers neither followed nor taken for entries.
func (r *Reader) search(ctx context.Context, most int, request *ldap.SearchRequest) (*ldap.SearchResult, error) {
	conn, err := r.connect(ctx)
	if err != nil {
		return nil, err
	}
	return conn.search(ctx, most, request)
}

// search is Reader.search on a connection that there is.
func (c *connection) search(ctx context.Context, most int, request *ldap.SearchRequest) (*ldap.SearchResult, error) {
	request.DerefAliases, request.TimeLimit = ldap.NeverDerefAliases, serverSeconds(c.timeout)
	var result *ldap.SearchResult
	err := c.do(ctx, func(l *ldap.Conn) (err error) {
		c.tap.ask(most)
		result, err = l.Search(request)
		return err
	})
	if err != nil {
		return nil, err
	}
	result.Entries = append(c.tap.drain(), result.Entries...)
	return result, nil
}

// serverSeconds is the time limit for the server, in whole seconds: below the time that is waited for its answer, so that a
// server that gives up says so instead of being cut off. There is no less than one.
func serverSeconds(patience time.Duration) int {
	seconds := int(patience / time.Second)
	return max(1, seconds-max(1, seconds/10))
}

// entry reads one entry.
func (r *Reader) entry(ctx context.Context, dn string, attributes ...string) (*ldap.Entry, error) {
	result, err := r.search(ctx, 1, &ldap.SearchRequest{
		BaseDN: dn, Scope: ldap.ScopeBaseObject, Filter: "(objectClass=*)", Attributes: attributes,
	})
	if err != nil {
		return nil, err
	}
	if len(result.Entries) != 1 {
		return nil, errNotThere
	}
	return result.Entries[0], nil
}

// hidden reports whether the error is a server's answer that this account may not see something, rather than that
// nobody answered.
func hidden(err error) bool {
	_, answered := answerOf(err)
	return answered || errors.Is(err, errNotThere)
}
