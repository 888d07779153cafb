package run

import (
	"context"
	"fmt"
	"slices"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/plan"
	"github.com/mailpanel/account-resource/backends"
)

// present is what the mail store has at the addresses of links, and in their mail directories.
type present struct {
	byAddress map[string]account.Account
	byHome    map[string]account.Account
}

// of returns the accounts that may be a link's.
func (here *present) of(l *account.Link) (accounts []account.Account) {
	for _, address := range plan.AddressesOf(l) {
		if a, exists := here.byAddress[address]; exists {
			accounts = append(accounts, a)
		}
	}
	if a, exists := here.byHome[account.NormalHome(l.Home)]; exists && l.Home != "" &&
		!slices.ContainsFunc(accounts, func(b account.Account) bool { return b.Address == a.Address }) {
		accounts = append(accounts, a)
	}
	return accounts
}

// lookUp asks the mail store for the accounts of links, by address and by mail directory.
func (p *Replication) lookUp(ctx context.Context, links []*account.Link) (*present, error) {
	var addresses, homes []string
	for _, l := range links {
		addresses = append(addresses, plan.AddressesOf(l)...)
		if l.Home != "" {
			homes = append(homes, l.Home)
		}
	}
	here := &present{byAddress: make(map[string]account.Account), byHome: make(map[string]account.Account)}
	if len(homes) > 0 {
		if err := p.accounts(ctx, backends.Query{Homes: homes}, func(a account.Account) {
			if account.DomainOf(a.Address) == p.domain.Name {
				addresses = append(addresses, a.Address)
			}
		}); err != nil {
			return nil, err
		}
	}
	addresses = slices.DeleteFunc(addresses, func(a string) bool { return a == "" })
	slices.Sort(addresses)
	err := p.accounts(ctx, backends.Query{Addresses: slices.Compact(addresses), Members: true}, func(a account.Account) {
		here.byAddress[a.Address] = a
		if a.Kind == account.Mailbox && a.Home != "" {
			here.byHome[account.NormalHome(a.Home)] = a
		}
	})
	return here, err
}

// accounts reads accounts of the domain.
func (p *Replication) accounts(ctx context.Context, q backends.Query, each func(account.Account)) error {
	limited, reset, cancel := withIdleTimeout(ctx)
	defer cancel()
	domain := p.res.Settings.Connection.Domain
	for a, err := range p.cfg.Backend.Accounts(limited, domain, q) {
		if err != nil {
			return storeProblem(fmt.Errorf("read the accounts of %s: %w", domain, stopped(limited, err)))
		}
		reset()
		each(a)
	}
	return nil
}
