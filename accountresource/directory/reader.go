package directory

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// pageSize is what Windows answers at most (MaxPageSize).
const pageSize = 1000

// Reader reads one directory over one connection, which is made by the first request. It is for one run and not safe
// for concurrent use.
type Reader struct {
	settings resource.Settings
	page     int
	conn     *ldap.Conn
}

var _ run.Reader = (*Reader)(nil)

// Open makes a reader; it does not connect yet.
func Open(s resource.Settings) (run.Reader, error) { return &Reader{settings: s, page: pageSize}, nil }

// OpenPaged makes a reader that asks for pages of another size, at least 1.
func OpenPaged(s resource.Settings, size int) (*Reader, error) {
	if size < 1 {
		return nil, fmt.Errorf("pages of %d entries", size)
	}
	return &Reader{settings: s, page: size}, nil
}

// connect dials and binds.
func (r *Reader) connect(ctx context.Context) error {
	if r.conn != nil {
		return nil
	}
	c := r.settings.Connection
	if c.BindPassword.IsZero() {
		// It would be an anonymous bind, which succeeds and shows nothing.
		return resource.NewProblem("bind_password", "password_required", nil)
	}
	conn, err := dial(ctx, c)
	if err != nil {
		return err
	}
	stop := closeWith(ctx, conn)
	err = conn.Bind(c.BindDN, c.BindPassword.Reveal())
	stop()
	if err != nil {
		_ = conn.Close() // the bind's error is the one that counts
		return stopped(ctx, bindProblem(c, err))
	}
	r.conn = conn
	return nil
}

// closeWith ends the connection when ctx does, so that nothing waits for an answer any more.
func closeWith(ctx context.Context, conn *ldap.Conn) (stop func() bool) {
	return context.AfterFunc(ctx, func() { _ = conn.Close() })
}

// stopped is why ctx ended, where it did: the connection's error is only what that looks like from here.
func stopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// search sends one request.
func (r *Reader) search(ctx context.Context, request *ldap.SearchRequest, field string) (*ldap.SearchResult, error) {
	defer closeWith(ctx, r.conn)()
	result, err := r.conn.Search(request)
	if err != nil {
		return nil, stopped(ctx, searchProblem(r.settings.Connection, field, err))
	}
	return result, nil
}

// base reads one entry.
func (r *Reader) base(ctx context.Context, dn string, attributes ...string) (*ldap.Entry, error) {
	result, err := r.search(ctx, ldap.NewSearchRequest(dn, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 0,
		r.settings.Connection.Timeout, false, "(objectClass=*)", attributes, nil), "")
	if err != nil {
		return nil, err
	}
	if len(result.Entries) != 1 {
		return nil, fmt.Errorf("read %q: %d entries", dn, len(result.Entries))
	}
	return result.Entries[0], nil
}

// Close ends the connection.
func (r *Reader) Close() error {
	if r.conn == nil {
		return nil
	}
	err := r.conn.Close()
	r.conn = nil
	return err
}

// CheckSyntax finds mistakes in settings that need no server to be seen.
func CheckSyntax(s resource.Settings) resource.Problems {
	var problems resource.Problems
	c := s.Connection
	if strings.ContainsAny(c.Host, "/:@ <>\"'\\") && strings.Count(c.Host, ":") < 2 || strings.Contains(c.Host, "//") {
		problems = append(problems, resource.NewProblem("host", "host_syntax", nil))
	}
	if _, err := ldap.ParseDN(c.BaseDN); err != nil && c.BaseDN != "" {
		problems = append(problems, resource.NewProblem("base_dn", "base_syntax", err, "BaseDN", c.BaseDN))
	}
	if _, err := authorities(c); err != nil {
		problems = append(problems, resource.ProblemsOf(err)...)
	}
	for field, filter := range map[string]string{"user_filter": s.Users.Filter, "group_filter": s.Groups.Filter} {
		if _, err := ldap.CompileFilter(filter); err != nil && filter != "" {
			problems = append(problems, resource.NewProblem(field, "filter_syntax", err))
		}
	}
	return problems
}

// errSequence is what makes a listing not complete although the server said that all went well.
var errSequence = errors.New("the server's pages do not follow each other")

// source is where a kind of object is found, and which attribute is what.
type source struct {
	filter, filterField string
	mail, status        string
	fields              map[account.Field]string
}

func (r *Reader) source(kind account.ObjectKind) source {
	if kind == account.Group {
		g := &r.settings.Groups
		s := source{filter: g.Filter, filterField: "group_filter", mail: g.Mail, fields: map[account.Field]string{}}
		if g.Name != "" {
			s.fields[account.Name] = g.Name
		}
		return s
	}
	u := &r.settings.Users
	s := source{
		filter: u.Filter, filterField: "user_filter", mail: u.Mail, status: u.Status, fields: map[account.Field]string{},
	}
	for _, f := range account.AllFields() {
		if name := u.Attribute(f); name != "" {
			s.fields[f] = name
		}
	}
	return s
}
