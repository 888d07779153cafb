package sqldb

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/Masterminds/squirrel"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/dialect"
	"github.com/mailpanel/account-resource/backends"
)

const (
	readChunk = 5000 // rows read at once
	listChunk = 500  // values in a list, and cases of a CASE, whose cost grows with the square
)

// source is a table that holds addresses.
type source struct {
	table, key string
	columns    []string
	where      []squirrel.Sqlizer
	scan       func(func(...any) error) (account.Account, error)
}

// Accounts streams mailboxes, then aliases, then addresses that something else has taken.
func (b *Backend) Accounts(
	ctx context.Context, domain string, q backends.Query,
) iter.Seq2[account.Account, error] {
	if q.Homes != nil {
		return backends.Stream(func() ([]account.Account, error) { return b.housed(ctx, q.Homes) })
	}
	return func(yield func(account.Account, error) bool) {
		roles, err := b.roles(ctx)
		if err != nil {
			yield(account.Account{}, fmt.Errorf("read the administrators: %w", err))
			return
		}
		only := q.Addresses
		if q.Having != nil {
			if only, err = b.having(ctx, domain, q.Having); err != nil {
				yield(account.Account{}, fmt.Errorf("look for the aliases of %d members: %w", len(q.Having), err))
				return
			}
		}
		seen := make(map[string]struct{})
		for _, s := range b.sources(domain) {
			for chunk, err := range b.chunks(ctx, s, domain, only) {
				if err == nil && q.Members {
					err = b.members(ctx, chunk)
				}
				if err != nil {
					yield(account.Account{}, fmt.Errorf("read the accounts of %s: %w", domain, err))
					return
				}
				for i := range chunk {
					a := &chunk[i]
					if _, again := seen[a.Address]; again {
						continue
					}
					seen[a.Address] = struct{}{}
					a.Role = max(a.Role, roles[a.Address])
					if !yield(*a, nil) {
						return
					}
				}
			}
		}
	}
}

func (b *Backend) sources(domain string) []source {
	reserved := func(table string, where ...squirrel.Sqlizer) source {
		return source{
			table: table, key: "address", columns: []string{"address"}, where: where,
			scan: func(scan func(...any) error) (a account.Account, err error) {
				a.Kind = account.Reserved
				return a, scan(&a.Address)
			},
		}
	}
	return []source{
		b.mailboxes(),
		{
			table: "alias", key: "address", columns: []string{"address", "name", "active", b.made()},
			scan: func(scan func(...any) error) (a account.Account, err error) {
				a.Kind = account.Alias
				return a, scan(&a.Address, &a.Profile[account.Name], &a.Active, &a.Made)
			},
		},
		reserved("maillists"),
		// Additional addresses and the like. A mailbox's row to itself takes nothing that the mailbox does not, and
		// the bare domain is its catch-all.
		reserved("forwardings", squirrel.NotEq{"address": domain},
			squirrel.Expr("NOT (is_forwarding = 1 AND address = forwarding)")),
	}
}

func (b *Backend) mailboxes() source {
	s := source{table: "mailbox", key: "username", columns: []string{
		"username", "active", "isadmin", "isglobaladmin", "storagebasedirectory", "storagenode", "maildir", "''",
	}}
	if b.mailbox.has("created") {
		s.columns[len(s.columns)-1] = b.made()
	}
	var fields []account.Field
	for _, f := range account.AllFields() {
		if name := fieldColumns[f]; b.mailbox.has(name) {
			fields = append(fields, f)
			s.columns = append(s.columns, name)
		}
	}
	s.scan = func(scan func(...any) error) (a account.Account, err error) {
		var admin, global bool
		var base, node, maildir string
		into := []any{&a.Address, &a.Active, &admin, &global, &base, &node, &maildir, &a.Made}
		for _, f := range fields {
			into = append(into, &a.Profile[f])
		}
		err = scan(into...)
		a.Kind, a.Home = account.Mailbox, homeOf(base, node, maildir)
		switch {
		case global:
			a.Role = account.GlobalAdmin
		case admin:
			a.Role = account.DomainAdmin
		}
		return a, err
	}
	return s
}

// made is the time in the column created as Account.Made has it. The server writes it out: drivers differ in what they make
// of a time, and of its zone.
func (b *Backend) made() string {
	switch b.dialect.Name {
	case dialect.MySQL:
		return "COALESCE(DATE_FORMAT(created, '%Y-%m-%d %H:%i:%s'), '')"
	case dialect.Postgres:
		return "COALESCE(TO_CHAR(created, 'YYYY-MM-DD HH24:MI:SS'), '')"
	}
	return "COALESCE(SUBSTR(created, 1, 19), '')"
}

// chunks reads the rows of a source in pieces, so that no rows are open while the caller works: all of the domain in
// the order of the key, or those of a list.
func (b *Backend) chunks(
	ctx context.Context, s source, domain string, only []string,
) iter.Seq2[[]account.Account, error] {
	read := func(where squirrel.Sqlizer, limit uint64) ([]account.Account, string, error) {
		q := b.sql.Select(s.columns...).Distinct().From(s.table).Where(squirrel.Eq{"domain": domain}).Where(where).
			OrderBy(s.key).Limit(limit)
		for _, w := range s.where {
			q = q.Where(w)
		}
		chunk, err := query(ctx, b.db, q, s.scan)
		if err != nil || len(chunk) == 0 {
			return nil, "", err
		}
		last := chunk[len(chunk)-1].Address
		for i := range chunk {
			chunk[i].Address = strings.ToLower(chunk[i].Address)
		}
		return chunk, last, nil
	}
	return func(yield func([]account.Account, error) bool) {
		if only != nil {
			for list := range slices.Chunk(only, listChunk) {
				if chunk, _, err := read(b.in(s.key, list), listChunk*2); !yield(chunk, err) || err != nil {
					return
				}
			}
			return
		}
		for last, more := "", true; more; {
			chunk, end, err := read(squirrel.Gt{s.key: last}, readChunk)
			if !yield(chunk, err) || err != nil {
				return
			}
			last, more = end, len(chunk) == readChunk
		}
	}
}

// roles are the administrators that the table of domain administrators names.
func (b *Backend) roles(ctx context.Context) (map[string]account.Role, error) {
	roles := make(map[string]account.Role)
	_, err := query(ctx, b.db, b.sql.Select("username", "domain").From("domain_admins"),
		func(scan func(...any) error) (name string, err error) {
			var domain string
			err = scan(&name, &domain)
			role := account.DomainAdmin
			if domain == "ALL" {
				role = account.GlobalAdmin
			}
			name = strings.ToLower(name)
			roles[name] = max(roles[name], role)
			return name, err
		})
	return roles, err
}
