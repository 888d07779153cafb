package openldap

import (
	"context"
	"slices"

	"github.com/go-ldap/ldap/v3"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends/sqldb"
)

// remove deletes mailboxes and tells how many (rule R14). References go first, then it is written down until when the
// mail directory is kept, then the entry goes, then what SQL knows of it: cut off anywhere, it can be done again.
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
	var deleted []sqldb.DeletedMailbox
	var gone []string
	where := make(map[string]string)
	for _, s := range steps {
		o, taken := held[s.Address]
		switch {
		case !taken:
			gone = append(gone, s.Address) // what SQL knows of it may be left
		case o.kind == s.Kind && o.mail == s.Address && (s.Home == "" || s.Home == o.home):
			becomes[s.Address], becomes[normalizeDN(o.dn)] = "", ""
			if s.Kind == account.Mailbox {
				deleted = append(deleted, sqldb.DeletedMailbox{Address: s.Address, Home: o.home, KeepUntil: s.KeepUntil})
			}
			gone = append(gone, s.Address)
			where[s.Address] = o.dn
		}
	}
	if err := b.follow(ctx, becomes); err != nil {
		return 0, err
	}
	if err := b.addDeleted(ctx, deleted); err != nil {
		return 0, err
	}
	doomed := slices.DeleteFunc(slices.Clone(steps), func(s step) bool { return where[s.Address] == "" })
	if err := b.inParallel(ctx, doomed, func(conn *ldap.Conn, s step) error {
		return deleteTree(conn, where[s.Address])
	}); err != nil {
		return 0, err
	}
	for _, s := range doomed {
		if *s.result != nil {
			gone = slices.DeleteFunc(gone, func(a string) bool { return a == s.Address })
		}
	}
	return mailboxes(pending(doomed)), b.forgetUsage(ctx, gone)
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
