package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/Masterminds/squirrel"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/dialect"
	"github.com/mailpanel/account-resource/backends"
)

// Domains lists hosted domains. Alias domains have no row in this table.
func (b *Backend) Domains(ctx context.Context, part string, limit int) ([]string, error) {
	q := b.sql.Select("domain").From("domain").
		Where(squirrel.Eq{"backupmx": 0}).
		Where(squirrel.Expr("LOWER(domain) LIKE ? ESCAPE '!'", dialect.Like(strings.ToLower(part)))).
		OrderBy("domain").Limit(uint64(max(limit, 1)))
	names, err := query(ctx, b.db, q, func(scan func(...any) error) (name string, err error) {
		return name, scan(&name)
	})
	if err != nil {
		return nil, fmt.Errorf("search the domains: %w", err)
	}
	return names, nil
}

// Domain reads a hosted domain.
func (b *Backend) Domain(ctx context.Context, name string) (account.Domain, error) {
	d := account.Domain{Name: name}
	q := b.sql.Select("active", "backupmx", "mailboxes", "aliases", "maxquota", "COALESCE(settings, '')").
		From("domain").Where(squirrel.Eq{"domain": name})
	found, err := query(ctx, b.db, q, func(scan func(...any) error) (text string, err error) {
		return text, scan(&d.Active, &d.BackupMX, &d.MailboxLimit, &d.AliasLimit, &d.QuotaLimit, &text)
	})
	switch {
	case err != nil:
		return d, fmt.Errorf("read domain %s: %w", name, err)
	case len(found) == 0:
		return d, fmt.Errorf("domain %s: %w", name, backends.ErrNotFound)
	}
	s := parseSettings(found[0])
	d.Quota = capped(s.number("default_user_quota"), s.number("max_user_quota"))
	d.Language, d.Timezone = s["default_language"], s["timezone"]
	d.DisabledServices = s.list("disabled_mail_services")
	if d.HasLimits() {
		if err := b.use(ctx, &d); err != nil {
			return d, fmt.Errorf("count the accounts of %s: %w", name, err)
		}
	}
	return d, nil
}

// use counts what the domain has.
func (b *Backend) use(ctx context.Context, d *account.Domain) error {
	where := squirrel.Eq{"domain": d.Name}
	_, err := query(ctx, b.db, b.sql.Select("COUNT(*)", "SUM(quota)").From("mailbox").Where(where),
		func(scan func(...any) error) (sum sql.NullFloat64, err error) { // some servers sum to a decimal
			err = scan(&d.Mailboxes, &sum)
			d.QuotaUsed = int64(sum.Float64)
			return sum, err
		})
	if err != nil {
		return err
	}
	_, err = query(ctx, b.db, b.sql.Select("COUNT(*)").From("alias").Where(where),
		func(scan func(...any) error) (n int, err error) { return n, scan(&d.Aliases) })
	return err
}
