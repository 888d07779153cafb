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

// Grave is a deleted mailbox whose mail directory is still there.
type Grave struct {
	Address   string
	Home      string    // absolute
	KeepUntil time.Time // the day from which the directory may be removed; zero: never
}

// Graves is iRedMail's table deleted_mailboxes, by which iRedAdmin's clean-up job removes mail directories. Where the
// database has none, nothing is written, and so no directory is ever removed.
type Graves struct {
	sql     squirrel.StatementBuilderType
	found   columns
	usage   columns
	dialect dialect.Dialect
}

// actor stands for the admin who deleted a mailbox.
const actor = "account-resource"

// OpenGraves finds out what the table is like in the database.
func OpenGraves(ctx context.Context, db *sql.DB, d dialect.Dialect) (*Graves, error) {
	g := &Graves{sql: builder(d), dialect: d}
	var err error
	if g.found, err = columnsOf(ctx, db, d, "deleted_mailboxes"); err != nil {
		return nil, err
	}
	if g.usage, err = columnsOf(ctx, db, d, "used_quota"); err != nil {
		return nil, err
	}
	return g, nil
}

// Dig writes rows for mailboxes, in the caller's transaction; those with a row for the same mail directory have
// theirs already.
func (g *Graves) Dig(ctx context.Context, tx *dialect.Tx, graves []Grave) error {
	if len(graves) == 0 || !g.found.has("maildir") {
		return nil
	}
	homes, names := make([]string, len(graves)), make([]string, len(graves))
	for i := range graves {
		homes[i], names[i] = graves[i].Home, graves[i].Address
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
	for _, grave := range graves {
		if slices.Contains(there, grave.Home) {
			continue
		}
		var date any // NULL: for ever
		if !grave.KeepUntil.IsZero() {
			date = grave.KeepUntil.Format(time.DateOnly)
		}
		row := []any{grave.Address, account.DomainOf(grave.Address), grave.Home, actor, date}
		if len(header) > len(row) {
			row = append(row, used[grave.Address].bytes, used[grave.Address].messages)
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

type usage struct {
	address         string
	bytes, messages int64
}

// used reads what the mailboxes hold.
func (g *Graves) used(ctx context.Context, tx *dialect.Tx, names []string) (map[string]usage, error) {
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
