package run

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
)

// homes are mail directories that no new mailbox may get besides those that the mail store knows of: those that this run
// has chosen or taken from an account. A mailbox that is renamed keeps its directory, and one that was deleted leaves it
// behind; whoever gets the address must not read that mail (rule R5).
type homes map[string]struct{}

// take adds a mail directory and reports whether it was free.
func (h homes) take(home string) bool {
	home = backends.NormalHome(home)
	if _, taken := h[home]; taken {
		return false
	}
	h[home] = struct{}{}
	return true
}

// chooseHomes gives the new mailboxes of a batch their mail directories. A creation that is done again has its own
// already.
func (p *Replication) chooseHomes(ctx context.Context, batch []step) error {
	var homeless []*step
	for i := range batch {
		s := &batch[i]
		switch {
		case s.Home != "":
			p.homes.take(s.Home)
		case s.Action == account.ActionCreated && s.Kind == account.Mailbox:
			homeless = append(homeless, s)
		}
	}
	now := p.cfg.Clock()
	for n := 1; len(homeless) > 0; n++ {
		for _, s := range homeless {
			s.Home = p.cfg.Storage.Home(s.Address, now)
			if n > 1 {
				s.Home = p.cfg.Storage.Another(s.Address, now, n)
			}
		}
		taken, err := p.takenHomes(ctx, homeless)
		if err != nil {
			return err
		}
		homeless = slices.DeleteFunc(homeless, func(s *step) bool {
			if s.Link != nil {
				s.Link.Home = s.Home
			}
			return !taken[backends.NormalHome(s.Home)] && p.homes.take(s.Home)
		})
	}
	return nil
}

// takenHomes asks the mail store which of the chosen mail directories a mailbox has, or a deleted one had.
func (p *Replication) takenHomes(ctx context.Context, steps []*step) (map[string]bool, error) {
	list := make([]string, len(steps))
	for i, s := range steps {
		list[i] = s.Home
	}
	limited, _, cancel := withIdleTimeout(ctx)
	defer cancel()
	taken := make(map[string]bool)
	for a, err := range p.cfg.Backend.Accounts(limited, p.domain.Name, backends.Query{Homes: list}) {
		if err != nil {
			return nil, storeProblem(fmt.Errorf("look for mail directories: %w", stopped(limited, err)))
		}
		taken[backends.NormalHome(a.Home)] = true
	}
	return taken, nil
}

// findHomes reads in which mail directory an account lies that changes its address or goes: the claim needs it to tell the
// account from another that has or had the address.
func (p *Replication) findHomes(ctx context.Context, batch []step) error {
	homeless := make(map[string]*step)
	for i := range batch {
		s := &batch[i]
		if s.Home == "" && (s.Action == account.ActionRenamed || s.Action == account.ActionDeleted) {
			homeless[s.Address] = s
		}
	}
	if len(homeless) > 0 {
		limited, _, cancel := withIdleTimeout(ctx)
		defer cancel()
		query := backends.Query{Addresses: slices.Sorted(maps.Keys(homeless))}
		for a, err := range p.cfg.Backend.Accounts(limited, p.domain.Name, query) {
			if err != nil {
				return storeProblem(fmt.Errorf("look up accounts to change: %w", stopped(limited, err)))
			}
			if s := homeless[a.Address]; s != nil {
				s.Home = a.Home
			}
		}
	}
	for i := range batch {
		s := &batch[i]
		if s.Link != nil && (s.Action == account.ActionRenamed || s.Action == account.ActionDeleted) {
			s.Link.Home = s.Home
		}
	}
	return nil
}
