package openldap

import (
	"context"
	"fmt"
	"slices"

	"github.com/go-ldap/ldap/v3"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
)

// updateAll changes accounts that exist, and no other mailbox that has the address of one (rule R26).
func (b *Backend) updateAll(ctx context.Context, steps []step) error {
	if len(steps) == 0 {
		return nil
	}
	addresses := make([]string, len(steps))
	for i, s := range steps {
		addresses[i] = s.Address
	}
	held, err := b.occupants(ctx, addresses)
	if err != nil {
		return err
	}
	where := make(map[string]string, len(steps))
	for _, s := range steps {
		o, found := held[s.Address]
		switch {
		case !found || o.kind != s.Kind || o.mail != s.Address:
			*s.result = fmt.Errorf("%s %s: %w", s.Verb, s.Address, backends.ErrNotFound)
		case !o.isMeant(s):
			*s.result = fmt.Errorf("%s %s, which is another mailbox: %w", s.Verb, s.Address, backends.ErrNotFound)
		default:
			where[s.Address] = o.dn
		}
	}
	return b.update(ctx, pending(steps), where)
}

// update changes the entries that where names by the steps' addresses.
func (b *Backend) update(ctx context.Context, steps []step, where map[string]string) error {
	return b.inParallel(ctx, steps, func(conn *ldap.Conn, s step) error {
		return b.change(conn, s, where[s.Address])
	})
}

// change writes the values of the operation and switches the account: its status is all that Postfix and Dovecot ask for. The
// switch comes last when it goes off and first when it comes on, so that an operation that was cut off is seen and done again.
func (b *Backend) change(conn *ldap.Conn, s step, dn string) error {
	request := ldap.NewModifyRequest(dn, nil)
	for _, f := range account.AllFields() {
		if !s.Set.Has(f) || !b.has(fieldAttributes[f]) {
			continue
		}
		var values []string // none clears
		if s.Profile[f] != "" {
			values = []string{s.Profile[f]}
		}
		request.Replace(fieldAttributes[f], values)
	}
	if s.Switch == account.On {
		request.Replace("accountStatus", []string{status(true)})
	}
	if len(request.Changes) > 0 {
		if err := conn.Modify(request); err != nil {
			return err
		}
	}
	for on, members := range map[bool][]string{false: s.Leave, true: s.Join} {
		if err := changeValues(conn, dn, "mailForwardingAddress", members, on); err != nil {
			return err
		}
	}
	if err := changeValues(conn, dn, "listModerator", s.Moderate, true); err != nil {
		return err
	}
	if s.Switch != account.Off {
		return nil
	}
	off := ldap.NewModifyRequest(dn, nil)
	off.Replace("accountStatus", []string{status(false)})
	return conn.Modify(off)
}

// membersAtOnce is how many values one request writes.
const membersAtOnce = 1000

// changeValues adds values to an attribute or takes them away, many at once; where one of them is what it should be
// already, one by one.
func changeValues(conn *ldap.Conn, dn, attribute string, values []string, on bool) error {
	for part := range slices.Chunk(values, membersAtOnce) {
		err := changeAtOnce(conn, dn, attribute, part, on)
		if code(err, ldap.LDAPResultAttributeOrValueExists, ldap.LDAPResultNoSuchAttribute) {
			err = nil
			for _, v := range part {
				if err = changeValue(conn, dn, attribute, v, on); err != nil {
					break
				}
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func changeAtOnce(conn *ldap.Conn, dn, attribute string, values []string, on bool) error {
	request := ldap.NewModifyRequest(dn, nil)
	if on {
		request.Add(attribute, values)
	} else {
		request.Delete(attribute, values)
	}
	return conn.Modify(request)
}

// changeValue adds a value or takes it away. What is so already is fine.
func changeValue(conn *ldap.Conn, dn, attribute, value string, on bool) error {
	err := changeAtOnce(conn, dn, attribute, []string{value}, on)
	if code(err, ldap.LDAPResultAttributeOrValueExists, ldap.LDAPResultNoSuchAttribute, ldap.LDAPResultNoSuchObject) {
		return nil
	}
	return err
}
