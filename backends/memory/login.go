package memory

import (
	"context"
	"fmt"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
)

// Login returns the mailbox of an address.
func (b *Backend) Login(_ context.Context, name string) (backends.Login, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	a, found := b.accounts[name]
	d, hosted := b.domains[account.DomainOf(name)]
	if !found || !hosted || a.Kind != account.Mailbox {
		return backends.Login{}, fmt.Errorf("mailbox %s: %w", name, backends.ErrNotFound)
	}
	return backends.Login{Address: name, Active: a.Active && d.Active && !d.BackupMX}, nil
}
