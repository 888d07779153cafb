package sqldb

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/dialect"
	"github.com/mailpanel/account-resource/backends"
)

// create makes mailboxes, each with the forwarding row to itself (without which a catch-all would get its mail). One
// that is there already with the same mail directory was made by an attempt whose answer was lost.
func (b *Backend) create(ctx context.Context, tx *dialect.Tx, d account.Domain, steps []step) error {
	if err := b.refuseHoused(ctx, tx, steps); err != nil {
		return err
	}
	for chunk := range slices.Chunk(pending(steps), b.dialect.Together) {
		made, err := b.checkTaken(ctx, tx, chunk)
		if err != nil {
			return err
		}
		missing := pending(chunk)
		var fresh []step
		for _, s := range missing {
			if !made[s.Address] {
				fresh = append(fresh, s)
			}
		}
		if err := b.insertMailboxes(ctx, tx, d, fresh); err != nil {
			return err
		}
		if err := b.insertSelfRows(ctx, tx, missing); err != nil {
			return err
		}
	}
	return nil
}

// checkTaken finds out which addresses are taken, and which of the mailboxes are already there.
func (b *Backend) checkTaken(ctx context.Context, tx *dialect.Tx, steps []step) (made map[string]bool, err error) {
	byAddress := make(map[string]step, len(steps))
	for _, s := range steps {
		byAddress[s.Address] = s
	}
	made = make(map[string]bool)
	for i, q := range b.holders(addresses(steps)) {
		if empty, err := b.empty(ctx, tx, holderTables[i]); err != nil || empty {
			if err != nil {
				return nil, err
			}
			continue
		}
		found, err := query(ctx, tx, q, scanPlace)
		if err != nil {
			return nil, fmt.Errorf("look for the addresses: %w", err)
		}
		for _, p := range found {
			s, known := byAddress[p.address]
			switch {
			case !known: // what the server's collation takes for the same; the insert will tell
			case p.maildir != "" && p.home() == s.Home:
				made[s.Address] = true
			case !made[s.Address]: // own forwardings of a mailbox that is ours are not in its way
				*s.result = fmt.Errorf("create %s: %w", s.Address, backends.ErrExists)
			}
		}
	}
	return made, nil
}

// holderTables are those of holders. Many servers have no mailing lists or aliases at all: a table that is empty need
// not be asked for each of hundreds of addresses.
var holderTables = [...]string{"mailbox", "alias", "maillists", "forwardings"}

func (b *Backend) empty(ctx context.Context, tx *dialect.Tx, table string) (bool, error) {
	found, err := query(ctx, tx, b.sql.Select("domain").From(table).Limit(1), scanText)
	if err != nil {
		return false, fmt.Errorf("look into %s: %w", table, err)
	}
	return len(found) == 0, nil
}

func (b *Backend) insertMailboxes(ctx context.Context, tx *dialect.Tx, d account.Domain, steps []step) error {
	if len(steps) == 0 {
		return nil
	}
	common := b.domainValues(d)
	var names []string
	for name := range common {
		names = append(names, name)
	}
	slices.Sort(names)
	insert := dialect.Rows{Dialect: b.dialect, Table: "mailbox"}
	for i, s := range steps {
		values, err := b.mailboxValues(s.Operation)
		if err != nil {
			return err
		}
		row := make([]any, 0, len(values)+len(names))
		for _, v := range values {
			row = append(row, v.value)
			if i == 0 {
				insert.Columns = append(insert.Columns, v.column)
			}
		}
		for _, name := range names {
			row = append(row, common[name])
		}
		insert.Values = append(insert.Values, row)
	}
	insert.Columns = append(insert.Columns, names...)
	if err := exec(ctx, tx, insert); err != nil {
		return fmt.Errorf("insert %d mailboxes: %w", len(steps), err)
	}
	return nil
}

// domainValues are the columns that are the same for all new mailboxes of a domain.
func (b *Backend) domainValues(d account.Domain) map[string]any {
	now := stamp(b.clock())
	values := map[string]any{
		"domain": d.Name, "quota": d.Quota, "mailboxformat": "maildir", "mailboxfolder": "Maildir",
		"passwordlastchange": now, "created": now, "modified": now,
	}
	if length := b.mailbox["language"].length; length == 0 || len(d.Language) <= length {
		values["language"] = d.Language
	}
	if d.Timezone != "" && !strings.ContainsAny(d.Timezone, ":;") { // the list's own separators
		values["settings"] = "timezone:" + d.Timezone + ";"
	}
	for _, service := range d.DisabledServices {
		name := "enable" + service
		switch c, found := b.mailbox[name]; {
		case !found: // a service that only LDAP knows
		case c.length > 0:
			values[name] = "n" // SOGo's switches are characters
		default:
			values[name] = 0
		}
	}
	for name := range values {
		if !b.mailbox.has(name) {
			delete(values, name)
		}
	}
	return values
}

type value struct {
	column string
	value  any
}

// mailboxValues are the columns in which new mailboxes differ. Those that are not named keep the table's defaults;
// among them allow_nets, which must be NULL: an empty text would lock the user out.
func (b *Backend) mailboxValues(op *account.Operation) ([]value, error) {
	base, node, maildir, err := b.split(op.Home)
	if err != nil {
		return nil, fmt.Errorf("create %s: %w", op.Address, err)
	}
	values := []value{
		{"username", op.Address}, {"password", unknownPassword()}, {"active", flag(op.Switch == account.On)},
		{"storagebasedirectory", base}, {"storagenode", node}, {"maildir", maildir},
	}
	for _, f := range account.AllFields() {
		if name := fieldColumns[f]; b.mailbox.has(name) {
			text := ""
			if op.Set.Has(f) {
				text = op.Profile[f]
			}
			values = append(values, value{name, text})
		}
	}
	return values, nil
}

// insertSelfRows makes the forwarding row of each mailbox to itself. One that a deleted account left behind is taken
// over.
func (b *Backend) insertSelfRows(ctx context.Context, tx *dialect.Tx, steps []step) error {
	if len(steps) == 0 {
		return nil
	}
	insert := dialect.Rows{
		Dialect: b.dialect, Table: "forwardings",
		Columns: []string{"address", "forwarding", "domain", "dest_domain", "is_forwarding", "active"},
		Suffix:  b.dialect.Upsert([]string{"address", "forwarding"}, []string{"is_forwarding", "active"}),
	}
	for _, s := range steps {
		domain := account.DomainOf(s.Address)
		insert.Values = append(insert.Values, []any{s.Address, s.Address, domain, domain, 1, flag(s.Switch == account.On)})
	}
	if err := exec(ctx, tx, insert); err != nil {
		return fmt.Errorf("insert %d forwardings: %w", len(steps), err)
	}
	return nil
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}
