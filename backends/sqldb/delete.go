package sqldb

import (
	"context"
	"fmt"
	"slices"

	"github.com/Masterminds/squirrel"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/dialect"
)

// remove deletes accounts with everything that names them, and writes down which mail directories may go when (rule
// R14). One that is gone, or whose address somebody else's mailbox has now, was deleted before.
func (b *Backend) remove(ctx context.Context, tx *dialect.Tx, k kind, steps []step) error {
	for part := range slices.Chunk(steps, listChunk) {
		places, err := b.places(ctx, tx, k, addresses(part))
		if err != nil {
			return err
		}
		var present []DeletedMailbox
		var names []string
		for _, s := range part {
			p, exists := places[s.Address]
			if exists && (s.Home == "" || p.home() == s.Home) {
				if k.kind == account.Mailbox {
					present = append(present, DeletedMailbox{Address: s.Address, Home: p.path(), KeepUntil: s.KeepUntil})
				}
				names = append(names, s.Address)
			}
		}
		if len(names) == 0 {
			continue
		}
		if err := b.deleted.Add(ctx, tx, present); err != nil {
			return err
		}
		bereft, err := b.forwarders(ctx, tx, names)
		if err != nil {
			return err
		}
		if err := exec(ctx, tx, b.sql.Delete(k.table).Where(squirrel.Eq{k.key: names})); err != nil {
			return fmt.Errorf("delete %d rows of %s: %w", len(names), k.table, err)
		}
		if err := b.references.Delete(ctx, tx, names); err != nil {
			return fmt.Errorf("delete %d accounts: %w", len(names), err)
		}
		if err := b.takeBack(ctx, tx, bereft); err != nil {
			return err
		}
	}
	return nil
}

// forwarders are the mailboxes that forward to one of the addresses.
func (b *Backend) forwarders(ctx context.Context, tx *dialect.Tx, names []string) ([]string, error) {
	found, err := query(ctx, tx, b.sql.Select("address").Distinct().From("forwardings").
		Where(squirrel.Eq{"is_forwarding": 1, "forwarding": names}).Where(squirrel.NotEq{"address": names}).
		OrderBy("address"), scanText)
	if err != nil {
		return nil, fmt.Errorf("look for forwardings: %w", err)
	}
	return found, nil
}

// takeBack lets mailboxes keep their mail that have lost the last address they forwarded to: without any row their
// mail would go to the domain's catch-all.
func (b *Backend) takeBack(ctx context.Context, tx *dialect.Tx, bereft []string) error {
	if len(bereft) == 0 {
		return nil
	}
	left, err := query(ctx, tx, b.sql.Select("address").Distinct().From("forwardings").
		Where(squirrel.Eq{"is_forwarding": 1, "address": bereft}), scanText)
	if err != nil {
		return fmt.Errorf("look for forwardings: %w", err)
	}
	bereft = slices.DeleteFunc(bereft, func(a string) bool { return slices.Contains(left, a) })
	boxes, err := query(ctx, tx, b.sql.Select("username", "active").From("mailbox").
		Where(squirrel.Eq{"username": bereft}), func(scan func(...any) error) (op account.Operation, err error) {
		var active bool
		if err = scan(&op.Address, &active); active {
			op.Switch = account.On
		}
		return op, err
	})
	if err != nil {
		return fmt.Errorf("look for forwardings: %w", err)
	}
	steps := make([]step, len(boxes))
	for i := range boxes {
		steps[i] = step{&boxes[i], new(error)}
	}
	return b.insertSelfRows(ctx, tx, steps)
}

func scanText(scan func(...any) error) (text string, err error) { return text, scan(&text) }
