package openldap

import (
	"context"
	"fmt"
	"strings"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
)

// housed are the mailboxes that have one of the mail directories, then those deleted ones. One that is deleted at this moment may be
// in neither for an instant: its row is written when its entry is gone. Mailboxes are made and deleted under the same lease.
func (b *Backend) housed(ctx context.Context, homes []string) ([]account.Account, error) {
	found, err := b.mailboxesIn(ctx, homes)
	if err != nil || b.db == nil {
		return found, err
	}
	kept, err := b.deleted.Kept(ctx, b.db, homes)
	return append(found, kept...), err
}

// mailboxesIn are the mailboxes that have one of the mail directories, with or without a slash at the end.
// homeDirectory has an index for equality, which tells case apart (caseExactIA5Match); iRedMail writes lower case.
func (b *Backend) mailboxesIn(ctx context.Context, homes []string) (found []account.Account, err error) {
	values := make([]string, 0, 2*len(homes))
	for _, home := range homes {
		home = strings.ToLower(strings.TrimRight(home, "/"))
		values = append(values, home, home+"/")
	}
	entries, err := b.find(ctx, b.base, values, []string{"homeDirectory"}, []string{"mail", "homeDirectory"})
	if err != nil {
		return nil, fmt.Errorf("look for mail directories: %w", err)
	}
	for _, e := range entries {
		o := occupantOf(e)
		found = append(found, account.Account{Address: o.mail, Kind: account.Mailbox, Home: o.home})
	}
	return found, nil
}

// refuseHoused refuses creations in the mail directory of another mailbox. The run has asked before it chose: this is for
// whoever was quicker.
func (b *Backend) refuseHoused(ctx context.Context, steps []step) error {
	var homes []string
	for _, s := range steps {
		if s.Kind == account.Mailbox {
			homes = append(homes, s.Home)
		}
	}
	there, err := b.mailboxesIn(ctx, homes)
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
