package sqldb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/Masterminds/squirrel"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/dialect"
	"github.com/mailpanel/account-resource/backends"
)

// step is an operation and where its result goes.
type step struct {
	*account.Operation
	result *error
}

// Apply makes the operations in one transaction with a few statements. Where the server refuses that, it tries halves,
// until the operation that is to blame stands alone.
func (b *Backend) Apply(ctx context.Context, d account.Domain, operations []account.Operation) ([]error, error) {
	results := make([]error, len(operations))
	var steps []step
	for i := range operations {
		op := &operations[i]
		switch {
		case account.DomainOf(op.Address) != d.Name:
			results[i] = fmt.Errorf("%s is not in domain %s", op.Address, d.Name)
		case op.Kind != account.Mailbox && op.Kind != account.Alias:
			results[i] = fmt.Errorf("%s of %s %s: %w", op.Verb, op.Kind, op.Address, backends.ErrUnsupported)
		case op.Writes():
			steps = append(steps, step{op, &results[i]})
		}
	}
	if err := b.applyAll(ctx, d, steps); err != nil {
		return nil, fmt.Errorf("apply %d operations: %w", len(operations), err)
	}
	return results, nil
}

// A batch that lost against another transaction, or whose connection was lost, is made again that many times, after a pause that grows.
const (
	tries = 5
	pause = 50 * time.Millisecond
)

func (b *Backend) applyAll(ctx context.Context, d account.Domain, steps []step) error {
	if len(steps) == 0 {
		return nil
	}
	err := b.transaction(ctx, d, steps)
	for try := time.Duration(1); (dialect.IsLost(err) || dialect.IsAway(err)) && try <= tries && ctx.Err() == nil; try++ {
		select {
		case <-ctx.Done():
		case <-time.After(try * pause):
			err = b.transaction(ctx, d, steps)
		}
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return errors.Join(context.Cause(ctx), err)
	case dialect.IsUnwritable(err), dialect.IsLost(err): // no operation is to blame
		return fmt.Errorf("%w: %w", backends.ErrUnwritable, err)
	case dialect.IsDown(err):
		return err
	case len(steps) == 1:
		if down := b.db.PingContext(ctx); down != nil {
			return errors.Join(down, err) // the server is to blame, not the operation
		}
		*steps[0].result = fmt.Errorf("%s %s: %w", steps[0].Verb, steps[0].Address, err)
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

// makeAll makes the operations in an order in which addresses can pass from one account to another.
func (b *Backend) makeAll(ctx context.Context, tx *dialect.Tx, d account.Domain, steps []step) error {
	deletions, renamings, creations, others := groupByVerb(steps)
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

func groupByVerb(steps []step) (deletions, renamings, creations, others []step) {
	for _, s := range steps {
		switch s.Verb {
		case account.Delete:
			deletions = append(deletions, s)
		case account.Rename:
			renamings = append(renamings, s)
		case account.Create:
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
