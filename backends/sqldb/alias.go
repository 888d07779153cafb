package sqldb

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/Masterminds/squirrel"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/dialect"
	"github.com/mailpanel/account-resource/backends"
)

// createAliases makes alias accounts with their members. One that is there already was made by an attempt whose answer
// was lost, and gets what it lacks; its access policy stays as it is (rule R10).
func (b *Backend) createAliases(ctx context.Context, tx *dialect.Tx, steps []step) error {
	for part := range slices.Chunk(steps, listChunk) {
		there, err := b.aliasesThere(ctx, tx, part)
		if err != nil {
			return err
		}
		missing := pending(part)
		insert := dialect.Rows{
			Dialect: b.dialect, Table: "alias",
			Columns: []string{"address", "name", "accesspolicy", "domain", "created", "modified", "active"},
		}
		now := stamp(b.clock())
		for _, s := range missing {
			if !there[s.Address] {
				insert.Values = append(insert.Values, []any{
					s.Address, s.Profile[account.Name], s.Policy, account.DomainOf(s.Address), now, now, flag(s.Switch == account.On),
				})
			}
		}
		if len(insert.Values) > 0 {
			if err := exec(ctx, tx, insert); err != nil {
				return fmt.Errorf("insert %d aliases: %w", len(insert.Values), err)
			}
		}
		if err := b.changeMembers(ctx, tx, missing); err != nil {
			return err
		}
	}
	return nil
}

// aliasesThere finds out which of the aliases exist, and refuses those whose address something else has.
func (b *Backend) aliasesThere(ctx context.Context, tx *dialect.Tx, steps []step) (map[string]bool, error) {
	wanted := make(map[string]step, len(steps))
	for _, s := range steps {
		wanted[s.Address] = s
	}
	there := make(map[string]bool)
	queries := b.holders(addresses(steps))
	queries[3] = queries[3].Where("is_list = 0") // an alias's own members are not in its way
	for i, q := range queries {
		found, err := query(ctx, tx, q, scanPlace)
		if err != nil {
			return nil, fmt.Errorf("look for the addresses: %w", err)
		}
		for _, p := range found {
			s, known := wanted[p.address]
			switch {
			case !known:
			case i == 1:
				there[p.address] = true
			default:
				*s.result = fmt.Errorf("create %s: %w", s.Address, backends.ErrExists)
			}
		}
	}
	return there, nil
}

// membersAtOnce is how many membership rows one statement writes.
const membersAtOnce = 2000

// changeMembers adds and removes rows of forwardings that are members of aliases.
func (b *Backend) changeMembers(ctx context.Context, tx *dialect.Tx, steps []step) error {
	var rows [][]any
	for _, s := range steps {
		for _, m := range s.Join {
			rows = append(rows, []any{s.Address, m, account.DomainOf(s.Address), account.DomainOf(m), 1, 1})
		}
		if err := b.addModerators(ctx, tx, s); err != nil {
			return err
		}
		for part := range slices.Chunk(s.Leave, listChunk) {
			if err := exec(ctx, tx, b.sql.Delete("forwardings").
				Where(squirrel.Eq{"address": s.Address, "is_list": 1}).Where(b.in("forwarding", part))); err != nil {
				return fmt.Errorf("remove members of %s: %w", s.Address, err)
			}
		}
	}
	for part := range slices.Chunk(rows, membersAtOnce) {
		if err := exec(ctx, tx, dialect.Rows{
			Dialect: b.dialect, Table: "forwardings",
			Columns: []string{"address", "forwarding", "domain", "dest_domain", "is_list", "active"}, Values: part,
			Suffix: b.dialect.Upsert([]string{"address", "forwarding"}, []string{"is_list", "active"}),
		}); err != nil {
			return fmt.Errorf("add %d members: %w", len(part), err)
		}
	}
	return nil
}

func (b *Backend) addModerators(ctx context.Context, tx *dialect.Tx, s step) error {
	if len(s.Moderate) == 0 {
		return nil
	}
	insert := dialect.Rows{
		Dialect: b.dialect, Table: "moderators", Columns: []string{"address", "moderator", "domain", "dest_domain"},
		Suffix: b.dialect.Upsert([]string{"address", "moderator"}, []string{"domain", "dest_domain"}),
	}
	for _, m := range s.Moderate {
		insert.Values = append(insert.Values, []any{s.Address, m, account.DomainOf(s.Address), account.DomainOf(m)})
	}
	if err := exec(ctx, tx, insert); err != nil {
		return fmt.Errorf("add moderators of %s: %w", s.Address, err)
	}
	return nil
}

// members reads the members of aliases, and their moderators.
func (b *Backend) members(ctx context.Context, accounts []account.Account) error {
	index := make(map[string]*account.Account, len(accounts))
	var list []string
	for i := range accounts {
		if accounts[i].Kind == account.Alias {
			index[accounts[i].Address] = &accounts[i]
			list = append(list, accounts[i].Address)
		}
	}
	for part := range slices.Chunk(list, listChunk) {
		q := b.sql.Select("address", "forwarding", "active").From("forwardings").Where(b.in("address", part)).
			Where(squirrel.Eq{"is_list": 1}).OrderBy("forwarding")
		members, err := query(ctx, b.db, q, scanMember)
		if err != nil {
			return fmt.Errorf("read the members of aliases: %w", err)
		}
		for _, m := range members {
			switch a := index[strings.ToLower(m.Address)]; {
			case a == nil:
			case m.active:
				a.Members = append(a.Members, strings.ToLower(m.Forwarding))
			default:
				a.Idle = append(a.Idle, strings.ToLower(m.Forwarding))
			}
		}
		q = b.sql.Select("address", "moderator").From("moderators").Where(b.in("address", part)).OrderBy("moderator")
		found, err := query(ctx, b.db, q, scanRoute)
		if err != nil {
			return fmt.Errorf("read the moderators of aliases: %w", err)
		}
		for _, r := range found {
			if a := index[strings.ToLower(r.Address)]; a != nil {
				a.Moderators = append(a.Moderators, strings.ToLower(r.Forwarding))
			}
		}
	}
	return nil
}

// having returns the aliases of a domain that have one of the addresses as a member.
func (b *Backend) having(ctx context.Context, domain string, members []string) ([]string, error) {
	aliases := []string{} // nil is all of the domain
	for part := range slices.Chunk(members, listChunk) {
		// iRedMail has no index for it. One of domain would only lead to nearly all rows, one by one.
		q := b.sql.Select("address").From("forwardings").Where(b.in("forwarding", part)).Where(squirrel.Eq{"is_list": 1})
		found, err := query(ctx, b.db, q, func(scan func(...any) error) (address string, err error) {
			err = scan(&address)
			return strings.ToLower(address), err
		})
		if err != nil {
			return nil, err
		}
		for _, address := range found {
			if account.DomainOf(address) == domain {
				aliases = append(aliases, address)
			}
		}
	}
	slices.Sort(aliases)
	return slices.Compact(aliases), nil
}

// member is a row of an alias.
type member struct {
	account.Route
	active bool
}

func scanMember(scan func(...any) error) (m member, err error) {
	return m, scan(&m.Address, &m.Forwarding, &m.active)
}

func scanRoute(scan func(...any) error) (r account.Route, err error) {
	return r, scan(&r.Address, &r.Forwarding)
}
