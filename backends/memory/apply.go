package memory

import (
	"context"
	"fmt"

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
	results := make([]error, len(changes))
	for i := range changes {
		if err := b.apply(d, &changes[i]); err != nil {
			results[i] = fmt.Errorf("%s %s: %w", changes[i].Action, changes[i].Address, err)
		}
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
	case c.Kind != account.Mailbox, c.Action == account.ActionRenamed, c.Action == account.ActionDeleted:
		return backends.ErrUnsupported
	case c.Action == account.ActionCreated:
		return b.create(c)
	case !c.TouchesAccount():
		return nil
	}
	return b.update(c)
}

func (b *Backend) create(c *account.Change) error {
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
	b.writes++
	a := account.Account{Address: c.Address, Kind: account.Mailbox, Active: c.Active, Home: c.Home}
	set(&a.Profile, c)
	b.accounts[c.Address] = a
	b.routes[self] = c.Active
	return nil
}

func (b *Backend) update(c *account.Change) error {
	a, exists := b.accounts[c.Address]
	if !exists || a.Kind != account.Mailbox {
		return backends.ErrNotFound
	}
	b.writes++
	set(&a.Profile, c)
	if c.Disable || c.Enable {
		a.Active = c.Enable
		for _, r := range c.Routes {
			if _, exists := b.routes[r]; exists {
				b.routes[r] = c.Enable
			}
		}
	}
	b.accounts[c.Address] = a
	return nil
}

func set(p *account.Profile, c *account.Change) {
	for _, f := range account.AllFields() {
		if c.Set.Has(f) {
			p[f] = c.Profile[f]
		}
	}
}
