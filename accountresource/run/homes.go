package run

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
)

// homes gives new mailboxes their mail directories, and never one that another mailbox has. That can only happen
// where the host's rule puts no time into the path: a renamed account keeps its directory, and whoever gets its old
// address must not read its mail.
type homes struct {
	storage backends.Storage
	now     time.Time
	taken   map[string]struct{} // nil where the time keeps directories apart
}

func newHomes(s backends.Storage, now time.Time) *homes {
	h := &homes{storage: s, now: now}
	if !s.AppendTimestamp {
		h.taken = make(map[string]struct{})
	}
	return h
}

func (h *homes) add(home string) {
	if h.taken != nil {
		h.taken[home] = struct{}{}
	}
}

func (h *homes) choose(address string) string {
	home := h.storage.Home(address, h.now)
	if _, taken := h.taken[home]; taken {
		apart := h.storage
		apart.AppendTimestamp = true
		home = apart.Home(address, h.now)
	}
	return home
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
		limited, _, cancel := patient(ctx)
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
