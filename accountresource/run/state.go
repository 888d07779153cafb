package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
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

// planner begins the plan with what is here. For a delta that is what has to do with its objects, so that the run costs what
// changed; where that is not enough, or d is nil, it is all of the domain.
func (p *Replication) planner(ctx context.Context, reader Reader, d *delta, mayWrite bool) (*plan.Planner, error) {
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
		Now:          p.cfg.Clock(),
		Incremental:  d != nil,
		Since:        p.since(),
		Canonical:    p.cfg.Backend.Canonical,
		Groups:       groupPolicy(&p.res.Settings),
		Removal:      p.removalPolicy(),
	}
	state, err := p.stateOf(ctx, reader, d)
	if errors.Is(err, errAllNeeded) {
		state, err = p.wholeState(ctx, reader, mayWrite)
	}
	if err != nil {
		return nil, err
	}
	return plan.New(*p.policy, state), nil
}

// wholeState reads the links, whose claims are settled first, and the accounts of the domain.
func (p *Replication) wholeState(ctx context.Context, reader Reader, mayWrite bool) (*plan.State, error) {
	state := plan.NewState(p.res.ID)
	if err := p.readLinks(ctx, reader, state, mayWrite); err != nil {
		return nil, err
	}
	err := p.accounts(ctx, backends.Query{Members: p.res.Settings.Replication.Groups, Mend: mayWrite}, func(a account.Account) {
		if !p.cfg.Storage.AppendTimestamp {
			p.maildirs.take(a.Home) // also one in upper case, which not every mail store finds
		}
		state.AddAccount(a)
	})
	return state, err
}

// mostAsked is the number of objects up to which their links and accounts are asked for instead of all.
const mostAsked = 1000

// errAllNeeded says that all links and accounts have to be read.
var errAllNeeded = errors.New("all links and accounts have to be read")

// stateOf reads the links and accounts of the objects of a delta, what stands at the addresses that they are to have, and the
// groups whose aliases may change with them. It returns errAllNeeded where more has to be known: a claim is left, there is too
// much, or mail directories are told apart by their names alone.
func (p *Replication) stateOf(ctx context.Context, reader Reader, d *delta) (*plan.State, error) {
	if d == nil || len(d.users)+len(d.missing) > mostAsked || !p.cfg.Storage.AppendTimestamp {
		return nil, errAllNeeded
	}
	loaded := newLoader(p, reader)
	claims, err := p.cfg.Links.Claims(ctx, p.res.ID, p.domain.Name)
	if err != nil {
		return nil, fmt.Errorf("read the claims of other resources: %w", err)
	}
	for i := range claims {
		loaded.state.AddLink(claims[i])
	}
	sources := slices.AppendSeq(slices.Clone(d.missing), maps.Keys(p.unshown)) // these stay members
	var addresses []string
	for i := range d.users {
		sources = append(sources, d.users[i].ID)
		addresses = append(addresses, p.hosted(d.users[i].Mail)...)
	}
	for _, h := range p.kept {
		if h.Decision == PutAway {
			addresses = append(addresses, account.AsideAddresses(h.Address)...)
		}
	}
	if err := loaded.load(ctx, sources, addresses); err != nil {
		return nil, err
	}
	if len(d.users)+len(d.missing) >= plan.FewestForPercent { // the guard compares with all
		n, err := p.cfg.Links.Count(ctx, p.res.ID)
		if err != nil {
			return nil, fmt.Errorf("count the links: %w", err)
		}
		loaded.state.SetLinked(n)
	}
	if !p.res.Settings.Replication.Groups {
		return loaded.state, nil
	}
	c, err := p.findConcerned(ctx, d, loaded)
	d.concerned = c
	return loaded.state, err
}

// hosted returns those of the texts that are addresses of the target domain.
func (p *Replication) hosted(texts []string) (addresses []string) {
	for _, text := range texts {
		if address, _ := account.ParseRecipient(text); account.DomainOf(address) == p.res.Settings.Connection.Domain {
			addresses = append(addresses, address)
		}
	}
	return addresses
}

// loader adds to a state what is asked for, each link and account once.
type loader struct {
	run       *Replication
	reader    Reader
	state     *plan.State
	links     map[account.SourceID]account.Link
	asked     map[account.SourceID]bool
	addresses map[string]bool
}

func newLoader(p *Replication, reader Reader) *loader {
	return &loader{
		run: p, reader: reader, state: plan.NewState(p.res.ID), links: make(map[account.SourceID]account.Link),
		asked: make(map[account.SourceID]bool), addresses: make(map[string]bool),
	}
}

// load reads the links of objects, and the accounts that they lead to and that stand at the addresses, with whoever is linked to
// them. It returns errAllNeeded where one of the links is a claim, which is to be settled first.
func (l *loader) load(ctx context.Context, ids []account.SourceID, addresses []string) error {
	p := l.run
	ids = fresh(l.asked, ids)
	links, err := p.cfg.Links.Of(ctx, p.res.ID, ids)
	if err != nil {
		return fmt.Errorf("read the links of %d objects: %w", len(ids), err)
	}
	elsewhere, err := p.cfg.Links.Elsewhere(ctx, p.res.ID, p.domain.Name, ids)
	if err != nil {
		return fmt.Errorf("look for %d objects in other resources: %w", len(ids), err)
	}
	links = append(links, elsewhere...)
	addresses = slices.Clone(addresses)
	for i := range links {
		addresses = append(addresses, plan.AddressesOf(&links[i])...)
	}
	if addresses = fresh(l.addresses, addresses); len(addresses) == 0 {
		return nil
	}
	owners, err := p.cfg.Links.At(ctx, addresses)
	if err != nil {
		return fmt.Errorf("read the links of %d addresses: %w", len(addresses), err)
	}
	var released []account.Link
	seen := make(map[account.SourceID]bool)
	for _, link := range slices.Concat(links, owners) {
		if link.Resource == p.res.ID && link.Released {
			if !seen[link.Source] {
				released = append(released, link)
			}
			seen[link.Source] = true
			continue
		}
		if link.Resource == p.res.ID {
			if link.State != account.Confirmed {
				return errAllNeeded
			}
			l.links[link.Source], l.asked[link.Source] = link, true
		}
		l.state.AddLink(link)
	}
	if err := p.addReleased(ctx, l.reader, l.state, released); err != nil {
		return err
	}
	for _, link := range released {
		if p.overdue[link.Source] {
			l.links[link.Source], l.asked[link.Source] = link, true
		}
	}
	query := backends.Query{Addresses: addresses, Members: p.res.Settings.Replication.Groups}
	return p.accounts(ctx, query, l.state.AddAccount)
}

// fresh returns those of the values that were not asked for before, each once, and notes them.
func fresh[T cmp.Ordered](asked map[T]bool, values []T) (unasked []T) {
	for _, v := range values {
		if !asked[v] {
			asked[v] = true
			unasked = append(unasked, v)
		}
	}
	return unasked
}
