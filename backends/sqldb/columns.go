package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/dialect"
	"github.com/mailpanel/account-resource/backends"
)

// column is what there is to know of a column.
type column struct {
	length int  // characters; 0 where it is no text of limited length
	narrow bool // holds no character beyond the Basic Multilingual Plane (MySQL's utf8mb3)
}

type columns map[string]column

func (c columns) has(name string) bool {
	_, found := c[name]
	return found
}

// columnsOf finds out the columns of a table; none where there is no such table.
func columnsOf(ctx context.Context, db *sql.DB, d dialect.Dialect, table string) (columns, error) {
	rows, err := db.QueryContext(ctx, d.Columns, table)
	if err != nil {
		return nil, fmt.Errorf("find out the columns of %s: %w", table, err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	found := make(columns)
	for rows.Next() {
		var name, charset string
		var c column
		if err := rows.Scan(&name, &c.length, &charset); err != nil {
			return nil, fmt.Errorf("find out the columns of %s: %w", table, err)
		}
		c.narrow = charset == "utf8" || charset == "utf8mb3"
		found[strings.ToLower(name)] = c
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("find out the columns of %s: %w", table, err)
	}
	return found, nil
}

// Fields are those that have a column. iRedMail's tables have none for a title, and no names and telephone numbers
// before version 1.7.3.
func (b *Backend) Fields() account.Fields {
	var s account.Fields
	for f, name := range fieldColumns {
		if b.mailbox.has(name) {
			s = s.With(f)
		}
	}
	return s
}

// Canonical brings values to what their columns give back.
func (b *Backend) Canonical(_ string, p account.Profile) account.Profile {
	for i := range p {
		c, length := b.mailbox[fieldColumns[account.Field(i)]], 255
		if c.length > 0 {
			length = c.length
		}
		if c.narrow {
			p[i] = backends.NarrowText(p[i])
		}
		p[i] = backends.CleanText(p[i], length)
	}
	return p
}
