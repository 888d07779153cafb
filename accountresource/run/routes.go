package run

import (
	"context"
	"fmt"
	"slices"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/plan"
	"github.com/mailpanel/account-resource/backends"
)

// lookUp reads what has to be remembered before anything is done: which forwarding rows go off with the accounts to be
// disabled, and in which mail directory an account lies that changes its address or goes.
func (p *Replication) lookUp(ctx context.Context, batch []step) error {
	byAddress := make(map[string]*step)
	query := backends.Query{}
	for i := range batch {
		s := &batch[i]
		homeless := s.Home == "" && (s.Action == account.ActionRenamed || s.Action == account.ActionDeleted)
		if s.Disable || homeless {
			byAddress[s.Address] = s
			query.Addresses = append(query.Addresses, s.Address)
			query.Routes = query.Routes || s.Disable
		}
	}
	if len(byAddress) == 0 {
		return nil
	}
	slices.Sort(query.Addresses)
	limited, _, cancel := patient(ctx)
	defer cancel()
	for a, err := range p.cfg.Backend.Accounts(limited, p.domain.Name, query) {
		if err != nil {
			return storeProblem(fmt.Errorf("look up accounts to change: %w", stopped(limited, err)))
		}
		s := byAddress[a.Address]
		if s == nil || s.Action == account.ActionRenamed && s.Home != "" && s.Home != a.Home {
			continue // it has moved on, and somebody else has the address
		}
		if s.Home == "" && s.Action != account.ActionCreated {
			s.Home = a.Home
		}
		if s.Disable {
			s.routes = append(s.routes, a.Routes...)
		}
	}
	p.remember(batch)
	return nil
}

// remember has the routes that lookUp found go off with their accounts, and leaves with the links what they were, under the
// names that they will have. What a claim remembered is there already. Rows of aliases that follow groups go off and are not
// remembered: whoever comes back may have left the group meanwhile.
func (p *Replication) remember(batch []step) {
	becomes := renamed(batch)
	for i := range batch {
		s := &batch[i]
		var own []account.Route
		for _, r := range s.routes {
			if slices.Contains(s.Routes, r) {
				continue
			}
			s.Routes = append(s.Routes, r)
			if !p.managed[r.Address] {
				own = append(own, r)
			}
		}
		if s.Link == nil {
			continue
		}
		if s.Action == account.ActionRenamed || s.Action == account.ActionDeleted {
			s.Link.Home = s.Home
		}
		if s.Disable {
			s.Link.Suspended = append(slices.Clone(s.Link.Suspended), plan.Follow(own, becomes)...)
			p.links[s.Source] = s.Link
		}
	}
}

// follow has the routes that links have remembered in this run already go by the names that this batch gives to others. The
// plan does so for what was remembered before.
func (p *Replication) follow(batch []step) []step {
	becomes := renamed(batch)
	if len(becomes) == 0 {
		return batch
	}
	for id, link := range p.links {
		if link == nil {
			continue
		}
		routes := plan.Follow(link.Suspended, becomes)
		if slices.Equal(routes, link.Suspended) ||
			slices.ContainsFunc(batch, func(s step) bool { return s.Source == id && !s.linksOnly() }) {
			continue
		}
		link = remembering(link, routes)
		p.links[id] = link
		batch = slices.DeleteFunc(batch, func(s step) bool { return s.Source == id }) // the plan knows less
		batch = append(batch, step{Change: account.Change{
			Kind: link.Kind, Source: id, DN: link.DN, Address: link.Address, Link: link,
		}})
	}
	return batch
}

// unite has what the plan gives a link to remember stand with what the run knows of that: the routes that it found when it
// switched the account off, or a claim that stays as the change failed. Where no link is known, none is written.
func (p *Replication) unite(batch []step) []step {
	var united []step
	for _, s := range batch {
		if link, better := p.links[s.Source]; better && s.linksOnly() {
			if link == nil {
				continue
			}
			s.Link = remembering(link, plan.Union(link.Suspended, s.Link.Suspended))
			p.links[s.Source] = s.Link
		}
		united = append(united, s)
	}
	return united
}

// renamed are the addresses that change in a batch. What was cut off on its way may be named by an address in between.
func renamed(batch []step) map[string]string {
	becomes := make(map[string]string)
	for i := range batch {
		if from, to, ok := batch[i].Moves(); ok {
			becomes[from] = to
			becomes[account.Aside(account.Move{From: batch[i].Address, To: to})] = to
		}
	}
	return becomes
}
