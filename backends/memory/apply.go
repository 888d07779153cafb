package memory

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
)

// Apply makes the changes one by one.
func (b *Backend) Apply(ctx context.Context, d account.Domain, changes []account.Change) ([]error, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("apply %d changes: %w", len(changes), err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.homes = nil
	results := make([]error, len(changes))
	for _, turn := range []func(account.Action) bool{
		func(a account.Action) bool { return a == account.ActionDeleted },
		func(a account.Action) bool { return a == account.ActionRenamed },
		func(a account.Action) bool { return a != account.ActionDeleted && a != account.ActionRenamed },
	} {
		var moving []int
		for i := range changes {
			c := &changes[i]
			if !turn(c.Action) {
				continue
			}
			if err := b.apply(d, c); err != nil {
				results[i] = fmt.Errorf("%s %s: %w", c.Action, c.Address, err)
			} else if c.Action == account.ActionRenamed {
				moving = append(moving, i)
			}
		}
		b.rename(changes, moving, results)
	}
	return results, nil
}

func (b *Backend) apply(d account.Domain, c *account.Change) error {
	if err := b.refused[c.Address]; err != nil {
		return err
	}
	switch {
	case account.DomainOf(c.Address) != d.Name:
		return fmt.Errorf("outside of domain %s", d.Name)
	case c.Kind != account.Mailbox && c.Kind != account.Alias:
		return backends.ErrUnsupported
	case c.Action == account.ActionDeleted:
		b.remove(c)
		return nil
	case c.Action == account.ActionRenamed:
		if b.at(c, c.Address) {
			return b.update(c)
		}
		if !b.at(c, c.NewAddress) {
			return backends.ErrNotFound
		}
		moved := *c // an earlier attempt has renamed it: the rest of this change may be another one
		moved.Address = c.NewAddress
		return b.update(&moved)
	case c.Action == account.ActionCreated:
		return b.create(c)
	case !c.TouchesAccount():
		return nil
	}
	return b.update(c)
}

func (b *Backend) create(c *account.Change) error {
	if c.Kind == account.Alias {
		return b.createAlias(c)
	}
	self := account.Route{Address: c.Address, Forwarding: c.Address}
	if a, exists := b.accounts[c.Address]; exists {
		if a.Kind != account.Mailbox || a.Home != c.Home {
			return backends.ErrExists
		}
		if _, exists := b.routes[self]; !exists {
			b.routes[self] = c.Active
		}
		return nil
	}
	if b.homes == nil {
		b.homes = backends.HomesOf(slices.Collect(maps.Values(b.accounts)))
	}
	if err := b.homes.Take(c); err != nil {
		return err
	}
	b.writes++
	a := account.Account{Address: c.Address, Kind: account.Mailbox, Active: c.Active, Home: c.Home}
	set(&a.Profile, c)
	b.accounts[c.Address] = a
	b.routes[self] = c.Active
	return nil
}

func (b *Backend) update(c *account.Change) error {
	a, exists := b.accounts[c.Address]
	if !exists || a.Kind != c.Kind {
		return backends.ErrNotFound
	}
	b.writes++
	set(&a.Profile, c)
	b.changeMembers(c)
	if c.Disable || c.Enable {
		a.Active = c.Enable
		for r := range b.routes {
			if r.Address == c.Address {
				b.routes[r] = c.Enable
			}
		}
	}
	b.accounts[c.Address] = a
	return nil
}

func (b *Backend) createAlias(c *account.Change) error {
	a, exists := b.accounts[c.Address]
	if exists && a.Kind != account.Alias {
		return backends.ErrExists
	}
	b.writes++
	if !exists {
		a = account.Account{Address: c.Address, Kind: account.Alias, Active: c.Active}
		set(&a.Profile, c)
		b.policies[c.Address] = c.Policy
	}
	b.accounts[c.Address] = a
	b.changeMembers(c)
	return nil
}

func (b *Backend) changeMembers(c *account.Change) {
	for _, m := range c.Leave {
		delete(b.routes, account.Route{Address: c.Address, Forwarding: m})
	}
	for _, m := range c.Moderate {
		if t := [3]string{"moderator", c.Address, m}; !slices.Contains(b.references, t) {
			b.references = append(b.references, t)
		}
	}
	for _, m := range c.Join {
		b.routes[account.Route{Address: c.Address, Forwarding: m}] = true
	}
}

func set(p *account.Profile, c *account.Change) {
	for _, f := range account.AllFields() {
		if c.Set.Has(f) {
			p[f] = c.Profile[f]
		}
	}
}
