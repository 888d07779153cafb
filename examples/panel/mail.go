package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// mail reads the mail accounts, as plain SQL on iRedMail's tables.
type mail struct{ db *databases }

// record is a row by column name.
type record map[string]string

const rowsShown = 50

// rows reads at most a page and one more row, so that the caller knows whether there is a next page.
func (m *mail) rows(ctx context.Context, query string, args ...any) (found []record, err error) {
	rows, err := m.db.vmail.QueryContext(ctx, m.db.marks(query), args...)
	if err != nil {
		return nil, fmt.Errorf("read the mail accounts: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	columns, err := rows.Columns()
	if err != nil {
		return nil, fmt.Errorf("read the mail accounts: %w", err)
	}
	for rows.Next() {
		cells, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, fmt.Errorf("read the mail accounts: %w", err)
		}
		r := make(record, len(columns))
		for i, name := range columns {
			r[name] = cells[i].String
		}
		found = append(found, r)
	}
	return found, rows.Err()
}

func (m *mail) count(ctx context.Context, query string, args ...any) (n int, err error) {
	if err := m.db.vmail.QueryRowContext(ctx, m.db.marks(query), args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("count the mail accounts: %w", err)
	}
	return n, nil
}

// list is a page of a table's rows that an admin may see, and whether there are more.
func (m *mail) list(ctx context.Context, who admin, t table, search string, page int) (found []record, total int, err error) {
	where, args := " WHERE 1 = 1", []any{}
	if !who.Global() {
		where, args = where+" AND domain = ?", append(args, who.Domain)
	}
	if search != "" {
		pattern := "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(strings.ToLower(search)) + "%"
		where += " AND (LOWER(" + t.key + ") LIKE ? ESCAPE '!' OR LOWER(" + t.label + ") LIKE ? ESCAPE '!')"
		args = append(args, pattern, pattern)
	}
	if total, err = m.count(ctx, "SELECT COUNT(*) FROM "+t.name+where, args...); err != nil {
		return nil, 0, err
	}
	found, err = m.rows(ctx, fmt.Sprintf("SELECT * FROM %s%s ORDER BY %s LIMIT %d OFFSET %d", t.name, where, t.key, rowsShown,
		(page-1)*rowsShown), args...)
	return found, total, err
}

// table is what a list shows: constants of this package, never what somebody typed.
type table struct{ name, key, label string }

var (
	domainTable  = table{"domain", "domain", "description"}
	mailboxTable = table{"mailbox", "username", "name"}
	aliasTable   = table{"alias", "address", "name"}
)

// one is a row that an admin may see; found is false where there is none.
func (m *mail) one(ctx context.Context, who admin, t table, key string) (record, bool, error) {
	found, err := m.rows(ctx, "SELECT * FROM "+t.name+" WHERE "+t.key+" = ?", key)
	if err != nil || len(found) == 0 || !who.Global() && found[0]["domain"] != who.Domain {
		return nil, false, err
	}
	return found[0], true, nil
}

// routes are the forwarding rows that name an address.
func (m *mail) routes(ctx context.Context, address string) ([]record, error) {
	return m.rows(ctx, "SELECT * FROM forwardings WHERE address = ? OR forwarding = ? ORDER BY address, forwarding", address, address)
}

// addDomain hosts a domain, with what iRedAdmin gives a new one.
func (m *mail) addDomain(ctx context.Context, domain string) error {
	_, err := m.db.vmail.ExecContext(ctx, m.db.marks("INSERT INTO domain (domain, transport, settings, active) VALUES (?, 'dovecot', ?, 1)"),
		domain, "default_user_quota:1024;")
	if err != nil {
		return fmt.Errorf("host domain %s: %w", domain, err)
	}
	return nil
}
