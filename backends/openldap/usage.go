package openldap

import (
	"context"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/dialect"
	"github.com/mailpanel/account-resource/backends/sqldb"
)

// addDeleted inserts rows for deleted mailboxes in SQL, where OpenLDAP has no place for them.
func (b *Backend) addDeleted(ctx context.Context, deleted []sqldb.DeletedMailbox) error {
	if b.db == nil || len(deleted) == 0 {
		return nil
	}
	return b.dialect.Transaction(ctx, b.db, func(tx *dialect.Tx) error { return b.deleted.Add(ctx, tx, deleted) })
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
