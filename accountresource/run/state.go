package run

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/plan"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/backends"
)

// readDomain asks the mail store for the target domain, and refuses one that has no mailboxes here.
func (p *Replication) readDomain(ctx context.Context) (err error) {
	name := p.res.Settings.Connection.Domain
	ctx, _, cancel := withIdleTimeout(ctx)
	defer cancel()
	p.domain, err = p.cfg.Backend.Domain(ctx, name)
	switch {
	case errors.Is(err, backends.ErrNotFound) || err == nil && p.domain.BackupMX:
		return resource.NewProblem("domain", "domain_not_hosted", err, "Domain", name)
	case err != nil:
		return storeProblem(fmt.Errorf("read domain %s: %w", name, stopped(ctx, err)))
	}
	return nil
}

// stillHosted is readDomain for a run that has nothing to do: it does not count what is in the domain.
func (p *Replication) stillHosted(ctx context.Context) error {
	const alike = 100
	name := p.res.Settings.Connection.Domain
	limited, _, cancel := withIdleTimeout(ctx)
	defer cancel()
	hosted, err := p.cfg.Backend.Domains(limited, name, alike)
	switch {
	case err != nil:
		return storeProblem(fmt.Errorf("look for domain %s: %w", name, stopped(limited, err)))
	case slices.Contains(hosted, name):
		return nil
	}
	return p.readDomain(ctx)
}

// planner begins the plan with what is here. For a delta that concerns no alias that is what has to do with its objects, so
// that the run costs what changed; else it is all of the domain.
func (p *Replication) planner(ctx context.Context, d *delta, mayWrite bool) (*plan.Planner, error) {
	if err := p.readDomain(ctx); err != nil {
		return nil, err
	}
	users := &p.res.Settings.Users
	p.policy = &plan.Policy{
		Resource:     p.res.ID,
		Domain:       p.domain,
		Mapped:       users.Mapped(),
		Attribute:    users.Attribute,
		Stored:       p.cfg.Backend.Fields(),
		FollowStatus: users.Status != "",
		LinkExisting: p.res.Settings.Replication.ExistingAccounts == resource.LinkExisting,
		Incremental:  d != nil,
		Since:        p.since(),
		Canonical:    p.cfg.Backend.Canonical,
		Groups:       groupPolicy(&p.res.Settings),
		Removal:      p.removalPolicy(),
	}
	state, err := p.stateOf(ctx, d)
	if err == nil && state == nil {
		state, err = p.wholeState(ctx, mayWrite)
	}
	if err != nil {
		return nil, err
	}
	return plan.New(*p.policy, state), nil
}

// wholeState reads the links, whose claims are settled first, and the accounts of the domain.
func (p *Replication) wholeState(ctx context.Context, mayWrite bool) (*plan.State, error) {
	links, err := p.readLinks(ctx, mayWrite)
	if err != nil {
		return nil, err
	}
	state := plan.NewState(p.res.ID)
	for _, l := range links {
		state.AddLink(l)
	}
	err = p.accounts(ctx, backends.Query{Members: p.res.Settings.Replication.Groups}, func(a account.Account) {
		if !p.cfg.Storage.AppendTimestamp {
			p.maildirs.take(a.Home) // also one in upper case, which not every mail store finds
		}
		state.AddAccount(a)
	})
	return state, err
}

// mostAsked is the number of objects up to which their links and accounts are asked for instead of all.
const mostAsked = 1000

// stateOf reads the links and accounts of the objects of a delta, and what stands at the addresses that they are to have. It
// returns nil where more has to be known: an alias may change, a claim is left, or mail directories are told apart by their
// names alone.
func (p *Replication) stateOf(ctx context.Context, d *delta) (*plan.State, error) {
	groups := p.res.Settings.Replication.Groups
	if d == nil || d.groups || groups && len(d.missing) > 0 || len(d.users)+len(d.missing) > mostAsked || !p.cfg.Storage.AppendTimestamp {
		return nil, nil //nolint:nilnil // it is not enough
	}
	sources := slices.Clone(d.missing)
	var addresses []string
	for i := range d.users {
		sources = append(sources, d.users[i].ID)
		for _, text := range d.users[i].Mail {
			if address, _ := account.ParseAddress(text); address != "" {
				addresses = append(addresses, address)
			}
		}
	}
	links, err := p.cfg.Links.Of(ctx, p.res.ID, sources)
	if err != nil {
		return nil, fmt.Errorf("read the links of %d objects: %w", len(sources), err)
	}
	for i := range links {
		addresses = append(addresses, plan.AddressesOf(&links[i])...)
	}
	slices.Sort(addresses)
	addresses = slices.Compact(addresses)
	owners, err := p.cfg.Links.At(ctx, addresses)
	if err != nil {
		return nil, fmt.Errorf("read the links of %d addresses: %w", len(addresses), err)
	}
	state := plan.NewState(p.res.ID)
	for _, l := range slices.Concat(links, owners) {
		if l.Resource == p.res.ID && l.State != account.Confirmed {
			return nil, nil //nolint:nilnil // its claim is to be settled first
		}
		state.AddLink(l)
	}
	if len(d.missing) > 0 { // the guard compares with all
		n, err := p.cfg.Links.Count(ctx, p.res.ID)
		if err != nil {
			return nil, fmt.Errorf("count the links: %w", err)
		}
		state.SetLinked(n)
	}
	if len(addresses) > 0 { // none asks for all
		if err := p.accounts(ctx, backends.Query{Addresses: addresses}, state.AddAccount); err != nil {
			return nil, err
		}
	}
	if groups && p.mayChangeMembers(d, state) {
		return nil, nil //nolint:nilnil // the groups are read
	}
	return state, nil
}

// mayChangeMembers reports whether the objects of a delta may alter the members of an alias.
func (p *Replication) mayChangeMembers(d *delta, state *plan.State) bool {
	tried := plan.New(*p.policy, state)
	for i := range d.users {
		tried.Add(d.users[i])
	}
	return tried.MembershipMayChange()
}
