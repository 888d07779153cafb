package openldap

import (
	"context"
	"fmt"
	"slices"

	"github.com/go-ldap/ldap/v3"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// aliasDomains are the other names of a domain. Mail for an account reaches it under one of them only where the account has an additional
// address of its own there.
type aliasDomains []string

// aliasDomains reads the alias domains of a domain (domainAliasName), whether they are in use at present or not.
func (b *Backend) aliasDomains(ctx context.Context, domain string) (aliasDomains, error) {
	e, err := b.entry(ctx, b.domainDN(domain), "domainAliasName")
	if err != nil || e == nil {
		return nil, err
	}
	return lowered(e.GetAttributeValues("domainAliasName")), nil
}

// of returns what an address is called in the alias domains.
func (d aliasDomains) of(addresses ...string) (all []string) {
	for _, address := range addresses {
		for _, name := range d {
			all = append(all, account.LocalPart(address)+"@"+name)
		}
	}
	return all
}

// takenIn returns who has the addresses in the alias domains.
func (b *Backend) takenIn(ctx context.Context, d aliasDomains, addresses []string) (map[string]occupant, error) {
	if len(d) == 0 {
		return nil, nil
	}
	held, err := b.occupants(ctx, d.of(addresses...))
	if err != nil {
		return nil, fmt.Errorf("look for addresses in alias domains: %w", err)
	}
	return held, nil
}

// free returns what an address is called in the alias domains, but for what somebody else has.
func (d aliasDomains) free(address string, held map[string]occupant) []string {
	return slices.DeleteFunc(d.of(address), func(a string) bool { return held[a].dn != "" })
}

// carried are the additional addresses in the alias domains that a mailbox has because of the address that it leaves.
func (m *pendingMove) carried(d aliasDomains, from string) []string {
	return slices.DeleteFunc(d.of(from, m.Address), func(a string) bool { return !slices.Contains(m.shadows, a) })
}

// leaveAliases takes away the additional addresses in the alias domains that go with an address which the entry has left.
func (b *Backend) leaveAliases(ctx context.Context, m *pendingMove, d aliasDomains, from string) error {
	gone := m.carried(d, from)
	slices.Sort(gone)
	gone = slices.DeleteFunc(slices.Compact(gone), func(a string) bool { return account.LocalPart(a) == account.LocalPart(m.mail) })
	if len(gone) == 0 {
		return nil
	}
	m.shadows = slices.DeleteFunc(m.shadows, func(a string) bool { return slices.Contains(gone, a) })
	return m.settle(b.pool.use(ctx, func(conn *ldap.Conn) error { return changeValues(conn, m.dn, "shadowAddress", gone, false) }))
}

// leaveAllAliases does so for those whose renaming was cut off behind their move: somebody else may get these addresses now.
func (b *Backend) leaveAllAliases(ctx context.Context, movers []*pendingMove, d aliasDomains) error {
	for _, m := range movers {
		if m.mail == m.Address {
			continue
		}
		if err := b.leaveAliases(ctx, m, d, m.Address); err != nil {
			return err
		}
	}
	return nil
}
