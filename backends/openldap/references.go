package openldap

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// addressAttributes hold addresses of accounts in entries of others (iRedMail's schema); member holds DNs.
var addressAttributes = []string{
	"mailForwardingAddress", "domainAdmin", "listModerator", "listOwner", "listAllowedUser", "userManager",
	"backupMailAddress", "recoveryEmail", "userRecipientBccAddress", "userSenderBccAddress", "domainRecipientBccAddress",
	"domainSenderBccAddress",
}

const memberAttribute = "member"

// follow has every entry that names one of the old values (addresses and DNs, lower case) name the new one, or none
// where that is empty.
func (b *Backend) follow(ctx context.Context, becomes map[string]string) error {
	var addresses, dns []string
	for old := range becomes {
		if strings.Contains(old, "=") {
			dns = append(dns, old)
		} else {
			addresses = append(addresses, old)
		}
	}
	attributes := slices.DeleteFunc(slices.Clone(addressAttributes), func(a string) bool { return !b.has(a) })
	found, err := b.find(ctx, b.base, addresses, attributes, attributes)
	if err != nil {
		return fmt.Errorf("look for entries that name an account: %w", err)
	}
	groups, err := b.find(ctx, b.base, dns, []string{memberAttribute}, []string{memberAttribute})
	if err != nil {
		return fmt.Errorf("look for lists that an account is on: %w", err)
	}
	return b.pool.use(ctx, func(conn *ldap.Conn) error {
		for _, e := range append(found, groups...) {
			for _, a := range e.Attributes {
				if err := follow(conn, e.DN, a, becomes); err != nil {
					return fmt.Errorf("change %s of %s: %w", a.Name, e.DN, err)
				}
			}
		}
		return nil
	})
}

// follow changes the values of one attribute. A new value that is there already stays once; an old one that has gone
// meanwhile is gone.
func follow(conn *ldap.Conn, dn string, a *ldap.EntryAttribute, becomes map[string]string) error {
	have := lowered(a.Values)
	for i, value := range a.Values {
		next, follows := becomes[have[i]]
		if !follows || next == have[i] {
			continue
		}
		request := ldap.NewModifyRequest(dn, nil)
		request.Delete(a.Name, []string{value})
		if next != "" && !slices.Contains(have, strings.ToLower(next)) {
			request.Add(a.Name, []string{next})
		}
		err := conn.Modify(request)
		if err != nil && !code(err, ldap.LDAPResultNoSuchAttribute, ldap.LDAPResultAttributeOrValueExists,
			ldap.LDAPResultNoSuchObject) {
			return err
		}
	}
	return nil
}
