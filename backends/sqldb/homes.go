package sqldb

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/Masterminds/squirrel"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/dialect"
	"github.com/mailpanel/account-resource/backends"
)

// homesChunk is how many mail directories one statement looks for. No table of iRedMail's has an index on them, so that
// each statement reads all of a table's rows once: it is asked for many.
const homesChunk = 2000

// housed are the mailboxes that have one of the mail directories, then those deleted ones. In this order none is missed
// that is deleted meanwhile.
func (b *Backend) housed(ctx context.Context, homes []string) ([]account.Account, error) {
	found, err := b.mailboxesIn(ctx, b.db, homes)
	if err != nil {
		return nil, err
	}
	kept, err := b.deleted.Kept(ctx, b.db, homes)
	return append(found, kept...), err
}

// mailboxesIn are the mailboxes that have one of the mail directories.
func (b *Backend) mailboxesIn(ctx context.Context, db squirrel.QueryerContext, homes []string) ([]account.Account, error) {
	relative := make([]string, len(homes))
	for i, home := range homes {
		_, _, maildir, err := b.split(home)
		if err != nil {
			return nil, err
		}
		relative[i] = maildir
	}
	return housed(homes, relative, func(part []string) ([]account.Account, error) {
		return query(ctx, db, b.sql.Select("username", "storagebasedirectory", "storagenode", "maildir").From("mailbox").
			Where(lowerIn(b.dialect, part)), func(scan func(...any) error) (a account.Account, err error) {
			p, err := scanPlace(scan)
			return account.Account{Address: p.address, Kind: account.Mailbox, Home: p.home()}, err
		})
	})
}

// Kept are the deleted mailboxes, as reserved addresses, that had one of the absolute mail directories.
func (g *DeletedMailboxes) Kept(ctx context.Context, db squirrel.QueryerContext, homes []string) ([]account.Account, error) {
	if !g.found.has("maildir") {
		return nil, nil
	}
	return housed(homes, homes, func(part []string) ([]account.Account, error) {
		return query(ctx, db, g.sql.Select("username", "maildir").From("deleted_mailboxes").Where(lowerIn(g.dialect, part)),
			func(scan func(...any) error) (a account.Account, err error) {
				a.Kind = account.Reserved
				return a, scan(&a.Address, &a.Home)
			})
	})
}

// housed has read look for the mail directories as a column has them, with and without the slash at the end, and gives
// those accounts that it finds in one of homes.
func housed(
	homes, column []string, read func(part []string) ([]account.Account, error),
) (found []account.Account, err error) {
	wanted := make(map[string]bool, len(homes))
	for _, home := range homes {
		wanted[account.NormalHome(home)] = true
	}
	for part := range slices.Chunk(column, homesChunk) {
		values := make([]string, 0, 2*len(part))
		for _, home := range part {
			home = strings.ToLower(strings.TrimRight(home, "/"))
			values = append(values, home, home+"/")
		}
		some, err := read(values)
		if err != nil {
			return nil, fmt.Errorf("look for mail directories: %w", err)
		}
		for _, a := range some {
			if wanted[account.NormalHome(a.Home)] {
				found = append(found, a)
			}
		}
	}
	return found, nil
}

func lowerIn(d dialect.Dialect, values []string) dialect.In {
	return dialect.In{Dialect: d, Column: "LOWER(maildir)", Values: values, NoIndex: true}
}

// refuseHoused refuses creations in the mail directory of another mailbox. The run has asked before it chose: this is for
// whoever was quicker.
func (b *Backend) refuseHoused(ctx context.Context, tx *dialect.Tx, steps []step) error {
	if len(steps) == 0 {
		return nil
	}
	homes := make([]string, 0, len(steps))
	for _, s := range steps {
		homes = append(homes, s.Home)
	}
	there, err := b.mailboxesIn(ctx, tx, homes)
	if err != nil {
		return err
	}
	taken := backends.HomesOf(there)
	for _, s := range steps {
		if s.Kind == account.Mailbox && *s.result == nil {
			*s.result = taken.Take(s.Operation)
		}
	}
	return nil
}
