package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/Masterminds/squirrel"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/dialect"
)

// DeletedMailbox is a deleted mailbox whose mail directory is still there.
type DeletedMailbox struct {
	Address   string
	Home      string    // absolute
	KeepUntil time.Time // the day from which the directory may be removed; zero: never
}

// DeletedMailboxes is iRedMail's table deleted_mailboxes, by which iRedAdmin's clean-up job removes mail directories.
// Where the database has none, nothing is written, and so no directory is ever removed.
type DeletedMailboxes struct {
	sql     squirrel.StatementBuilderType
	found   columns
	usage   columns
	dialect dialect.Dialect
}

// deletedBy is written where iRedAdmin writes the admin who deleted a mailbox.
const deletedBy = "account-resource"

// OpenDeletedMailboxes finds out what the table is like in the database.
func OpenDeletedMailboxes(ctx context.Context, db *sql.DB, d dialect.Dialect) (*DeletedMailboxes, error) {
	g := &DeletedMailboxes{sql: builder(d), dialect: d}
	var err error
	if g.found, err = columnsOf(ctx, db, d, "deleted_mailboxes"); err != nil {
		return nil, err
	}
	if g.usage, err = columnsOf(ctx, db, d, "used_quota"); err != nil {
		return nil, err
	}
	return g, nil
}

// Add inserts one row per mailbox in tx. A mailbox whose mail directory has a row already is skipped, so that adding
// again is harmless.
func (g *DeletedMailboxes) Add(ctx context.Context, tx *dialect.Tx, deleted []DeletedMailbox) error {
	if len(deleted) == 0 || !g.found.has("maildir") {
		return nil
	}
	homes, names := make([]string, len(deleted)), make([]string, len(deleted))
	for i := range deleted {
		homes[i], names[i] = deleted[i].Home, deleted[i].Address
	}
	there, err := query(ctx, tx, g.sql.Select("maildir").From("deleted_mailboxes").
		Where(squirrel.Eq{"username": names, "maildir": homes}), scanText)
	if err != nil {
		return fmt.Errorf("look for deleted mailboxes: %w", err)
	}
	used, err := g.used(ctx, tx, names)
	if err != nil {
		return err
	}
	header := []string{"username", "domain", "maildir", "admin", "delete_date"}
	if g.found.has("bytes") && g.found.has("messages") {
		header = append(header, "bytes", "messages")
	}
	statement := g.sql.Insert("deleted_mailboxes").Columns(header...)
	missing := 0
	for _, mailbox := range deleted {
		if slices.Contains(there, mailbox.Home) {
			continue
		}
		var date any // NULL: for ever
		if !mailbox.KeepUntil.IsZero() {
			date = mailbox.KeepUntil.Format(time.DateOnly)
		}
		row := []any{mailbox.Address, account.DomainOf(mailbox.Address), mailbox.Home, deletedBy, date}
		if len(header) > len(row) {
			row = append(row, used[mailbox.Address].bytes, used[mailbox.Address].messages)
		}
		statement = statement.Values(row...)
		missing++
	}
	if missing == 0 {
		return nil
	}
	if err := exec(ctx, tx, statement); err != nil {
		return fmt.Errorf("write down %d deleted mailboxes: %w", missing, err)
	}
	return nil
}

// Written returns the mail directories of a domain that this module has entered, as they are written; none where the table lacks a column by
// which its rows are known.
func (g *DeletedMailboxes) Written(ctx context.Context, db *sql.DB, domain string) ([]string, error) {
	for _, column := range []string{"admin", "domain", "maildir"} {
		if !g.found.has(column) {
			return nil, nil
		}
	}
	homes, err := query(ctx, db, g.sql.Select("maildir").From("deleted_mailboxes").
		Where(squirrel.Eq{"admin": deletedBy, "domain": domain}), scanText)
	if err != nil {
		return nil, fmt.Errorf("read the deleted mailboxes of %s: %w", domain, err)
	}
	return homes, nil
}

// TakeBack deletes the rows of mail directories, given as they are written, that this module has entered for a domain.
func (g *DeletedMailboxes) TakeBack(ctx context.Context, tx *dialect.Tx, domain string, homes []string) error {
	for part := range slices.Chunk(homes, listChunk) {
		if err := exec(ctx, tx, g.sql.Delete("deleted_mailboxes").
			Where(squirrel.Eq{"admin": deletedBy, "domain": domain, "maildir": part})); err != nil {
			return fmt.Errorf("delete %d rows of deleted_mailboxes: %w", len(part), err)
		}
	}
	return nil
}

type usage struct {
	address         string
	bytes, messages int64
}

// used reads what the mailboxes hold.
func (g *DeletedMailboxes) used(ctx context.Context, tx *dialect.Tx, names []string) (map[string]usage, error) {
	used := make(map[string]usage)
	if !g.usage.has("messages") {
		return used, nil
	}
	found, err := query(ctx, tx, g.sql.Select("username", "bytes", "messages").From("used_quota").
		Where(squirrel.Eq{"username": names}), func(scan func(...any) error) (u usage, err error) {
		return u, scan(&u.address, &u.bytes, &u.messages)
	})
	if err != nil {
		return nil, fmt.Errorf("read the used quota: %w", err)
	}
	for _, u := range found {
		used[u.address] = u
	}
	return used, nil
}
