package openldap

import (
	"context"
	"fmt"
	"slices"

	"github.com/go-ldap/ldap/v3"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
)

// pass makes moves that all have room where they go.
func (b *Backend) pass(ctx context.Context, moves []account.Move, at map[string]*pendingMove, others aliasDomains) error {
	targets := make([]string, len(moves))
	for i, move := range moves {
		targets[i] = move.To
	}
	elsewhere, err := b.takenIn(ctx, others, targets)
	if err != nil {
		return err
	}
	becomes, named := make(map[string]string), make(map[string]*pendingMove)
	var going []account.Move
	for _, move := range moves {
		m := at[move.From]
		if m == nil || *m.result != nil {
			continue
		}
		if at[move.To] != nil { // who was to leave it was refused that
			*m.result = fmt.Errorf("rename %s to %s: %w", m.Address, m.NewAddress, backends.ErrExists)
			continue
		}
		names, receives := m.names(b, move, others, elsewhere)
		if err := b.receive(ctx, m, receives); err != nil {
			return err
		}
		if *m.result == nil {
			for old, name := range names {
				becomes[old], named[old] = name, m
			}
			going = append(going, move)
		}
	}
	refused, err := b.follow(ctx, becomes)
	if err != nil {
		return err
	}
	for old, err := range refused {
		*named[old].result = fmt.Errorf("rename %s with all that names it: %w", named[old].Address, err)
	}
	going = slices.DeleteFunc(going, func(move account.Move) bool { return *at[move.From].result != nil })
	if err := b.renameUsage(ctx, going); err != nil {
		return err
	}
	for _, move := range going {
		m := at[move.From]
		delete(at, move.From)
		err := b.pool.use(ctx, func(conn *ldap.Conn) error {
			return conn.ModifyDN(ldap.NewModifyDNRequest(m.dn, "mail="+ldap.EscapeDN(move.To), true, ""))
		})
		if err := m.settle(err); err != nil {
			return err
		}
		if *m.result == nil {
			m.mail, m.dn = move.To, b.moved(m.dn, move.To)
			if err := b.leaveAliases(ctx, m, others, move.From); err != nil {
				return err
			}
		}
		at[m.mail] = m
	}
	return nil
}

// between is the address on the way from one to the other.
func (m *pendingMove) between() string {
	return account.TempAddress(account.Move{From: m.Address, To: m.NewAddress})
}

// names returns what each name of an entry becomes by a move, and the addresses that the entry gets. What it was called in an alias domain
// where somebody else has the new address becomes the new address itself. A renaming that was cut off may have brought what names the entry
// further than the entry.
func (m *pendingMove) names(
	b *Backend, move account.Move, others aliasDomains, elsewhere map[string]occupant,
) (becomes map[string]string, receives []string) {
	becomes = map[string]string{normalizeDN(m.dn): b.moved(m.dn, move.To)}
	rename := func(old, name string) {
		if old != name {
			becomes[old] = name
		}
	}
	rename(m.between(), move.To)
	rename(move.From, move.To)
	receives = []string{move.To}
	for _, old := range m.carried(others, move.From) {
		domain := "@" + account.DomainOf(old)
		name := account.LocalPart(move.To) + domain
		if o, taken := elsewhere[name]; taken && o.dn != m.dn {
			name = move.To
		} else {
			receives = append(receives, name)
		}
		rename(account.LocalPart(m.between())+domain, name)
		rename(old, name)
	}
	return becomes, receives
}

// receive has the entry get mail for addresses that it will have.
func (b *Backend) receive(ctx context.Context, m *pendingMove, addresses []string) error {
	slices.Sort(addresses)
	addresses = slices.Compact(addresses)
	err := b.pool.use(ctx, func(conn *ldap.Conn) error { return changeValues(conn, m.dn, "shadowAddress", addresses, true) })
	m.shadows = append(m.shadows, addresses...)
	return m.settle(err)
}

// finish brings the values that repeat the address in step, at the end of a renaming or after one that was cut off.
func (b *Backend) finish(ctx context.Context, movers []*pendingMove) error {
	var steps []step
	byAddress := make(map[string]*pendingMove)
	for _, m := range movers {
		if *m.result == nil && m.mail == m.NewAddress {
			steps = append(steps, m.step)
			byAddress[m.NewAddress] = m
		}
	}
	return b.inParallel(ctx, steps, func(conn *ldap.Conn, s step) error {
		m := byAddress[s.NewAddress]
		request := ldap.NewModifyRequest(m.dn, nil)
		if local := account.LocalPart(m.mail); m.uid != local && m.Kind == account.Mailbox {
			request.Replace("uid", []string{local})
		}
		slices.Sort(m.shadows)
		for _, extra := range slices.Compact(m.shadows) {
			if extra == m.mail || account.IsTempAddress(extra) && account.LocalPart(extra) != account.LocalPart(m.mail) {
				request.Delete("shadowAddress", []string{extra})
			}
		}
		if len(request.Changes) == 0 {
			return nil
		}
		return conn.Modify(request)
	})
}

// moved is the DN of an entry whose own part has become another address.
func (b *Backend) moved(dn, address string) string {
	parsed, err := ldap.ParseDN(dn)
	if err != nil || len(parsed.RDNs) == 0 {
		return b.userDN(address)
	}
	rest := &ldap.DN{RDNs: parsed.RDNs[1:]}
	return "mail=" + ldap.EscapeDN(address) + "," + rest.String()
}

func normalizeDN(dn string) string { return lowered([]string{dn})[0] }
