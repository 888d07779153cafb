package run

import (
	"context"
	"hash/maphash"
	"maps"
	"slices"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
)

// maildirs are mail directories that no new mailbox may get besides those that the mail store knows of: those that this run
// has chosen or taken from an account. A mailbox that is renamed keeps its directory, and one that was deleted leaves it
// behind; whoever gets the address must not read that mail (rule R5).
// Each costs a hash of 64 bits: where two had the same, a new one would have another name than it could have.
type maildirs struct {
	seed   maphash.Seed
	hashes map[uint64]struct{}
}

func newMaildirs() maildirs {
	return maildirs{seed: maphash.MakeSeed(), hashes: make(map[uint64]struct{})}
}

// take adds a mail directory and reports whether it was free.
func (h maildirs) take(home string) bool {
	hash := maphash.String(h.seed, account.NormalHome(home))
	_, taken := h.hashes[hash]
	h.hashes[hash] = struct{}{}
	return !taken
}

// chooseHomes gives the new mailboxes of a batch their mail directories. A creation that is done again has its own
// already.
func (p *Replication) chooseHomes(ctx context.Context, batch []step) error {
	var homeless []*step
	for i := range batch {
		s := &batch[i]
		switch {
		case s.Verb == account.Update: // the mail store knows of it
		case s.Home != "":
			p.maildirs.take(s.Home)
		case s.Verb == account.Create && s.Kind == account.Mailbox:
			homeless = append(homeless, s)
		}
	}
	now, storage := p.cfg.Clock(), p.cfg.Storage.Under(p.domain.StorageBase)
	for n := 1; len(homeless) > 0; n++ {
		for _, s := range homeless {
			s.Home = storage.Home(s.Address, now)
			if n > 1 {
				s.Home = storage.Another(s.Address, now, n)
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
			return !taken[account.NormalHome(s.Home)] && p.maildirs.take(s.Home)
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
	taken := make(map[string]bool)
	err := p.accounts(ctx, backends.Query{Homes: list}, func(a account.Account) { taken[account.NormalHome(a.Home)] = true })
	return taken, err
}

// identify reads in which mail directory an account lies that is linked, or is renamed or deleted before its link knew:
// the link needs it to tell the account from another that has or had the address.
func (p *Replication) identify(ctx context.Context, batch []step) error {
	unknown := make(map[string]*step)
	for i := range batch {
		s := &batch[i]
		if s.Link != nil && s.Kind == account.Mailbox && s.Home == "" &&
			(s.Action == account.ActionLinked || s.Verb == account.Rename || s.Verb == account.Delete) {
			unknown[s.Address] = s
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	return p.accounts(ctx, backends.Query{Addresses: slices.Sorted(maps.Keys(unknown))}, func(a account.Account) {
		if s := unknown[a.Address]; s != nil {
			s.Home, s.Link.Home, s.Link.Made = a.Home, a.Home, a.Made
		}
	})
}
