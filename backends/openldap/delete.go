package openldap

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/go-ldap/ldap/v3"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
	"github.com/mailpanel/account-resource/backends/sqldb"
)

// remove deletes accounts and returns how many fewer there are (rule R14). The entry goes first, as the server may refuse that: the
// account then keeps all that names it. References follow, then it is written down until when the mail directory is kept - never before, as a
// clean-up job would remove the mail of a mailbox that is still there - then what SQL knows of it. Cut off anywhere, it can be done again, by
// the mail directory of the operation.
func (b *Backend) remove(ctx context.Context, steps []step, others aliasDomains) (more tally, err error) {
	if len(steps) == 0 {
		return more, nil
	}
	addresses := make([]string, len(steps))
	for i, s := range steps {
		addresses[i] = s.Address
	}
	held, err := b.occupants(ctx, addresses)
	if err != nil {
		return more, err
	}
	present, gone, changed := divided(steps, held)
	if err := b.refuseElsewhere(ctx, slices.Concat(gone, changed)); err != nil {
		return more, err
	}
	gone = pending(gone)
	elsewhere, err := b.takenIn(ctx, others, addresses)
	if err != nil {
		return more, err
	}
	if err := b.inParallel(ctx, present, func(conn *ldap.Conn, s step) error {
		return deleteTree(conn, held[s.Address].dn)
	}); err != nil {
		return more, err
	}
	present = pending(present)
	for _, s := range present {
		more = more.minus(of(s.Kind, held[s.Address].quota))
	}
	becomes, named := make(map[string]string), make(map[string]step)
	var deleted []sqldb.DeletedMailbox
	for _, s := range slices.Concat(present, gone) {
		if s.Kind == account.Mailbox && s.Home == "" && held[s.Address].dn == "" {
			continue // nobody knows which one it was
		}
		dn, home := b.accountDN(s.Kind, s.Address), s.Home
		if o, was := held[s.Address]; was {
			dn, home = o.dn, o.home
		}
		for _, name := range append(others.of(s.Address), s.Address, normalizeDN(dn)) {
			if o, taken := elsewhere[name]; !taken || o.dn == dn {
				becomes[name], named[name] = "", s
			}
		}
		if s.Kind == account.Mailbox {
			deleted = append(deleted, sqldb.DeletedMailbox{Address: s.Address, Home: home, KeepUntil: s.KeepUntil})
		}
	}
	refused, err := b.follow(ctx, becomes)
	if err != nil {
		return more, err
	}
	for name, err := range refused {
		*named[name].result = fmt.Errorf("delete %s, which is gone, with all that names it: %w", named[name].Address, err)
	}
	if err := b.addDeleted(ctx, deleted); err != nil {
		return more, err
	}
	unknown := slices.Concat(present, gone)
	names := make([]string, len(unknown))
	for i, s := range unknown {
		names[i] = s.Address
	}
	return more, b.forgetUsage(ctx, names)
}

// divided returns the deletions whose account is there, those whose address nobody has, and those whose address another mailbox has. A
// deletion is refused where the address is something else's.
func divided(steps []step, held map[string]occupant) (present, gone, changed []step) {
	for _, s := range steps {
		o, taken := held[s.Address]
		switch {
		case !taken:
			gone = append(gone, s)
		case o.kind != s.Kind || o.mail != s.Address:
			*s.result = fmt.Errorf("delete %s %s, which is an address of %s: %w", s.Kind, s.Address, o.dn, backends.ErrNotFound)
		case o.isMeant(s):
			present = append(present, s)
		default:
			changed = append(changed, s)
		}
	}
	return present, gone, changed
}

// anyCase compares homeDirectory without regard to case (RFC 4517, section 4.2.3), for which there is no index: deletions that were
// cut off are few.
const anyCase = "homeDirectory:caseIgnoreIA5Match:"

// refuseElsewhere refuses the deletions of mailboxes whose mail directory a mailbox has, however it is written: somebody gave it another
// address. What is left was deleted before.
func (b *Backend) refuseElsewhere(ctx context.Context, steps []step) error {
	homes := make([]string, 0, 2*len(steps))
	for _, s := range steps {
		if s.Kind == account.Mailbox && s.Home != "" {
			home := account.NormalHome(s.Home)
			homes = append(homes, home, home+"/")
		}
	}
	found, err := b.find(ctx, b.base, homes, []string{anyCase}, []string{"homeDirectory", "mail"})
	if err != nil {
		return fmt.Errorf("look for mail directories: %w", err)
	}
	there := make(map[string]string, len(found))
	for _, e := range found {
		there[account.NormalHome(e.GetAttributeValue("homeDirectory"))] = e.GetAttributeValue("mail")
	}
	for _, s := range steps {
		if at, exists := there[account.NormalHome(s.Home)]; exists && s.Kind == account.Mailbox && s.Home != "" {
			*s.result = fmt.Errorf("delete %s, whose mailbox is %s by now: %w", s.Address, at, backends.ErrNotFound)
		}
	}
	return nil
}

// deleteTree deletes an entry and whatever is below it, the lowest first. Where the server refuses one of them, those that are gone are
// made again, so that a refusal leaves the account as it was.
func deleteTree(conn *ldap.Conn, dn string) error {
	err := conn.Del(ldap.NewDelRequest(dn, nil))
	if code(err, ldap.LDAPResultNoSuchObject) {
		return nil
	}
	if !code(err, ldap.LDAPResultNotAllowedOnNonLeaf) {
		return err
	}
	below, err := conn.SearchWithPaging(&ldap.SearchRequest{
		BaseDN: dn, Scope: ldap.ScopeWholeSubtree, Filter: "(objectClass=*)", Attributes: []string{"*"},
	}, pageSize)
	if err != nil {
		return err
	}
	lowestFirst := slices.SortedStableFunc(slices.Values(below.Entries), func(x, y *ldap.Entry) int { return depth(y.DN) - depth(x.DN) })
	for i, e := range lowestFirst {
		err := conn.Del(ldap.NewDelRequest(e.DN, nil))
		if err != nil && !code(err, ldap.LDAPResultNoSuchObject) {
			return errors.Join(err, restore(conn, lowestFirst[:i]))
		}
	}
	return nil
}

// depth is how many names a DN has.
func depth(dn string) int {
	parsed, err := ldap.ParseDN(dn)
	if err != nil {
		return 0
	}
	return len(parsed.RDNs)
}

// restore adds deleted entries again, the last one first. One that the server refuses does not keep the others from it.
func restore(conn *ldap.Conn, deleted []*ldap.Entry) (err error) {
	for _, e := range slices.Backward(deleted) {
		request := ldap.NewAddRequest(e.DN, nil)
		for _, a := range e.Attributes {
			request.Attribute(a.Name, a.Values)
		}
		if refused := conn.Add(request); refused != nil && !code(refused, ldap.LDAPResultEntryAlreadyExists) {
			err = errors.Join(err, fmt.Errorf("add %s again, which was deleted: %w", e.DN, refused))
		}
	}
	return err
}
