package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/Masterminds/squirrel"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/dialect"
	"github.com/mailpanel/account-resource/backends"
	"github.com/mailpanel/account-resource/backends/references"
)

// Options are what the store depends on besides its database.
type Options struct {
	// Storage is the rule for mail directories; the same as the runs have. The zero value: that of a fresh iRedMail.
	Storage backends.Storage
	// Clock gives the time for created, modified and passwordlastchange. Default: time.Now.
	Clock func() time.Time
}

// Backend is a "vmail" database. It is safe for concurrent use.
type Backend struct {
	db         *sql.DB
	dialect    dialect.Dialect
	sql        squirrel.StatementBuilderType
	mailbox    columns
	references *references.Set
	deleted    *DeletedMailboxes
	base       string // mail directories begin with it: base directory and storage node
	clock      func() time.Time
}

var _ backends.Backend = (*Backend)(nil)

// Open asks the server which it is and finds out the columns of its tables. Nothing is written.
func Open(ctx context.Context, db *sql.DB, o Options) (*Backend, error) {
	d, err := dialect.Detect(ctx, db)
	if err != nil {
		return nil, fmt.Errorf("open the mail accounts: %w", err)
	}
	b := &Backend{db: db, dialect: d, sql: builder(d), clock: o.Clock}
	if b.clock == nil {
		b.clock = time.Now
	}
	if o.Storage == (backends.Storage{}) {
		o.Storage = backends.DefaultStorage()
	}
	b.base = strings.ToLower(path.Clean(o.Storage.BaseDirectory))
	if b.mailbox, err = columnsOf(ctx, db, d, "mailbox"); err != nil {
		return nil, fmt.Errorf("open the mail accounts: %w", err)
	}
	forwardings, err := columnsOf(ctx, db, d, "forwardings")
	if err != nil {
		return nil, fmt.Errorf("open the mail accounts: %w", err)
	}
	if len(b.mailbox) == 0 || len(forwardings) == 0 {
		return nil, errors.New("open the mail accounts: this is no iRedMail database of version 0.9.8 or newer" +
			" (tables mailbox and forwardings are needed)")
	}
	if b.references, err = references.Open(ctx, db, d, slices.Concat(addressTables, UsageTables)); err != nil {
		return nil, fmt.Errorf("open the mail accounts: %w", err)
	}
	if b.deleted, err = OpenDeletedMailboxes(ctx, db, d); err != nil {
		return nil, fmt.Errorf("open the mail accounts: %w", err)
	}
	return b, nil
}

func builder(d dialect.Dialect) squirrel.StatementBuilderType {
	if d.Numbered {
		return squirrel.StatementBuilder.PlaceholderFormat(squirrel.Dollar)
	}
	return squirrel.StatementBuilder
}

// query runs a select and scans every row before it returns, so that no rows are open while others use the pool.
func query[T any](
	ctx context.Context, q squirrel.QueryerContext, statement squirrel.Sqlizer, scan func(func(...any) error) (T, error),
) (found []T, err error) {
	rows, err := squirrel.QueryContextWith(ctx, q, statement)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		row, err := scan(rows.Scan)
		if err != nil {
			return nil, err
		}
		found = append(found, row)
	}
	return found, rows.Err()
}

// split divides a mail directory into the three columns that iRedMail keeps it in.
func (b *Backend) split(home string) (base, node, maildir string, err error) {
	rest, inside := strings.CutPrefix(home, b.base+"/")
	if !inside {
		return "", "", "", fmt.Errorf("mail directory %s is not below %s", home, b.base)
	}
	return path.Dir(b.base), path.Base(b.base), rest, nil
}

// homeOf joins what split divided, as Dovecot's lookup does.
func homeOf(base, node, maildir string) string {
	return strings.ToLower(base + "/" + node + "/" + maildir)
}

// stamp is a time as iRedAdmin writes it: UTC, without a zone.
func stamp(t time.Time) string { return t.UTC().Format(time.DateTime) }

var fieldColumns = map[account.Field]string{
	account.Name: "name", account.FirstName: "first_name", account.LastName: "last_name",
	account.EmployeeID: "employeeid", account.Mobile: "mobile", account.Telephone: "telephone",
}
