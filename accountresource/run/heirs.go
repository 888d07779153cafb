package run

import (
	"context"
	"fmt"
	"slices"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
)

// holder is the account that has an address now: the source object that it is linked to, where it is, and its mail
// directory, where that is known.
type holder struct {
	source account.SourceID
	home   string
}

// is reports whether the account is that of a task.
func (h holder) is(a *Affected) bool {
	return (h.source == "" || h.source == a.Source) &&
		(h.home == "" || a.Home == "" || account.NormalHome(h.home) == account.NormalHome(a.Home))
}

// holders returns the accounts that have the addresses of tasks that earlier runs left.
func (p *Replication) holders(ctx context.Context, tasks []Task) (map[string]holder, error) {
	byDomain := make(map[string][]string)
	for i := range tasks {
		for _, a := range tasks[i].Accounts {
			for _, address := range []string{a.Address, a.NewAddress} {
				if p.isOld(&tasks[i]) && address != "" && !account.IsTempAddress(address) {
					byDomain[account.DomainOf(address)] = append(byDomain[account.DomainOf(address)], address)
				}
			}
		}
	}
	held := make(map[string]holder)
	limited, reset, cancel := withIdleTimeout(ctx)
	defer cancel()
	for domain, list := range byDomain {
		slices.Sort(list)
		list = slices.Compact(list)
		for a, err := range p.cfg.Backend.Accounts(limited, domain, backends.Query{Addresses: list}) {
			if err != nil {
				return nil, storeProblem(fmt.Errorf("look who has the addresses: %w", stopped(limited, err)))
			}
			reset()
			if a.Kind != account.Reserved {
				held[a.Address] = holder{home: a.Home}
			}
		}
		links, err := p.cfg.Links.At(ctx, list)
		if err != nil {
			return nil, fmt.Errorf("look who has the addresses: %w", err)
		}
		for i := range links {
			if _, there := held[links[i].Address]; there {
				held[links[i].Address] = holder{source: links[i].Source, home: links[i].Home}
			}
		}
	}
	return held, nil
}

// heirless divides the accounts of a queue's first task into those whose data is still to follow or go, and those of which
// another account has an address now: what is there may be that one's. One whose own data is still to come there, by this
// task or a later one, has none there yet.
func heirless(queue []Task, holders map[string]holder) (accounts, dropped []Affected) {
	comes := func(h holder, address string) bool {
		return slices.ContainsFunc(queue, func(t Task) bool {
			return slices.ContainsFunc(t.Accounts, func(a Affected) bool { return a.NewAddress == address && h.is(&a) })
		})
	}
	for _, a := range queue[0].Accounts {
		inherited := func(address string) bool {
			h, held := holders[address]
			return held && !h.is(&a) && !comes(h, address)
		}
		if inherited(a.Address) || a.NewAddress != "" && inherited(a.NewAddress) {
			dropped = append(dropped, a)
		} else {
			accounts = append(accounts, a)
		}
	}
	return accounts, dropped
}

// logDropped says whose data stays where it is.
func (p *Replication) logDropped(ctx context.Context, t *Task, dropped []Affected) error {
	if len(dropped) == 0 {
		return nil
	}
	return p.logTask(ctx, t, account.ActionIgnored, "reason_application_heir", dropped)
}
