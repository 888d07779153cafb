package openldap

import (
	"context"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/dialect"
	"github.com/mailpanel/account-resource/backends/sqldb"
)

// dig writes down deleted mailboxes in SQL.
func (b *Backend) dig(ctx context.Context, graves []sqldb.Grave) error {
	if b.db == nil || len(graves) == 0 {
		return nil
	}
	return b.dialect.Transaction(ctx, b.db, func(tx *dialect.Tx) error { return b.graves.Dig(ctx, tx, graves) })
}

// forgetUsage removes what SQL knows of addresses.
func (b *Backend) forgetUsage(ctx context.Context, addresses []string) error {
	if b.db == nil || len(addresses) == 0 || b.usage.Empty() {
		return nil
	}
	return b.dialect.Transaction(ctx, b.db, func(tx *dialect.Tx) error { return b.usage.Delete(ctx, tx, addresses) })
}

// renameUsage has what SQL knows of accounts follow them.
func (b *Backend) renameUsage(ctx context.Context, moves []account.Move) error {
	if b.db == nil || len(moves) == 0 || b.usage.Empty() {
		return nil
	}
	return b.dialect.Transaction(ctx, b.db, func(tx *dialect.Tx) error { return b.usage.Rename(ctx, tx, moves) })
}
