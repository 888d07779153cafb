package sqldb

import (
	"context"
	"fmt"
	"slices"

	"github.com/Masterminds/squirrel"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/dialect"
	"github.com/mailpanel/account-resource/backends"
)

// update changes accounts that exist: profile columns, members, then the switch. Accounts that change alike share a
// statement.
func (b *Backend) update(ctx context.Context, tx *dialect.Tx, k kind, steps []step) error {
	for chunk := range slices.Chunk(steps, listChunk) {
		if err := b.findGone(ctx, tx, k, chunk); err != nil {
			return err
		}
		present := pending(chunk)
		if err := b.updateProfiles(ctx, tx, k, present); err != nil {
			return err
		}
		if err := b.changeMembers(ctx, tx, present); err != nil {
			return err
		}
		for _, to := range []account.Switch{account.Off, account.On} {
			if err := b.switchAccounts(ctx, tx, k, present, to); err != nil {
				return err
			}
		}
	}
	return nil
}

// findGone refuses operations on accounts that are no longer there, or whose address another mailbox has now (rule R26).
func (b *Backend) findGone(ctx context.Context, tx *dialect.Tx, k kind, steps []step) error {
	places, err := b.places(ctx, tx, k, addresses(steps))
	if err != nil {
		return err
	}
	for _, s := range steps {
		p, present := places[s.Address]
		switch {
		case !present:
			*s.result = fmt.Errorf("%s %s: %w", s.Verb, s.Address, backends.ErrNotFound)
		case k.kind == account.Mailbox && s.Home != "" && p.home() != s.Home:
			*s.result = fmt.Errorf("%s %s, which is another mailbox: %w", s.Verb, s.Address, backends.ErrNotFound)
		}
	}
	return nil
}

func (b *Backend) updateProfiles(ctx context.Context, tx *dialect.Tx, k kind, steps []step) error {
	bySet := make(map[account.Fields][]step)
	for _, s := range steps {
		if set := s.Set & b.stored(k); set != 0 {
			bySet[set] = append(bySet[set], s)
		}
	}
	for set, alike := range bySet {
		statement := b.sql.Update(k.table).Set("modified", stamp(b.clock())).
			Where(squirrel.Eq{k.key: addresses(alike)})
		for _, f := range account.AllFields() {
			if !set.Has(f) {
				continue
			}
			which := squirrel.Case(k.key)
			for _, s := range alike {
				which = which.When(squirrel.Expr("?", s.Address), squirrel.Expr("?", s.Profile[f]))
			}
			statement = statement.Set(fieldColumns[f], which)
		}
		if err := exec(ctx, tx, statement); err != nil {
			return fmt.Errorf("update %d rows of %s: %w", len(alike), k.table, err)
		}
	}
	return nil
}

// stored are the profile fields that accounts of a kind have a column for.
func (b *Backend) stored(k kind) account.Fields {
	if k.kind == account.Alias {
		return account.FieldSet(account.Name)
	}
	return b.Fields()
}

// switchAccounts switches accounts on or off, and with them the forwarding rows of their own address (rule R9).
func (b *Backend) switchAccounts(ctx context.Context, tx *dialect.Tx, k kind, steps []step, to account.Switch) error {
	var names []string
	for _, s := range steps {
		if s.Switch == to {
			names = append(names, s.Address)
		}
	}
	if len(names) == 0 {
		return nil
	}
	if err := exec(ctx, tx, b.sql.Update(k.table).Set("active", flag(to == account.On)).Set("modified", stamp(b.clock())).
		Where(squirrel.Eq{k.key: names})); err != nil {
		return fmt.Errorf("switch %d rows of %s: %w", len(names), k.table, err)
	}
	if err := exec(ctx, tx, b.sql.Update("forwardings").Set("active", flag(to == account.On)).
		Where(squirrel.Eq{"address": names})); err != nil {
		return fmt.Errorf("switch the forwardings of %d accounts: %w", len(names), err)
	}
	return nil
}
