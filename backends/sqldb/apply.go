package sqldb

import (
	"context"
	"errors"
	"fmt"

	"github.com/Masterminds/squirrel"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/dialect"
	"github.com/mailpanel/account-resource/backends"
)

// step is a change and where its result goes.
type step struct {
	*account.Change
	result *error
}

// Apply makes the changes in one transaction with a few statements. Where the server refuses that, it tries halves,
// until the change that is to blame stands alone.
func (b *Backend) Apply(ctx context.Context, d account.Domain, changes []account.Change) ([]error, error) {
	results := make([]error, len(changes))
	var steps []step
	for i := range changes {
		c := &changes[i]
		switch {
		case account.DomainOf(c.Address) != d.Name:
			results[i] = fmt.Errorf("%s is not in domain %s", c.Address, d.Name)
		case c.Kind != account.Mailbox && c.Kind != account.Alias:
			results[i] = fmt.Errorf("%s of %s %s: %w", c.Action, c.Kind, c.Address, backends.ErrUnsupported)
		case c.TouchesAccount():
			steps = append(steps, step{c, &results[i]})
		}
	}
	if err := b.applyAll(ctx, d, steps); err != nil {
		return nil, fmt.Errorf("apply %d changes: %w", len(changes), err)
	}
	return results, nil
}

func (b *Backend) applyAll(ctx context.Context, d account.Domain, steps []step) error {
	if len(steps) == 0 {
		return nil
	}
	err := b.transaction(ctx, d, steps)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return errors.Join(context.Cause(ctx), err)
	case len(steps) == 1:
		if lost := b.db.PingContext(ctx); lost != nil {
			return errors.Join(lost, err) // the server is to blame, not the change
		}
		*steps[0].result = fmt.Errorf("%s %s: %w", steps[0].Action, steps[0].Address, err)
		return nil
	}
	half := len(steps) / 2
	if err := b.applyAll(ctx, d, steps[:half]); err != nil {
		return err
	}
	return b.applyAll(ctx, d, steps[half:])
}

func (b *Backend) transaction(ctx context.Context, d account.Domain, steps []step) error {
	for _, s := range steps {
		*s.result = nil // of an earlier attempt
	}
	return b.dialect.Transaction(ctx, b.db, func(tx *dialect.Tx) error { return b.makeAll(ctx, tx, d, steps) })
}

// makeAll makes the changes in an order in which addresses can pass from one account to another.
func (b *Backend) makeAll(ctx context.Context, tx *dialect.Tx, d account.Domain, steps []step) error {
	deletions, renamings, creations, others := byTurn(steps)
	for _, k := range kinds {
		if err := b.remove(ctx, tx, k, k.of(deletions)); err != nil {
			return err
		}
	}
	for _, k := range kinds {
		if err := b.rename(ctx, tx, k, k.of(renamings)); err != nil {
			return err
		}
	}
	for _, k := range kinds {
		if err := b.update(ctx, tx, k, k.of(others)); err != nil {
			return err
		}
	}
	if err := b.create(ctx, tx, d, kinds[0].of(creations)); err != nil {
		return err
	}
	return b.createAliases(ctx, tx, kinds[1].of(creations))
}

func byTurn(steps []step) (deletions, renamings, creations, others []step) {
	for _, s := range steps {
		switch s.Action {
		case account.ActionDeleted:
			deletions = append(deletions, s)
		case account.ActionRenamed:
			renamings = append(renamings, s)
		case account.ActionCreated:
			creations = append(creations, s)
		default:
			others = append(others, s)
		}
	}
	return deletions, renamings, creations, others
}

// kind is a kind of account and the table whose rows are the accounts.
type kind struct {
	kind       account.Kind
	table, key string
}

var kinds = [2]kind{{account.Mailbox, "mailbox", "username"}, {account.Alias, "alias", "address"}}

// of are the steps of this kind.
func (k kind) of(steps []step) []step {
	var own []step
	for _, s := range steps {
		if s.Kind == k.kind {
			own = append(own, s)
		}
	}
	return own
}

// pending are the steps that have no result yet.
func pending(steps []step) []step {
	var left []step
	for _, s := range steps {
		if *s.result == nil {
			left = append(left, s)
		}
	}
	return left
}

func addresses(steps []step) []string {
	list := make([]string, len(steps))
	for i, s := range steps {
		list[i] = s.Address
	}
	return list
}

// in is the condition that a column has one of many values.
func (b *Backend) in(column string, values []string) dialect.In {
	return dialect.In{Dialect: b.dialect, Column: column, Values: values}
}

func exec(ctx context.Context, tx *dialect.Tx, statement squirrel.Sqlizer) error {
	_, err := squirrel.ExecContextWith(ctx, tx, statement)
	return err
}
