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
	"mailForwardingAddress", "memberOfGroup", "domainAdmin", "listAllowedUser", "backupMailAddress", "userRecipientBccAddress",
	"userSenderBccAddress", "domainRecipientBccAddress", "domainSenderBccAddress",
}

// rareAttributes do so too, but iRedMail's servers have no index for them: in a filter with many addresses they would
// have every entry compared with each. They are on few entries, which are all read instead.
var rareAttributes = []string{"listModerator", "listOwner", "userManager", "recoveryEmail"}

const memberAttribute = "member"

// externalClass is the class of entries that hold, in mail, the members of a mailing list who are elsewhere, such as in another domain.
const externalClass = "mailExternalUser"

// follow has every entry that names one of the old values (addresses and DNs, lower case) name the new one, or none
// where that is empty. It returns the old values that the server refused to change somewhere, and why.
func (b *Backend) follow(ctx context.Context, becomes map[string]string) (refused map[string]error, err error) {
	var addresses, dns []string
	for old := range becomes {
		if strings.Contains(old, "=") {
			dns = append(dns, old)
		} else {
			addresses = append(addresses, old)
		}
	}
	common, rare := b.those(addressAttributes), b.those(rareAttributes)
	found, err := b.find(ctx, b.base, addresses, slices.Concat(common, []string{"mail"}), slices.Concat(common, []string{"mail", "objectClass"}))
	if err != nil {
		return nil, fmt.Errorf("look for entries that name an account: %w", err)
	}
	if len(addresses) > 0 && len(rare) > 0 {
		err := b.pages(ctx, b.base, anyPresent(rare), rare, func(entries []*ldap.Entry) error {
			found = append(found, entries...)
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("look for lists and people that may name an account: %w", err)
		}
	}
	groups, err := b.find(ctx, b.base, dns, []string{memberAttribute}, []string{memberAttribute})
	if err != nil {
		return nil, fmt.Errorf("look for lists that an account is on: %w", err)
	}
	refused = make(map[string]error)
	return refused, b.pool.use(ctx, func(conn *ldap.Conn) error {
		for _, e := range append(found, groups...) {
			for _, a := range e.Attributes {
				if strings.EqualFold(a.Name, "mail") && !isClass(e, externalClass) {
					continue // the address of the entry itself
				}
				if err := follow(conn, e, a, becomes, refused); err != nil {
					return fmt.Errorf("change %s of %s: %w", a.Name, e.DN, err)
				}
			}
			if isClass(e, externalClass) {
				if err := followName(conn, e, becomes, refused); err != nil {
					return fmt.Errorf("rename %s: %w", e.DN, err)
				}
			}
		}
		return nil
	})
}

// those are the attributes that the server knows.
func (b *Backend) those(attributes []string) []string {
	return slices.DeleteFunc(slices.Clone(attributes), func(a string) bool { return !b.has(a) })
}

// follow changes the values of one attribute, but for one by which the entry is called. A new value that is there already stays once; an
// old one that has gone meanwhile is gone. An entry of members who are elsewhere goes with the last list that they are on.
func follow(conn *ldap.Conn, e *ldap.Entry, a *ldap.EntryAttribute, becomes map[string]string, refused map[string]error) error {
	have := lowered(a.Values)
	for i, value := range a.Values {
		old := have[i]
		next, follows := becomes[old]
		if !follows || next == old {
			continue
		}
		request := ldap.NewModifyRequest(e.DN, nil)
		request.Delete(a.Name, []string{value})
		if next != "" && !slices.Contains(have, strings.ToLower(next)) {
			request.Add(a.Name, []string{next})
		}
		err := conn.Modify(request)
		switch {
		case code(err, ldap.LDAPResultAttributeOrValueExists): // it has been added since we looked
			err = changeValue(conn, e.DN, a.Name, value, false)
		case code(err, ldap.LDAPResultObjectClassViolation) && isClass(e, externalClass) && next == "":
			err = conn.Del(ldap.NewDelRequest(e.DN, nil))
		}
		switch {
		case err == nil:
			have[i] = strings.ToLower(next)
		case code(err, ldap.LDAPResultNoSuchAttribute, ldap.LDAPResultNoSuchObject, ldap.LDAPResultNotAllowedOnRDN, ldap.LDAPResultNamingViolation):
		case refusal(err):
			refused[old] = fmt.Errorf("change %s of %s: %w", a.Name, e.DN, err)
		default:
			return failure(err)
		}
	}
	return nil
}

// followName changes what an entry of members who are elsewhere is called by: their list, or one of them. It goes with the last of these.
func followName(conn *ldap.Conn, e *ldap.Entry, becomes map[string]string, refused map[string]error) error {
	parsed, err := ldap.ParseDN(e.DN)
	if err != nil || len(parsed.RDNs) == 0 || len(parsed.RDNs[0].Attributes) != 1 {
		return nil //nolint:nilerr // its name is none of those
	}
	name := parsed.RDNs[0].Attributes[0]
	old := strings.ToLower(name.Value)
	next, follows := becomes[old]
	for _, other := range lowered(e.GetEqualFoldAttributeValues(name.Type)) {
		if follows && next == "" && other != old {
			if next = other; becomes[other] != "" {
				next = becomes[other]
			} else if _, gone := becomes[other]; gone {
				next = ""
			}
		}
	}
	switch {
	case !follows || next == old:
		return nil
	case next == "":
		err = conn.Del(ldap.NewDelRequest(e.DN, nil))
	default:
		err = conn.ModifyDN(ldap.NewModifyDNRequest(e.DN, name.Type+"="+ldap.EscapeDN(next), true, ""))
	}
	switch {
	case code(err, ldap.LDAPResultNoSuchObject, ldap.LDAPResultEntryAlreadyExists):
		return nil
	case refusal(err):
		refused[old] = fmt.Errorf("rename %s: %w", e.DN, err)
		return nil
	}
	return failure(err)
}
