package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/Masterminds/squirrel"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/dialect"
)

const (
	linkTable = "account_resource_link"
	readChunk = 2000 // rows read at once
)

var linkKey = []string{"resource_id", "source_id"}

var linkColumns = []string{
	"resource_id", "source_id", "address", "domain", "kind", "origin", "state", "dn", "home", "disabled", "intent",
	"kept", "changed", "logon", "employee_id", "made", "shown", "released", "parted", "off_waits", "members",
}

// Links keeps which source object is which account.
type Links struct{ *Store }

// Links streams the resource's links, then those of other resources with an address in the domain.
func (s *Links) Links(ctx context.Context, resource int64, domain string) iter.Seq2[account.Link, error] {
	return func(yield func(account.Link, error) bool) {
		if !s.stream(ctx, squirrel.Eq{"resource_id": resource}, yield) {
			return
		}
		others, err := s.others(ctx, resource, domain)
		if err != nil {
			yield(account.Link{}, err)
			return
		}
		for _, other := range others {
			if !s.stream(ctx, squirrel.Eq{"resource_id": other, "domain": domain}, yield) {
				return
			}
		}
	}
}

// Claims returns the claims of other resources with an address in the domain.
func (s *Links) Claims(ctx context.Context, resource int64, domain string) (claims []account.Link, err error) {
	others, err := s.others(ctx, resource, domain)
	if err != nil || len(others) == 0 {
		return nil, err
	}
	claims, err = query(ctx, s.db, s.sql.Select(linkColumns...).From(linkTable).
		Where(squirrel.Eq{"resource_id": others, "domain": domain}).Where(squirrel.NotEq{"state": account.Confirmed}), scanLink)
	if err != nil {
		return nil, fmt.Errorf("read the claims in %s: %w", domain, err)
	}
	return claims, nil
}

// others returns the other resources with a link in the domain.
func (s *Links) others(ctx context.Context, resource int64, domain string) (others []int64, err error) {
	for other := int64(0); ; {
		if other, err = s.next(ctx, domain, other); err != nil || other == 0 {
			return others, err
		}
		if other != resource {
			others = append(others, other)
		}
	}
}

// next is the resource behind another among those with a link in the domain, or zero. Asking for one after the other
// spares the server the links of the one that has nearly all.
func (s *Links) next(ctx context.Context, domain string, behind int64) (int64, error) {
	found, err := number(ctx, s.db, s.sql.Select("MIN(resource_id)").From(linkTable).
		Where(squirrel.Eq{"domain": domain}).Where(squirrel.Gt{"resource_id": behind}))
	if err != nil {
		return 0, fmt.Errorf("look for resources with links in %s: %w", domain, err)
	}
	return found, nil
}

// Known are those of the objects that the resource has linked.
func (s *Links) Known(ctx context.Context, resource int64, ids []account.SourceID) ([]account.SourceID, error) {
	var known []account.SourceID
	for chunk := range slices.Chunk(ids, s.dialect.Together) {
		list := make([]string, len(chunk))
		for i := range chunk {
			list[i] = string(chunk[i])
		}
		found, err := query(ctx, s.db, s.sql.Select("source_id").From(linkTable).
			Where(squirrel.Eq{"resource_id": resource}).Where(s.in("source_id", list)),
			scanOne[account.SourceID])
		if err != nil {
			return nil, fmt.Errorf("look for links of resource %d: %w", resource, err)
		}
		known = append(known, found...)
	}
	return known, nil
}

// Of returns the links of the resource's objects with these identities; those that have none are left out.
func (s *Links) Of(ctx context.Context, resource int64, ids []account.SourceID) (links []account.Link, err error) {
	for chunk := range slices.Chunk(ids, s.dialect.Together) {
		list := make([]string, len(chunk))
		for i := range chunk {
			list[i] = string(chunk[i])
		}
		found, err := query(ctx, s.db, s.sql.Select(linkColumns...).From(linkTable).
			Where(squirrel.Eq{"resource_id": resource}).Where(s.in("source_id", list)), scanLink)
		if err != nil {
			return nil, fmt.Errorf("read the links of %d objects: %w", len(chunk), err)
		}
		links = append(links, found...)
	}
	return links, nil
}

