package memory

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
)

// Apply makes the operations one by one.
func (b *Backend) Apply(ctx context.Context, d account.Domain, operations []account.Operation) ([]error, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("apply %d operations: %w", len(operations), err)
	}
	b.mu.Lock()
	b.made++
	defer b.mu.Unlock()
	b.homes = nil
	operations = slices.Clone(operations) // those of the caller stay as they are
	results := make([]error, len(operations))
	for _, turn := range []func(account.Verb) bool{
		func(v account.Verb) bool { return v == account.Delete },
		func(v account.Verb) bool { return v == account.Rename },
		func(v account.Verb) bool { return v != account.Delete && v != account.Rename },
	} {
		var moving []int
		for i := range operations {
			op := &operations[i]
			if !turn(op.Verb) {
				continue
			}
			if err := b.apply(d, op); err != nil {
				results[i] = fmt.Errorf("%s %s: %w", op.Verb, op.Address, err)
			} else if op.Verb == account.Rename {
				moving = append(moving, i)
			}
		}
		b.rename(operations, moving, results)
	}
	return results, nil
}

func (b *Backend) apply(d account.Domain, op *account.Operation) error {
	if err := b.refused[op.Address]; err != nil {
		return err
	}
	switch {
	case account.DomainOf(op.Address) != d.Name:
		return fmt.Errorf("outside of domain %s", d.Name)
	case op.Kind != account.Mailbox && op.Kind != account.Alias:
		return backends.ErrUnsupported
	case op.Verb == account.Delete:
		b.remove(op)
		return nil
	case op.Verb == account.Rename:
		stations := backends.Stations(op)
		i := slices.IndexFunc(stations, func(address string) bool { return b.at(op, address) })
		if i < 0 {
			return backends.ErrNotFound
		}
		op.Address = stations[i] // if an earlier attempt has renamed it, the rest of this operation may be another one
		return b.update(op)
	case op.Verb == account.Create:
		return b.create(op)
	case !op.Writes():
		return nil
	}
	return b.update(op)
}

func (b *Backend) create(op *account.Operation) error {
	if op.Kind == account.Alias {
		return b.createAlias(op)
	}
	self := account.Route{Address: op.Address, Forwarding: op.Address}
	if a, exists := b.accounts[op.Address]; exists {
		if a.Kind != account.Mailbox || a.Home != op.Home {
			return backends.ErrExists
		}
		if _, exists := b.routes[self]; !exists {
			b.routes[self] = op.Switch == account.On
		}
		return nil
	}
	if b.homes == nil {
		b.homes = backends.HomesOf(slices.Collect(maps.Values(b.accounts)))
	}
	if err := b.homes.Take(op); err != nil {
		return err
	}
	b.writes++
	a := account.Account{Address: op.Address, Kind: account.Mailbox, Active: op.Switch == account.On, Home: op.Home, Made: b.now()}
	set(&a.Profile, op)
	b.accounts[op.Address] = a
	b.routes[self] = op.Switch == account.On
	return nil
}

func (b *Backend) update(op *account.Operation) error {
	a, exists := b.accounts[op.Address]
	if !exists || a.Kind != op.Kind {
		return backends.ErrNotFound
	}
	if a.Kind == account.Mailbox && op.Home != "" && a.Home != op.Home {
		return fmt.Errorf("another mailbox has the address: %w", backends.ErrNotFound)
	}
	b.writes++
	set(&a.Profile, op)
	b.changeMembers(op)
	if op.Switch != "" {
		a.Active = op.Switch == account.On
		for r := range b.routes {
			if r.Address == op.Address {
				b.routes[r] = a.Active
			}
		}
	}
	b.accounts[op.Address] = a
	return nil
}

func (b *Backend) createAlias(op *account.Operation) error {
	a, exists := b.accounts[op.Address]
	if exists && a.Kind != account.Alias {
		return backends.ErrExists
	}
	b.writes++
	if !exists {
		a = account.Account{Address: op.Address, Kind: account.Alias, Active: op.Switch == account.On, Made: b.now()}
		set(&a.Profile, op)
		b.policies[op.Address] = op.Policy
	}
	b.accounts[op.Address] = a
	b.changeMembers(op)
	return nil
}

func (b *Backend) changeMembers(op *account.Operation) {
	for _, m := range op.Leave {
		delete(b.routes, account.Route{Address: op.Address, Forwarding: m})
	}
	for _, m := range op.Moderate {
		if t := [3]string{"moderator", op.Address, m}; !slices.Contains(b.references, t) {
			b.references = append(b.references, t)
		}
	}
	for _, m := range op.Join {
		b.routes[account.Route{Address: op.Address, Forwarding: m}] = true
	}
}

func set(p *account.Profile, op *account.Operation) {
	for _, f := range account.AllFields() {
		if op.Set.Has(f) {
			p[f] = op.Profile[f]
		}
	}
}
