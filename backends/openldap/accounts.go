package openldap

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
)

// accountAttributes are what is read of each entry. enabledService is not among them: an entry has some thirty values of it,
// and few entries have the one that counts here (see domainAdmins).
var (
	accountAttributes = []string{
		"objectClass", "mail", "shadowAddress", "accountStatus", "homeDirectory", "domainGlobalAdmin", "entryUUID", "cn", "givenName",
		"sn", "employeeNumber", "title", "mobile", "telephoneNumber",
	}
	aliasAttributes = append(slices.Clone(accountAttributes), "mailForwardingAddress", "listModerator")
)

// Accounts streams mailboxes as their pages come, then aliases, then addresses that something else has taken. Where Query.Mend asks
// for it, what this module has written down of deletions is compared with them: see revived.
func (b *Backend) Accounts(
	ctx context.Context, domain string, q backends.Query,
) iter.Seq2[account.Account, error] {
	if q.Homes != nil {
		return backends.Stream(func() ([]account.Account, error) { return b.housed(ctx, q.Homes) })
	}
	return func(yield func(account.Account, error) bool) {
		stop := fmt.Errorf("the caller has enough")
		s := &stream{domain: domain, only: q.Addresses, seen: make(map[string]struct{})}
		read := b.stream
		if q.Mend && q.Addresses == nil && q.Having == nil {
			read = b.streamAll
		}
		err := read(ctx, s, q, func(a account.Account) error {
			if !yield(a, nil) {
				return stop
			}
			return nil
		})
		if err != nil && err != stop { //nolint:errorlint // it is this very value
			yield(account.Account{}, fmt.Errorf("read the accounts of %s: %w", domain, err))
		}
	}
}

// stream is what is known so far of the addresses of a domain.
type stream struct {
	domain string
	only   []string
	seen   map[string]struct{}
	later  [2][]account.Account // aliases, and what is reserved
}

func (b *Backend) stream(
	ctx context.Context, s *stream, q backends.Query, each func(account.Account) error,
) error {
	if s.only != nil && len(s.only) == 0 || q.Having != nil && len(q.Having) == 0 {
		return nil
	}
	admins, err := b.domainAdmins(ctx, s.domain)
	if err != nil {
		return err
	}
	give := func(all []account.Account) error {
		all = slices.DeleteFunc(all, func(a account.Account) bool { return !s.first(a.Address) })
		for _, a := range all {
			if _, admin := admins[a.Address]; admin {
				a.Role = max(a.Role, account.DomainAdmin)
			}
			if err := each(a); err != nil {
				return err
			}
		}
		return nil
	}
	take := func(entries []*ldap.Entry) error {
		var mailboxes []account.Account
		for _, e := range entries {
			mailboxes = append(mailboxes, s.sort(e, q)...)
		}
		return give(mailboxes)
	}
	attributes := accountAttributes
	if q.Members {
		attributes = aliasAttributes
	}
	read := func() error { return b.holders(ctx, s.domain, s.only, attributes, take) }
	if q.Having != nil {
		read = func() error { return b.having(ctx, s.domain, q.Having, attributes, take) }
	}
	if err := read(); err != nil {
		return err
	}
	for _, all := range s.later {
		if err := give(all); err != nil {
			return err
		}
	}
	return nil
}

// holders reads the entries of a domain that hold an address: all of them, or those of a list.
func (b *Backend) holders(
	ctx context.Context, domain string, only, attributes []string, take func([]*ldap.Entry) error,
) error {
	const classes = "(|(objectClass=mailUser)(objectClass=mailAlias)(objectClass=mailList))" // as isHolder
	if only == nil {
		return b.pages(ctx, b.domainDN(domain), classes, attributes, take)
	}
	for part := range slices.Chunk(only, listChunk) {
		filter := "(&" + classes + anyOf([]string{"mail", "shadowAddress"}, part) + ")"
		if err := b.pages(ctx, b.domainDN(domain), filter, attributes, take); err != nil {
			return err
		}
	}
	return nil
}