// Elsewhere returns the links that other resources have to accounts of the domain for these objects.
func (s *Links) Elsewhere(ctx context.Context, resource int64, domain string, ids []account.SourceID) (links []account.Link, err error) {
	others, err := s.others(ctx, resource, domain)
	if err != nil {
		return nil, err
	}
	for _, other := range others {
		found, err := s.Of(ctx, other, ids)
		if err != nil {
			return nil, err
		}
		links = append(links, slices.DeleteFunc(found, func(l account.Link) bool { return account.DomainOf(l.Address) != domain })...)
	}
	return links, nil
}

// Some returns objects that the resource has linked to accounts of a kind, at most as many as limit.
func (s *Links) Some(ctx context.Context, resource int64, kind account.Kind, limit int) ([]account.SourceID, error) {
	found, err := query(ctx, s.db, s.sql.Select("source_id").From(linkTable).
		Where(squirrel.Eq{"resource_id": resource, "kind": kind}).OrderBy("source_id").Limit(uint64(max(limit, 0))), scanOne[account.SourceID])
	if err != nil {
		return nil, fmt.Errorf("read some links of resource %d: %w", resource, err)
	}
	return found, nil
}

// Count returns the number of links that the resource has.
func (s *Links) Count(ctx context.Context, resource int64) (int, error) {
	return s.Resources().Links(ctx, resource)
}

// At are the links of these addresses, of whichever resource.
func (s *Links) At(ctx context.Context, addresses []string) (links []account.Link, err error) {
	for chunk := range slices.Chunk(addresses, s.dialect.Together) {
		found, err := query(ctx, s.db, s.sql.Select(linkColumns...).From(linkTable).Where(s.in("address", chunk)), scanLink)
		if err != nil {
			return nil, fmt.Errorf("read the links of %d addresses: %w", len(chunk), err)
		}
		links = append(links, found...)
	}
	return links, nil
}

// OfAccount returns the link of an account, of whichever resource.
func (s *Links) OfAccount(ctx context.Context, address string) (link account.Link, found bool, err error) {
	links, err := query(ctx, s.db, s.sql.Select(linkColumns...).From(linkTable).
		Where(squirrel.Eq{"address": address, "released": flag(false)}), scanLink)
	if err != nil {
		return link, false, fmt.Errorf("read the link of %s: %w", address, err)
	}
	if len(links) == 0 {
		return link, false, nil
	}
	return links[0], true, nil
}

// Changed is when the link of an account was last written, which is with every change of the account; zero where there
// is no link.
func (s *Links) Changed(ctx context.Context, address string) (time.Time, error) {
	changed, err := number(ctx, s.db, s.sql.Select("changed").From(linkTable).Where(squirrel.Eq{"address": address}))
	if err != nil {
		return time.Time{}, fmt.Errorf("read when the link of %s was written: %w", address, err)
	}
	return fromMillis(changed), nil
}

// stream reads links of one resource in chunks along the key, each behind the last link of the one before, so that no
// rows are open while the caller works; it tells whether to go on.
func (s *Links) stream(ctx context.Context, which squirrel.Eq, yield func(account.Link, error) bool) bool {
	last := ""
	for {
		chunk, err := query(ctx, s.db, s.sql.Select(linkColumns...).From(linkTable).Where(which).
			Where(squirrel.Gt{"source_id": last}).OrderBy("source_id").Limit(readChunk), scanLink)
		if err != nil {
			yield(account.Link{}, fmt.Errorf("read the links: %w", err))
			return false
		}
		for i := range chunk {
			if !yield(chunk[i], nil) {
				return false
			}
		}
		if len(chunk) < readChunk {
			return true
		}
		last = string(chunk[len(chunk)-1].Source)
	}
}

