package openldap

import (
	"crypto/rand"
	"crypto/sha512"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
)

var fieldAttributes = map[account.Field]string{
	account.Name: "cn", account.FirstName: "givenName", account.LastName: "sn", account.EmployeeID: "employeeNumber",
	account.Title: "title", account.Mobile: "mobile", account.Telephone: "telephoneNumber",
}

// Canonical brings values to what their attributes give back. A telephone number is a printable string (RFC 4517,
// sections 3.3.29 and 3.3.31); cn and sn must be there (RFC 4519, section 3.12), and are the local part where the
// directory has none.
func (b *Backend) Canonical(address string, p account.Profile) account.Profile {
	for _, f := range []account.Field{account.Mobile, account.Telephone} {
		p[f] = strings.Map(printable, p[f])
	}
	for i := range p {
		p[i] = backends.CleanText(p[i], 255)
	}
	for _, f := range []account.Field{account.Name, account.LastName} {
		if p[f] == "" {
			p[f] = account.LocalPart(address)
		}
	}
	return p
}

func printable(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("'()+,-./:? =", r) {
		return r
	}
	return -1
}

func (b *Backend) domainDN(domain string) string {
	return "domainName=" + ldap.EscapeDN(domain) + "," + b.base
}

func (b *Backend) unitDN(unit, domain string) string { return "ou=" + unit + "," + b.domainDN(domain) }

// accountDN is where an account of a kind is made.
func (b *Backend) accountDN(kind account.Kind, address string) string {
	if kind == account.Mailbox {
		return b.userDN(address)
	}
	return b.aliasDN(address)
}

func (b *Backend) aliasDN(address string) string {
	return "mail=" + ldap.EscapeDN(address) + "," + b.unitDN("Aliases", account.DomainOf(address))
}

func (b *Backend) userDN(address string) string {
	return "mail=" + ldap.EscapeDN(address) + "," + b.unitDN("Users", account.DomainOf(address))
}

// services are what a new user may use; a service is off where its name is missing.
var services = strings.Fields(`internal doveadm lib-storage indexer-worker dsync quota-status
	mail smtp smtpsecured smtptls pop3 pop3secured pop3tls imap imapsecured imaptls
	managesieve managesievesecured managesievetls sieve sievesecured sievetls deliver lda lmtp
	recipientbcc senderbcc forward shadowaddress displayedInGlobalAddressBook
	sogo sogowebmail sogocalendar sogoactivesync`)

// newUser is the entry of a new mailbox.
func (b *Backend) newUser(d *account.Domain, op *account.Operation) *ldap.AddRequest {
	e := ldap.NewAddRequest(b.userDN(op.Address), nil)
	add := func(name string, values ...string) {
		values = slices.DeleteFunc(values, func(v string) bool { return v == "" })
		if len(values) > 0 && b.has(name) {
			e.Attribute(name, values)
		}
	}
	classes := []string{"inetOrgPerson", "mailUser", "shadowAccount", "amavisAccount"}
	e.Attribute("objectClass", slices.DeleteFunc(classes, func(class string) bool { return !b.has(class) }))
	add("mail", op.Address)
	add("uid", account.LocalPart(op.Address))
	var wanted account.Profile
	for _, f := range account.AllFields() {
		if op.Set.Has(f) {
			wanted[f] = op.Profile[f]
		}
	}
	wanted = b.Canonical(op.Address, wanted)
	for _, f := range account.AllFields() {
		add(fieldAttributes[f], wanted[f])
	}
	add("userPassword", unknownPassword())
	add("homeDirectory", op.Home)
	add("mailQuota", strconv.FormatInt(d.Quota*megabyte, 10))
	add("accountStatus", status(op.Switch == account.On))
	if !d.Active {
		add("domainStatus", "disabled")
	}
	add("enabledService", slices.DeleteFunc(slices.Clone(services), func(s string) bool {
		return slices.Contains(d.DisabledServices, strings.ToLower(s))
	})...)
	add("preferredLanguage", d.Language)
	add("shadowLastChange", strconv.FormatInt(b.clock().Unix()/int64(24*time.Hour/time.Second), 10))
	add("amavisLocal", "TRUE")
	add("mailboxFormat", "maildir")
	add("mailboxFolder", "Maildir")
	if d.Timezone != "" {
		add("accountSetting", "timezone:"+d.Timezone)
	}
	return e
}

// newAlias is the entry of a new mail alias account.
func (b *Backend) newAlias(d *account.Domain, op *account.Operation) *ldap.AddRequest {
	e := ldap.NewAddRequest(b.aliasDN(op.Address), nil)
	e.Attribute("objectClass", []string{"mailAlias"})
	e.Attribute("mail", []string{op.Address})
	e.Attribute("cn", []string{b.Canonical(op.Address, op.Profile)[account.Name]})
	e.Attribute("accountStatus", []string{status(op.Switch == account.On)})
	e.Attribute("enabledService", []string{"mail", "deliver", "displayedInGlobalAddressBook"})
	if !d.Active {
		e.Attribute("domainStatus", []string{"disabled"})
	}
	if op.Policy != "" && b.has("accessPolicy") {
		e.Attribute("accessPolicy", []string{op.Policy})
	}
	if len(op.Join) > 0 {
		e.Attribute("mailForwardingAddress", op.Join)
	}
	if len(op.Moderate) > 0 {
		e.Attribute("listModerator", op.Moderate)
	}
	return e
}

func status(active bool) string {
	if active {
		return "active"
	}
	return "disabled"
}

// unknownPassword is the hash of a password that nobody knows, in the scheme SSHA512, which slapd and Dovecot both
// know. A value without a scheme would be a password in clear text.
func unknownPassword() string {
	var random [32 + 8]byte
	_, _ = rand.Read(random[:]) // never fails, by its contract
	digest := sha512.Sum512(random[:])
	return "{SSHA512}" + base64.StdEncoding.EncodeToString(append(digest[:], random[32:]...))
}