// having reads the entries of aliases that have one of the addresses as a member.
func (b *Backend) having(
	ctx context.Context, domain string, members, attributes []string, take func([]*ldap.Entry) error,
) error {
	for part := range slices.Chunk(members, listChunk) {
		filter := "(&(objectClass=mailAlias)" + anyOf([]string{"mailForwardingAddress"}, part) + ")"
		if err := b.pages(ctx, b.domainDN(domain), filter, attributes, take); err != nil {
			return err
		}
	}
	return nil
}

// first reports whether the address is wanted and has not been given yet.
func (s *stream) first(address string) bool {
	if _, again := s.seen[address]; again || s.only != nil && !slices.Contains(s.only, address) {
		return false
	}
	s.seen[address] = struct{}{}
	return true
}

// sort gives what an entry has of mailboxes and keeps the rest for later.
func (s *stream) sort(e *ldap.Entry, q backends.Query) (mailboxes []account.Account) {
	a := accountOf(e)
	if strings.HasPrefix(a.Address, "@") {
		return nil // the catch-all takes no address
	}
	if q.Members && a.Kind == account.Alias {
		a.Members = lowered(e.GetAttributeValues("mailForwardingAddress"))
		slices.Sort(a.Members)
		a.Moderators = lowered(e.GetAttributeValues("listModerator"))
	}
	switch a.Kind {
	case account.Mailbox:
		mailboxes = append(mailboxes, a)
	case account.Alias:
		s.later[0] = append(s.later[0], a)
	default:
		s.later[1] = append(s.later[1], a)
	}
	for _, shadow := range lowered(e.GetAttributeValues("shadowAddress")) {
		if account.DomainOf(shadow) == s.domain {
			s.later[1] = append(s.later[1], account.Account{Address: shadow, Kind: account.Reserved, Home: a.Home})
		}
	}
	return mailboxes
}

func accountOf(e *ldap.Entry) account.Account {
	a := account.Account{
		Address: strings.ToLower(e.GetAttributeValue("mail")),
		Kind:    kindOf(e),
		Active:  strings.EqualFold(e.GetAttributeValue("accountStatus"), "active"),
	}
	switch a.Kind {
	case account.Mailbox:
		a.Made = e.GetAttributeValue("entryUUID") // operational: given only where it is asked for by name
		a.Home = strings.ToLower(e.GetAttributeValue("homeDirectory"))
		for f, name := range fieldAttributes {
			a.Profile[f] = e.GetAttributeValue(name)
		}
		if strings.EqualFold(e.GetAttributeValue("domainGlobalAdmin"), "yes") {
			a.Role = account.GlobalAdmin
		}
	case account.Alias:
		a.Made = e.GetAttributeValue("entryUUID")
		a.Profile[account.Name] = e.GetAttributeValue("cn")
	}
	return a
}

// isHolder reports whether an entry is of a class that holds the addresses in mail and shadowAddress.
func isHolder(e *ldap.Entry) bool {
	return isClass(e, "mailUser") || isClass(e, "mailAlias") || isClass(e, "mailList")
}

func kindOf(e *ldap.Entry) account.Kind {
	switch {
	case isClass(e, "mailUser"):
		return account.Mailbox
	case isClass(e, "mailAlias"):
		return account.Alias
	}
	return account.Reserved
}

// domainAdmins returns the addresses that administer any domain, and those of the domain whose entries say so themselves.
func (b *Backend) domainAdmins(ctx context.Context, domain string) (map[string]struct{}, error) {
	admins := make(map[string]struct{})
	read := func(base, filter, attribute string) error {
		return b.pages(ctx, base, filter, []string{attribute}, func(entries []*ldap.Entry) error {
			for _, e := range entries {
				for _, admin := range lowered(e.GetAttributeValues(attribute)) {
					admins[admin] = struct{}{}
				}
			}
			return nil
		})
	}
	err := read(b.base, "(&(objectClass=mailDomain)(domainAdmin=*))", "domainAdmin")
	if err == nil {
		err = read(b.domainDN(domain), "(&(objectClass=mailUser)(enabledService=domainadmin))", "mail")
	}
	return admins, err
}