// offReasons are the reasons by their number in the column disabled.
var offReasons = []account.OffReason{"", account.OffByStatus, account.OffByRemoval}

func scanLink(scan func(...any) error) (l account.Link, err error) {
	var domain, intent, kept string
	var members sql.NullString // empty in a row from before
	var changed int64
	var off int
	err = scan(&l.Resource, &l.Source, &l.Address, &domain, &l.Kind, &l.Origin, &l.State, &l.DN, &l.Home, &off,
		&intent, &kept, &changed, &l.Logon, &l.EmployeeID, &l.Made, &l.Shown, &l.Released, &l.Parted, &l.OffWaits, &members)
	if err != nil {
		return l, err
	}
	l.Off = offReasons[min(max(off, 0), len(offReasons)-1)]
	if l.Off == account.OffByRemoval || l.Released {
		l.Left = fromMillis(changed) // nothing else is written of it until its object comes back
	}
	if err := errors.Join(unpacked(intent, &l.Intent), unpacked(kept, &l.ExtraProfile), unpacked(members.String, &l.Members)); err != nil {
		return l, fmt.Errorf("link of %s: %w", l.Address, err)
	}
	return l, nil
}

// confirm has claims stand as links. The address alone finds them: it is unique, and who holds the lease claimed it. A
// condition on the resource would lead PostgreSQL, as long as it has no statistics, through all of its links.
func (s *Store) confirm(ctx context.Context, tx *dialect.Tx, addresses []string) error {
	if _, err := exec(ctx, tx, s.sql.Update(linkTable).Set("state", string(account.Confirmed)).Set("intent", "").
		Set("changed", millis(s.clock())).Where(s.in("address", addresses))); err != nil {
		return fmt.Errorf("confirm links: %w", err)
	}
	return nil
}

// update writes links that have been claimed with the same address.
func (s *Store) update(ctx context.Context, tx *dialect.Tx, links []account.Link) error {
	statement, err := s.insertLinks(links)
	if err != nil {
		return err
	}
	values := slices.DeleteFunc(slices.Clone(linkColumns), func(c string) bool { return slices.Contains(linkKey, c) })
	statement.Suffix = s.dialect.Upsert(linkKey, values)
	if _, err := exec(ctx, tx, statement); err != nil {
		return fmt.Errorf("update links: %w", err)
	}
	return nil
}

func (s *Store) insertLinks(links []account.Link) (dialect.Rows, error) {
	insert := dialect.Rows{Dialect: s.dialect, Table: linkTable, Columns: linkColumns}
	now := millis(s.clock())
	for i := range links {
		l := &links[i]
		intent, err := packed(l.Intent, len(l.Intent) == 0)
		if err != nil {
			return insert, err
		}
		kept, err := packed(l.ExtraProfile, l.ExtraProfile == account.Profile{})
		if err != nil {
			return insert, err
		}
		members, err := packed(l.Members, len(l.Members) == 0)
		if err != nil {
			return insert, err
		}
		insert.Values = append(insert.Values, []any{
			l.Resource, string(l.Source), l.Address, account.DomainOf(l.Address), string(l.Kind), string(l.Origin),
			string(l.State), l.DN, l.Home, slices.Index(offReasons, l.Off), intent, kept, now,
			shortened(l.Logon, 255), shortened(l.EmployeeID, 255), shortened(l.Made, 64), int64(l.Shown), flag(l.Released),
			flag(l.Parted), flag(l.OffWaits), members,
		})
	}
	return insert, nil
}

// packed is a value as JSON, or nothing.
func packed(value any, empty bool) (string, error) {
	if empty {
		return "", nil
	}
	text, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("write a column: %w", err)
	}
	return string(text), nil
}
