package openldap

import (
	"context"
	"fmt"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/dialect"
	"github.com/mailpanel/account-resource/backends"
)

// revived collects the mailboxes that exist although deleted_mailboxes says that this module deleted them, such as an entry that was restored
// from a backup. The clean-up job would remove their mail. The rows are read before the accounts: a row is only written once its entry is
// gone, so a mailbox that is read after its row exists again, whoever deletes meanwhile.
type revived struct {
	rows map[string][]string // the mail directories as they are written, by their normal form
	gone []string            // those of mailboxes that exist
}

// streamAll streams all accounts of a domain, and then deletes this module's rows in deleted_mailboxes of the mailboxes among them.
func (b *Backend) streamAll(ctx context.Context, s *stream, q backends.Query, each func(account.Account) error) error {
	found, err := b.readDeleted(ctx, s.domain)
	if err != nil {
		return err
	}
	if err := b.stream(ctx, s, q, func(a account.Account) error {
		found.see(&a)
		return each(a)
	}); err != nil {
		return err
	}
	if len(found.gone) == 0 {
		return nil
	}
	err = b.dialect.Transaction(ctx, b.db, func(tx *dialect.Tx) error { return b.deleted.TakeBack(ctx, tx, s.domain, found.gone) })
	if err != nil {
		return fmt.Errorf("take back the deletion of %d mailboxes that exist: %w", len(found.gone), err)
	}
	return nil
}

// readDeleted reads this module's rows of a domain.
func (b *Backend) readDeleted(ctx context.Context, domain string) (r revived, err error) {
	if b.db == nil {
		return r, nil
	}
	written, err := b.deleted.Written(ctx, b.db, domain)
	r.rows = make(map[string][]string, len(written))
	for _, home := range written {
		normal := account.NormalHome(home)
		r.rows[normal] = append(r.rows[normal], home)
	}
	return r, err
}

// see records an account that exists.
func (r *revived) see(a *account.Account) {
	if a.Kind == account.Mailbox {
		r.gone = append(r.gone, r.rows[account.NormalHome(a.Home)]...)
	}
}
