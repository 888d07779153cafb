package openldap

import (
	"context"
	"fmt"

	"github.com/go-ldap/ldap/v3"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
)

// create makes accounts and tells how many. One that is there already with the same mail directory was made by an
// attempt whose answer was lost.
func (b *Backend) create(ctx context.Context, d account.Domain, steps []step, others aliasDomains) (made tally, err error) {
	if len(steps) == 0 {
		return made, nil
	}
	addresses := make([]string, len(steps))
	for i, s := range steps {
		addresses[i] = s.Address
	}
	held, err := b.occupants(ctx, addresses)
	if err != nil {
		return made, err
	}
	var fresh, there []step
	where := make(map[string]string)
	for _, s := range steps {
		switch o, taken := held[s.Address]; {
		case !taken:
			fresh = append(fresh, s)
		case s.Kind == account.Alias && o.kind == s.Kind && o.mail == s.Address: // it gets the members that it lacks
			there = append(there, s)
			where[s.Address] = o.dn
		case o.kind != s.Kind || o.mail != s.Address || o.home != s.Home:
			*s.result = fmt.Errorf("create %s: %w", s.Address, backends.ErrExists)
		}
	}
	if err := b.update(ctx, there, where); err != nil {
		return made, err
	}
	if err := b.refuseHoused(ctx, fresh); err != nil {
		return made, err
	}
	fresh = pending(fresh)
	elsewhere, err := b.takenIn(ctx, others, addresses)
	if err != nil {
		return made, err
	}
	err = b.inParallel(ctx, fresh, func(conn *ldap.Conn, s step) error { return b.add(conn, &d, s, others.free(s.Address, elsewhere)) })
	for _, s := range pending(fresh) {
		made = made.plus(of(s.Kind, d.Quota*megabyte))
	}
	return made, err
}

// add makes the entry of an account with its additional addresses.
func (b *Backend) add(conn *ldap.Conn, d *account.Domain, s step, additional []string) error {
	request, unit := b.newUser(d, s.Operation), "Users"
	if s.Kind == account.Alias {
		request, unit = b.newAlias(d, s.Operation), "Aliases"
	}
	if len(additional) > 0 {
		request.Attribute("shadowAddress", additional)
	}
	err := conn.Add(request)
	if code(err, ldap.LDAPResultNoSuchObject) {
		if err := b.addUnit(conn, unit, d.Name); err != nil {
			return err
		}
		err = conn.Add(request)
	}
	if code(err, ldap.LDAPResultEntryAlreadyExists) { // made since we looked
		return backends.ErrExists
	}
	return err
}

// addUnit makes an organizational unit that a domain lacks.
func (b *Backend) addUnit(conn *ldap.Conn, unit, domain string) error {
	request := ldap.NewAddRequest(b.unitDN(unit, domain), nil)
	request.Attribute("objectClass", []string{"organizationalUnit"})
	request.Attribute("ou", []string{unit})
	if err := conn.Add(request); err != nil && !code(err, ldap.LDAPResultEntryAlreadyExists) {
		return fmt.Errorf("make %s: %w", request.DN, err)
	}
	return nil
}
