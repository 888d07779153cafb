package openldap

import (
	"context"
	"fmt"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
)

// Login returns the mailbox that a name leads to: as its mail, or as its shadowAddress where the service shadowaddress is enabled. The
// mail server looks below the domain of the name.
func (b *Backend) Login(ctx context.Context, name string) (backends.Login, error) {
	login, err := b.login(ctx, strings.ToLower(name))
	if err != nil {
		return backends.Login{}, fmt.Errorf("look for mailbox %s: %w", name, err)
	}
	return login, nil
}

func (b *Backend) login(ctx context.Context, name string) (login backends.Login, err error) {
	domain := account.DomainOf(name)
	if domain == "" {
		return login, backends.ErrNotFound
	}
	escaped := ldap.EscapeFilter(name)
	filter := "(&(objectClass=mailUser)(|(mail=" + escaped + ")(&(enabledService=shadowaddress)(shadowAddress=" + escaped + "))))"
	var found *ldap.Entry
	err = b.pages(ctx, b.domainDN(domain), filter, []string{"mail", "accountStatus"}, func(entries []*ldap.Entry) error {
		for _, e := range entries {
			if found == nil || strings.EqualFold(e.GetAttributeValue("mail"), name) {
				found = e
			}
		}
		return nil
	})
	if code(err, ldap.LDAPResultNoSuchObject) || err == nil && found == nil {
		return login, backends.ErrNotFound
	}
	if err != nil {
		return login, err
	}
	above, err := b.entry(ctx, b.domainDN(domain), "accountStatus", "domainBackupMX")
	if err == nil && above == nil {
		err = backends.ErrNotFound
	}
	if err != nil {
		return login, err
	}
	active := func(e *ldap.Entry) bool { return strings.EqualFold(e.GetAttributeValue("accountStatus"), "active") }
	login.Address = strings.ToLower(found.GetAttributeValue("mail"))
	login.Active = active(found) && active(above) && !strings.EqualFold(above.GetAttributeValue("domainBackupMX"), "yes")
	return login, nil
}
