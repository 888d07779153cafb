package sqldb

import (
	"context"
	"fmt"

	"github.com/Masterminds/squirrel"

	"github.com/mailpanel/account-resource/backends"
)

// Login returns the mailbox of an address. The mail server knows no other names in SQL.
func (b *Backend) Login(ctx context.Context, name string) (backends.Login, error) {
	q := b.sql.Select("m.username", "m.active", "d.active", "d.backupmx").From("mailbox m").Join("domain d ON d.domain = m.domain").
		Where(squirrel.Eq{"m.username": name})
	found, err := query(ctx, b.db, q, func(scan func(...any) error) (l backends.Login, err error) {
		var mailbox, domain, relayed bool
		err = scan(&l.Address, &mailbox, &domain, &relayed)
		l.Active = mailbox && domain && !relayed
		return l, err
	})
	switch {
	case err != nil:
		return backends.Login{}, fmt.Errorf("look for mailbox %s: %w", name, err)
	case len(found) == 0:
		return backends.Login{}, fmt.Errorf("mailbox %s: %w", name, backends.ErrNotFound)
	}
	return found[0], nil
}
