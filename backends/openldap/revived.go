package openldap

import (
	"context"
	"fmt"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/dialect"
	"github.com/mailpanel/account-resource/backends"
	"github.com/mailpanel/account-resource/backends/references"
)

// deletedBy is the admin in the rows of deleted_mailboxes that this module writes.
const deletedBy = "account-resource"

// revived finds mailboxes that are there though a row in deleted_mailboxes says that they were deleted: somebody brought an entry back, and
// a clean-up job would remove its mail. The rows are read before the accounts. A row is written when its entry is gone, so that one of a
// mailbox which is there after that is wrong, whoever deletes meanwhile.
type revived struct {
	rows map[string][]string // mail directories as they are written, by their normal form
	gone []string            // those of mailboxes that are there
}

// canRevive reports whether the database has the table with the columns by which rows of this module are known.
func (b *Backend) canRevive(ctx context.Context) (bool, error) {
	found, err := references.Columns(ctx, b.db, b.dialect, "deleted_mailboxes")
	return found["admin"] && found["domain"] && found["maildir"], err
}

// streamAll streams all accounts of a domain, and takes back what is written down of mailboxes that are among them.
func (b *Backend) streamAll(ctx context.Context, s *stream, q backends.Query, each func(account.Account) error) error {
	there, err := b.readDeleted(ctx, s.domain)
	if err != nil {
		return err
	}
	if err := b.stream(ctx, s, q, func(a account.Account) error {
		there.see(&a)
		return each(a)
	}); err != nil {
		return err
	}
	return b.withdraw(ctx, s.domain, there)
}

// readDeleted reads which mail directories this module has written down as those of deleted mailboxes of a domain.
func (b *Backend) readDeleted(ctx context.Context, domain string) (r revived, err error) {
	if b.db == nil || !b.revives {
		return r, nil
	}
	rows, err := b.db.QueryContext(ctx, b.dialect.Placeholders("SELECT maildir FROM deleted_mailboxes WHERE admin = ? AND domain = ?"),
		deletedBy, domain)
	if err != nil {
		return r, fmt.Errorf("read the deleted mailboxes: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	r.rows = make(map[string][]string)
	for rows.Next() {
		var home string
		if err := rows.Scan(&home); err != nil {
			return r, fmt.Errorf("read the deleted mailboxes: %w", err)
		}
		normal := account.NormalHome(home)
		r.rows[normal] = append(r.rows[normal], home)
	}
	if err := rows.Err(); err != nil {
		return r, fmt.Errorf("read the deleted mailboxes: %w", err)
	}
	return r, nil
}

// see notes an account that is there.
func (r *revived) see(a *account.Account) {
	if a.Kind == account.Mailbox && len(r.rows) > 0 {
		r.gone = append(r.gone, r.rows[account.NormalHome(a.Home)]...)
	}
}

// withdraw removes the rows of mailboxes that are there.
func (b *Backend) withdraw(ctx context.Context, domain string, r revived) error {
	if len(r.gone) == 0 {
		return nil
	}
	remove := b.dialect.Placeholders("DELETE FROM deleted_mailboxes WHERE admin = ? AND domain = ? AND maildir = ?")
	err := b.dialect.Transaction(ctx, b.db, func(tx *dialect.Tx) error {
		for _, home := range r.gone {
			if _, err := tx.ExecContext(ctx, remove, deletedBy, domain, home); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("take back that %d mailboxes were deleted, which are there: %w", len(r.gone), err)
	}
	return nil
}
