package openldap

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
)

// Domains lists hosted domains. Alias domains are values of the entry of their target.
func (b *Backend) Domains(ctx context.Context, part string, limit int) ([]string, error) {
	filter := "(domainName=*)"
	if part != "" {
		filter = "(domainName=*" + ldap.EscapeFilter(part) + "*)"
	}
	var all []string
	err := b.pages(ctx, b.base, "(&(objectClass=mailDomain)(!(domainBackupMX=yes))"+filter+")", []string{"domainName"},
		func(entries []*ldap.Entry) error {
			for _, e := range entries {
				all = append(all, strings.ToLower(e.GetAttributeValue("domainName")))
			}
			return nil
		})
	if err != nil {
		return nil, fmt.Errorf("search the domains: %w", err)
	}
	slices.Sort(all)
	return all[:min(len(all), max(limit, 1))], nil
}

// Domain reads a hosted domain with what there is in it.
func (b *Backend) Domain(ctx context.Context, name string) (account.Domain, error) {
	d := account.Domain{Name: name}
	e, err := b.entry(ctx, b.domainDN(name), "accountStatus", "domainBackupMX", "accountSetting")
	switch {
	case err != nil:
		return d, fmt.Errorf("read domain %s: %w", name, err)
	case e == nil:
		return d, fmt.Errorf("domain %s: %w", name, backends.ErrNotFound)
	}
	d.Active = strings.EqualFold(e.GetAttributeValue("accountStatus"), "active")
	d.BackupMX = strings.EqualFold(e.GetAttributeValue("domainBackupMX"), "yes")
	s := parseSettings(e.GetAttributeValues("accountSetting"))
	d.MailboxLimit, d.AliasLimit = s.limit("numberofusers"), s.limit("numberofaliases")
	d.QuotaLimit = s.size("domainquota")
	d.Quota = s.number("defaultquota")
	if largest := s.number("maxuserquota"); largest > 0 && (d.Quota == 0 || d.Quota > largest) {
		d.Quota = largest
	}
	d.Language, d.Timezone = s.text("defaultlanguage"), s.text("timezone")
	d.StorageBase = s.text("defaultstoragebasedirectory")
	d.DisabledServices = lowered(s["disabledmailservice"])
	if d.HasLimits() {
		if err := b.use(ctx, &d); err != nil {
			return d, fmt.Errorf("count the accounts of %s: %w", name, err)
		}
	}
	return d, nil
}

const megabyte = 1 << 20

// use counts what the domain has.
func (b *Backend) use(ctx context.Context, d *account.Domain) error {
	t, err := b.tally(ctx, d.Name)
	d.Mailboxes, d.Aliases, d.QuotaUsed = t.mailboxes, t.aliases, t.quota/megabyte
	return err
}

// settings are the values of accountSetting, "key:value" each; a key may stand several times.
type settings map[string][]string

func parseSettings(values []string) settings {
	found := make(settings)
	for _, v := range values {
		if key, value, ok := strings.Cut(v, ":"); ok {
			key = strings.ToLower(strings.TrimSpace(key))
			found[key] = append(found[key], strings.TrimSpace(value))
		}
	}
	return found
}

func (s settings) text(key string) string {
	if values := s[key]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// number is a number that is not negative, 0 where there is none.
func (s settings) number(key string) int64 {
	n, err := strconv.ParseInt(s.text(key), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// limit is -1 where none is allowed and 0 where there is no limit.
func (s settings) limit(key string) int {
	n, err := strconv.Atoi(s.text(key))
	if err != nil {
		return 0
	}
	return max(n, -1)
}

// size is a number with a unit behind a further colon, in MB; MB where there is no unit.
func (s settings) size(key string) int64 {
	text, unit, _ := strings.Cut(s.text(key), ":")
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	switch strings.ToUpper(unit) {
	case "GB":
		n *= 1 << 10
	case "TB":
		n *= 1 << 20
	}
	return n
}
