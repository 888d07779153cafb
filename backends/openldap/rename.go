package openldap

import (
	"context"
	"fmt"
	"slices"

	"github.com/go-ldap/ldap/v3"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
)

// mover is a mailbox on its way to a new address, and where it has got to.
type mover struct {
	step
	occupant
}

// rename gives mailboxes their new addresses (rule R8). Swaps and chains go through an address of their own in
// between, so that a mailbox whose renaming was cut off stands at its old address, at that one, or at the new one.
// Each move is made in this order: the entry receives mail for the new address too; then whatever names it follows;
// then it takes the address for its own. An entry that has an address is thus done with all that leads there.
func (b *Backend) rename(ctx context.Context, steps []step) error {
	if len(steps) == 0 {
		return nil
	}
	movers, err := b.findMovers(ctx, steps)
	if err != nil {
		return err
	}
	if err := b.refuseTaken(ctx, movers); err != nil {
		return err
	}
	if err := b.updateMovers(ctx, movers); err != nil {
		return err
	}
	var moves []account.Move
	at := make(map[string]*mover)
	for _, m := range underWay(movers) {
		at[m.mail] = m
		moves = append(moves, account.Move{From: m.mail, To: m.NewAddress})
	}
	for _, pass := range account.Passes(moves) {
		if err := b.pass(ctx, pass, at); err != nil {
			return err
		}
	}
	return b.tidy(ctx, movers)
}

// findMovers finds each mailbox by its mail directory, at whichever address it is now.
func (b *Backend) findMovers(ctx context.Context, steps []step) ([]*mover, error) {
	var addresses, homes []string
	for _, s := range steps {
		addresses = append(addresses, s.Address, s.NewAddress)
		if s.Kind == account.Alias {
			addresses = append(addresses, account.Aside(account.Move{From: s.Address, To: s.NewAddress}))
		} else {
			homes = append(homes, s.Home)
		}
	}
	byAddress, err := b.occupants(ctx, addresses)
	if err != nil {
		return nil, err
	}
	astray, err := b.find(ctx, b.base, homes, []string{"homeDirectory"},
		[]string{"objectClass", "mail", "shadowAddress", "homeDirectory", "uid"})
	if err != nil {
		return nil, fmt.Errorf("look for mail directories: %w", err)
	}
	byHome := make(map[string]occupant)
	for _, e := range astray {
		o := occupantOf(e)
		byHome[o.home] = o
	}
	for _, o := range byAddress {
		byHome[o.home] = o
	}
	var movers []*mover
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
		movers = append(movers, &mover{s, o})
	}
	return movers, nil
}

// aliasAt finds an alias at its old address, on its way, or at the new one.
func aliasAt(byAddress map[string]occupant, s step) (occupant, bool) {
	way := account.Aside(account.Move{From: s.Address, To: s.NewAddress})
	for _, address := range []string{way, s.Address, s.NewAddress} {
		if o, found := byAddress[address]; found && o.kind == account.Alias && o.mail == address {
			return o, true
		}
	}
	return occupant{}, false
}

// underWay are the movers that are not refused and not where they belong yet.
func underWay(movers []*mover) []*mover {
	return slices.DeleteFunc(slices.Clone(movers), func(m *mover) bool {
		return *m.result != nil || m.mail == m.NewAddress
	})
}

// refuseTaken refuses renamings to an address that something else has and does not leave. A refusal may take away the
// room that another needs.
func (b *Backend) refuseTaken(ctx context.Context, movers []*mover) error {
	for {
		left := underWay(movers)
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

// updateMovers makes the rest of each change where the mailbox is now.
func (b *Backend) updateMovers(ctx context.Context, movers []*mover) error {
	where := make(map[string]string)
	var steps []step
	for _, m := range movers {
		if *m.result == nil && (m.Set != 0 || m.Disable || m.Enable) {
			where[m.Address] = m.dn
			steps = append(steps, m.step)
		}
	}
	return b.update(ctx, steps, where)
}

// pass makes moves that all have room where they go.
func (b *Backend) pass(ctx context.Context, moves []account.Move, at map[string]*mover) error {
	becomes := make(map[string]string)
	var going []account.Move
	for _, move := range moves {
		m := at[move.From]
		if m == nil || *m.result != nil {
			continue
		}
		if err := b.receive(ctx, m, move.To); err != nil {
			return err
		}
		if *m.result == nil {
			becomes[move.From] = move.To
			// A renaming that was cut off may have brought what names the entry further than the entry.
			if between := account.Aside(account.Move{From: m.Address, To: m.NewAddress}); between != move.To {
				becomes[between] = move.To
			}
			becomes[normalDN(m.dn)] = b.moved(m.dn, move.To)
			going = append(going, move)
		}
	}
	if err := b.follow(ctx, becomes); err != nil {
		return err
	}
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
			at[m.mail] = m
		}
	}
	return nil
}

// receive has the entry get mail for an address that it will have.
func (b *Backend) receive(ctx context.Context, m *mover, address string) error {
	request := ldap.NewModifyRequest(m.dn, nil)
	request.Add("shadowAddress", []string{address})
	err := b.pool.use(ctx, func(conn *ldap.Conn) error { return conn.Modify(request) })
	if code(err, ldap.LDAPResultAttributeOrValueExists) {
		err = nil
	}
	m.shadows = append(m.shadows, address)
	return m.settle(err)
}

// tidy brings the values that repeat the address in step, at the end of a renaming or after one that was cut off.
func (b *Backend) tidy(ctx context.Context, movers []*mover) error {
	var steps []step
	byAddress := make(map[string]*mover)
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
			if extra == m.mail || account.IsAside(extra) {
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

func normalDN(dn string) string { return lowered([]string{dn})[0] }
