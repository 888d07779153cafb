package openldap

import (
	"context"
	"fmt"
	"slices"

	"github.com/go-ldap/ldap/v3"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends/sqldb"
)

// remove deletes accounts and returns how many mailboxes it deleted (rule R14). References go first, then the entry, then it is
// written down until when the mail directory is kept - never before, as a clean-up job would remove the mail of a mailbox that
// is still there - then what SQL knows of it: cut off anywhere, it can be done again, by the mail directory of the operation.
func (b *Backend) remove(ctx context.Context, steps []step) (removed int, err error) {
	if len(steps) == 0 {
		return 0, nil
	}
	addresses := make([]string, len(steps))
	homes := make([]string, len(steps))
	for i, s := range steps {
		addresses[i], homes[i] = s.Address, s.Home
	}
	held, err := b.occupants(ctx, addresses)
	if err != nil {
		return 0, err
	}
	becomes := make(map[string]string)
	var unwritten []sqldb.DeletedMailbox // those that a deletion which was cut off may not have written down
	var gone []string
	where := make(map[string]string)
	for _, s := range steps {
		o, taken := held[s.Address]
		switch {
		case !taken:
			gone = append(gone, s.Address) // what SQL knows of it may be left
			if s.Kind == account.Mailbox && s.Home != "" {
				unwritten = append(unwritten, sqldb.DeletedMailbox{Address: s.Address, Home: s.Home, KeepUntil: s.KeepUntil})
			}
		case o.kind == s.Kind && o.mail == s.Address && (s.Home == "" || s.Home == o.home):
			becomes[s.Address], becomes[normalizeDN(o.dn)] = "", ""
			gone = append(gone, s.Address)
			where[s.Address] = o.dn
		}
	}
	if err := b.follow(ctx, becomes); err != nil {
		return 0, err
	}
	doomed := slices.DeleteFunc(slices.Clone(steps), func(s step) bool { return where[s.Address] == "" })
	if err := b.inParallel(ctx, doomed, func(conn *ldap.Conn, s step) error {
		return deleteTree(conn, where[s.Address])
	}); err != nil {
		return 0, err
	}
	deleted, err := b.withoutMailbox(ctx, unwritten)
	if err != nil {
		return 0, err
	}
	for _, s := range doomed {
		switch {
		case *s.result != nil:
			gone = slices.DeleteFunc(gone, func(a string) bool { return a == s.Address })
		case s.Kind == account.Mailbox:
			deleted = append(deleted, sqldb.DeletedMailbox{Address: s.Address, Home: held[s.Address].home, KeepUntil: s.KeepUntil})
		}
	}
	if err := b.addDeleted(ctx, deleted); err != nil {
		return 0, err
	}
	return mailboxes(pending(doomed)), b.forgetUsage(ctx, gone)
}

// anyCase compares homeDirectory without regard to case (RFC 4517, section 4.2.3), for which there is no index: deletions that were
// cut off are few.
const anyCase = "homeDirectory:caseIgnoreIA5Match:"

// withoutMailbox returns the deleted mailboxes whose mail directory no mailbox has, however it is written: somebody may have given
// one another address.
func (b *Backend) withoutMailbox(ctx context.Context, deleted []sqldb.DeletedMailbox) ([]sqldb.DeletedMailbox, error) {
	homes := make([]string, 0, 2*len(deleted))
	for i := range deleted {
		home := account.NormalHome(deleted[i].Home)
		homes = append(homes, home, home+"/")
	}
	found, err := b.find(ctx, b.base, homes, []string{anyCase}, []string{"homeDirectory"})
	if err != nil {
		return nil, fmt.Errorf("look for mail directories: %w", err)
	}
	there := make(map[string]bool, len(found))
	for _, e := range found {
		there[account.NormalHome(e.GetAttributeValue("homeDirectory"))] = true
	}
	return slices.DeleteFunc(deleted, func(d sqldb.DeletedMailbox) bool { return there[account.NormalHome(d.Home)] }), nil
}

func mailboxes(steps []step) (n int) {
	for _, s := range steps {
		if s.Kind == account.Mailbox {
			n++
		}
	}
	return n
}

// deleteTree deletes an entry and whatever is below it, the lowest first.
func deleteTree(conn *ldap.Conn, dn string) error {
	err := conn.Del(ldap.NewDelRequest(dn, nil))
	if code(err, ldap.LDAPResultNoSuchObject) {
		return nil
	}
	if !code(err, ldap.LDAPResultNotAllowedOnNonLeaf) {
		return err
	}
	below, err := conn.SearchWithPaging(&ldap.SearchRequest{
		BaseDN: dn, Scope: ldap.ScopeSingleLevel, Filter: "(objectClass=*)", Attributes: []string{"1.1"},
	}, pageSize)
	if err != nil {
		return err
	}
	for _, e := range below.Entries {
		if err := deleteTree(conn, e.DN); err != nil {
			return err
		}
	}
	return conn.Del(ldap.NewDelRequest(dn, nil))
}
