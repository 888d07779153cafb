package run

import (
	"context"
	"fmt"
	"slices"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// readOwners adds to a delta the objects that have the addresses which its newcomers want: whether they are gone, or have another
// address now that cannot be used, decides what a newcomer gets (rules R16, R25).
func (p *Replication) readOwners(ctx context.Context, reader Reader, d *delta) error {
	var addresses []string
	known := make(map[account.SourceID]bool)
	for _, o := range slices.Concat(d.users, d.changed) {
		addresses = append(addresses, p.hosted(o.Mail)...)
		known[o.ID] = true
	}
	for _, id := range d.missing {
		known[id] = true
	}
	if len(addresses) == 0 {
		return nil
	}
	links, err := p.cfg.Links.At(ctx, addresses)
	if err != nil {
		return fmt.Errorf("read the links of %d addresses: %w", len(addresses), err)
	}
	asked := make(map[account.Kind][]account.SourceID)
	for i := range links {
		if l := &links[i]; l.Resource == p.res.ID && !l.Released && !known[l.Source] {
			asked[l.Kind] = append(asked[l.Kind], l.Source)
			known[l.Source] = true
			d.missing = append(d.missing, l.Source) // unless it is found now
		}
	}
	found := func(o account.Object) error {
		if o.Kind == account.Group {
			d.changed = append(d.changed, o)
		} else {
			d.users = append(d.users, o)
		}
		return nil
	}
	for kind, ids := range asked {
		if err := p.listComplete(ctx, reader, Query{Kind: sourceKinds[kind], IDs: ids}, found); err != nil {
			return err
		}
	}
	return nil
}
