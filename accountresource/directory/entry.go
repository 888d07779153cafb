package directory

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// object turns an entry into a value. It returns errNoIdentity for an entry that cannot be told from others. Bytes
// that are no UTF-8, and NUL, become U+FFFD: no database takes them.
func (s *source) object(e *ldap.Entry) (account.Object, error) {
	id, err := formatGUID(raw(e, "objectGUID"))
	if err != nil {
		return account.Object{}, err
	}
	_, dn, _ := splitDN(e.DN)
	o := account.Object{ID: id, Kind: kindOf(e), DN: clean(dn), Logon: clean(first(e, logonName))}
	if o.Kind == account.Contact {
		o.Mail = slices.Concat(mailOf(mail, values(e, mail)), mailOf(targetAddress, values(e, targetAddress)))
	} else {
		o.Mail = mailOf(s.mail, values(e, s.mail))
	}
	if s.member && o.Kind == account.User {
		o.External = mailOf(mail, values(e, mail))
	}
	o.USN, _ = strconv.ParseInt(first(e, "uSNChanged"), 10, 64) // 0: it has none
	o.Primary = primaryOf(e, o.Kind)
	s.catalogue.adapt(e, &o)
	if s.manager {
		o.Manager, _, _ = splitDN(first(e, "managedBy"))
	}
	if s.status != "" {
		disabled, known := statusOf(s.status, first(e, s.status))
		o.Disabled, o.NoStatus = disabled, !known && o.Kind == account.User
		o.Disabled = o.Disabled || known && expires(s.status) && hasExpired(first(e, accountExpires), time.Now())
	}
	if o.Kind == account.User {
		o.CommonName, o.System = clean(first(e, commonName)), systemOf(e, o.DN)
	}
	for f, name := range s.fields {
		if name != "" {
			o.Profile[f] = clean(first(e, name))
		}
	}
	return o, nil
}

// attribute finds an attribute, whose name compares without case and without options. One without values is as good
// as absent.
func attribute(e *ldap.Entry, name string) *ldap.EntryAttribute {
	for _, a := range e.Attributes {
		if len(a.Values) == 0 || len(a.Name) < len(name) || !strings.EqualFold(a.Name[:len(name)], name) {
			continue
		}
		if len(a.Name) == len(name) || a.Name[len(name)] == ';' {
			return a
		}
	}
	return nil
}

func values(e *ldap.Entry, name string) []string {
	if a := attribute(e, name); a != nil {
		return a.Values
	}
	return nil
}

func first(e *ldap.Entry, name string) string {
	if a := attribute(e, name); a != nil {
		return a.Values[0]
	}
	return ""
}

func raw(e *ldap.Entry, name string) []byte {
	if a := attribute(e, name); a != nil {
		return a.ByteValues[0]
	}
	return nil
}

// clean makes text of what may be none.
func clean(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}

func kindOf(e *ldap.Entry) account.ObjectKind {
	kind := account.User
	for _, class := range values(e, "objectClass") {
		switch {
		case strings.EqualFold(class, "group"):
			return account.Group
		case strings.EqualFold(class, "contact"):
			kind = account.Contact
		case strings.EqualFold(class, "foreignSecurityPrincipal"):
			kind = account.Other
		}
	}
	return kind
}
