package openldap

import (
	"context"
	"fmt"
	"slices"

	"github.com/go-ldap/ldap/v3"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
)

// pendingMove is a mailbox on its way to a new address, and where it has got to.
type pendingMove struct {
	step
	occupant
}

// rename gives mailboxes their new addresses (rule R8). Swaps and chains go through an address of their own in
// between, so that a mailbox whose renaming was cut off stands at its old address, at that one, or at the new one.
// Each move is made in this order: the entry receives mail for the new address too; then whatever names it follows;
// then it takes the address for its own. An entry that has an address is thus done with all that leads there. Values come
// last, so that a rename that was cut off shows none of them before its address.
func (b *Backend) rename(ctx context.Context, steps []step, others aliasDomains) error {
	if len(steps) == 0 {
		return nil
	}
	movers, err := b.findMoves(ctx, steps)
	if err != nil {
		return err
	}
	if err := b.refuseTaken(ctx, movers); err != nil {
		return err
	}
	if err := b.leaveAllAliases(ctx, movers, others); err != nil {
		return err
	}
	var moves []account.Move
	at := make(map[string]*pendingMove)
	for _, m := range unfinished(movers) {
		at[m.mail] = m
		moves = append(moves, account.Move{From: m.mail, To: m.NewAddress})
	}
	for _, pass := range account.RenamePhases(moves) {
		if err := b.pass(ctx, pass, at, others); err != nil {
			return err
		}
	}
	if err := b.finish(ctx, movers); err != nil {
		return err
	}
	return b.updateMoved(ctx, movers)
}

// findMoves finds each mailbox by its mail directory, at whichever address it is now.
func (b *Backend) findMoves(ctx context.Context, steps []step) ([]*pendingMove, error) {
	var addresses, homes []string
	for _, s := range steps {
		addresses = append(addresses, backends.Stations(s.Operation)...)
		if s.Kind == account.Alias {
			addresses = append(addresses, account.TempAddress(account.Move{From: s.Address, To: s.NewAddress}))
		} else {
			homes = append(homes, s.Home)
		}
	}
	byAddress, err := b.occupants(ctx, addresses)
	if err != nil {
		return nil, err
	}
	byHomeDir, err := b.find(ctx, b.base, homes, []string{"homeDirectory"},
		[]string{"objectClass", "mail", "shadowAddress", "homeDirectory", "uid"})
	if err != nil {
		return nil, fmt.Errorf("look for mail directories: %w", err)
	}
	byHome := make(map[string]occupant)
	for _, e := range byHomeDir {
		o := occupantOf(e)
		byHome[o.home] = o
	}
	for _, o := range byAddress {
		byHome[o.home] = o
	}
	var movers []*pendingMove
	for _, s := range steps {
		o, found := byHome[s.Home]
		if s.Kind == account.Alias { // it has no mail directory: its address tells
			o, found = aliasAt(byAddress, s)
		}
		if s.Kind == account.Mailbox && s.Home == "" {
			*s.result = fmt.Errorf("rename %s: its entry has no homeDirectory to know it by", s.Address)
			continue
		}
		if !found || o.kind != s.Kind {
			*s.result = fmt.Errorf("rename %s: %w", s.Address, backends.ErrNotFound)
			continue
		}
		movers = append(movers, &pendingMove{s, o})
	}
	return movers, nil
}

// aliasAt finds an alias on its way, or at one of its stations.
func aliasAt(byAddress map[string]occupant, s step) (occupant, bool) {
	way := account.TempAddress(account.Move{From: s.Address, To: s.NewAddress})
	for _, address := range append([]string{way}, backends.Stations(s.Operation)...) {
		if o, found := byAddress[address]; found && o.kind == account.Alias && o.mail == address {
			return o, true
		}
	}
	return occupant{}, false
}

// unfinished returns the moves that are not refused and not done.
func unfinished(movers []*pendingMove) []*pendingMove {
	return slices.DeleteFunc(slices.Clone(movers), func(m *pendingMove) bool {
		return *m.result != nil || m.mail == m.NewAddress
	})
}

// refuseTaken refuses renamings to an address that something else has and does not leave. A refusal may take away the
// room that another needs.
func (b *Backend) refuseTaken(ctx context.Context, movers []*pendingMove) error {
	for {
		left := unfinished(movers)
		leaving := make(map[string]bool, len(left))
		for _, m := range left {
			leaving[m.mail] = true
		}
		var targets []string
		for _, m := range left {
			if !leaving[m.NewAddress] {
				targets = append(targets, m.NewAddress)
			}
		}
		held, err := b.occupants(ctx, targets)
		if err != nil {
			return err
		}
		refused := false
		for _, m := range left {
			// Its own additional address becomes its main one.
			if o, taken := held[m.NewAddress]; taken && o.dn != m.dn && !leaving[m.NewAddress] {
				*m.result = fmt.Errorf("rename %s to %s: %w", m.Address, m.NewAddress, backends.ErrExists)
				refused = true
			}
		}
		if !refused {
			return nil
		}
	}
}

// updateMoved makes the rest of each operation where the mailbox is now.
func (b *Backend) updateMoved(ctx context.Context, movers []*pendingMove) error {
	where := make(map[string]string)
	var steps []step
	for _, m := range movers {
		if *m.result == nil && m.mail == m.NewAddress && !m.IsEmpty() {
			where[m.NewAddress] = m.dn
			steps = append(steps, m.step)
		}
	}
	return b.inParallel(ctx, steps, func(conn *ldap.Conn, s step) error {
		return b.change(conn, s, where[s.NewAddress])
	})
}
