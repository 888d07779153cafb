package openldap

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/go-ldap/ldap/v3"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
)

// pass makes moves that all have room where they go.
func (b *Backend) pass(ctx context.Context, moves []account.Move, at map[string]*pendingMove) error {
	becomes := make(map[string]string)
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
		if err := b.receive(ctx, m, move.To); err != nil {
			return err
		}
		if *m.result == nil {
			becomes[move.From] = move.To
			// A renaming that was cut off may have brought what names the entry further than the entry.
			if between := m.between(); between != move.To {
				becomes[between] = move.To
			}
			becomes[normalizeDN(m.dn)] = b.moved(m.dn, move.To)
			going = append(going, move)
		}
	}
	refused, err := b.follow(ctx, becomes)
	if err != nil {
		return err
	}
	going = slices.DeleteFunc(going, func(move account.Move) bool {
		m := at[move.From]
		if err := cmp.Or(refused[move.From], refused[m.between()], refused[normalizeDN(m.dn)]); err != nil {
			*m.result = fmt.Errorf("rename %s with all that names it: %w", m.Address, err)
		}
		return *m.result != nil
	})
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
		}
		at[m.mail] = m
	}
	return nil
}

// between is the address on the way from one to the other.
func (m *pendingMove) between() string {
	return account.TempAddress(account.Move{From: m.Address, To: m.NewAddress})
}

// receive has the entry get mail for an address that it will have.
func (b *Backend) receive(ctx context.Context, m *pendingMove, address string) error {
	request := ldap.NewModifyRequest(m.dn, nil)
	request.Add("shadowAddress", []string{address})
	err := b.pool.use(ctx, func(conn *ldap.Conn) error { return conn.Modify(request) })
	if code(err, ldap.LDAPResultAttributeOrValueExists) {
		err = nil
	}
	m.shadows = append(m.shadows, address)
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
			if extra == m.mail || account.IsTempAddress(extra) {
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
