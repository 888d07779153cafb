package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/Masterminds/squirrel"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/dialect"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// Claim inserts or replaces links, fenced by the lease. One whose address belongs to another object fails alone.
// Links that swap or pass on their addresses among themselves are fine.
//
// Newcomers are inserted first as what they seem to be: objects without a link. Only where that fails are the links
// of the same objects looked for and replaced. A run that was killed leaves such links: the first attempt is not
// repeated, as what is in its way stays.
func (s *Links) Claim(ctx context.Context, l run.Lease, links []account.Link) (results []error, err error) {
	once := func(ctx context.Context, work func(*dialect.Tx) error) error {
		return s.dialect.Transaction(ctx, s.db, work)
	}
	results, err = s.claim(ctx, l, links, once, func(link account.Link) bool {
		return link.State != account.Creating
	})
	if err != nil && !errors.Is(err, run.ErrLeaseLost) && ctx.Err() == nil {
		results, err = s.claim(ctx, l, links, s.transaction, func(account.Link) bool { return true })
	}
	if err != nil {
		return nil, fmt.Errorf("claim %d links: %w", len(links), err)
	}
	return results, nil
}

// claim is one attempt; known tells which objects may have a link already.
func (s *Links) claim(
	ctx context.Context, l run.Lease, links []account.Link,
	transaction func(context.Context, func(*dialect.Tx) error) error, known func(account.Link) bool,
) (results []error, err error) {
	err = transaction(ctx, func(tx *dialect.Tx) error {
		if err := s.fenced(ctx, tx, l); err != nil {
			return err
		}
		var owners map[string]objectKey
		if slices.ContainsFunc(links, known) { // among newcomers alone, the unique key of the table says who is first
			var released []string
			var err error
			if owners, released, err = s.owners(ctx, tx, links); err != nil {
				return err
			}
			if err := s.dropReleased(ctx, tx, released); err != nil {
				return err
			}
		}
		var granted []account.Link
		results, granted = grant(owners, links)
		for chunk := range slices.Chunk(granted, s.dialect.Together) {
			if err := s.replace(ctx, tx, l.Resource, chunk, known); err != nil {
				return err
			}
		}
		return s.endVerifiers(ctx, tx, l.Resource, granted, nil)
	})
	return results, err
}

type objectKey struct {
	resource int64
	source   account.SourceID
}

// grant decides which links get their addresses: those whose address no other has, or one of the batch has that leaves it.
// One that is refused stays where it is, and takes away the room that another needs.
func grant(owners map[string]objectKey, links []account.Link) (results []error, granted []account.Link) {
	results = make([]error, len(links))
	for refused := true; refused; {
		refused, granted = false, make([]account.Link, 0, len(links))
		leaving := make(map[objectKey]string, len(links))
		for i := range links {
			if results[i] == nil {
				leaving[objectKey{links[i].Resource, links[i].Source}] = links[i].Address
			}
		}
		taken := make(map[string]bool, len(links))
		for i := range links {
			link := &links[i]
			who, owned := owners[link.Address]
			next, leaves := leaving[who]
			stays := owned && who != objectKey{link.Resource, link.Source} && (!leaves || next == link.Address)
			switch {
			case results[i] != nil:
			case stays, taken[link.Address]:
				results[i], refused = fmt.Errorf("%s: %w", link.Address, run.ErrConflict), true
			default:
				taken[link.Address] = true
				granted = append(granted, *link)
			}
		}
	}
	return results, granted
}

// owners finds who has the addresses of the links now, and which of them deleted resources have left.
func (s *Links) owners(
	ctx context.Context, tx *dialect.Tx, links []account.Link,
) (owners map[string]objectKey, released []string, err error) {
	owners = make(map[string]objectKey)
	for chunk := range slices.Chunk(links, s.dialect.Together) {
		addresses := make([]string, len(chunk))
		for i := range chunk {
			addresses[i] = chunk[i].Address
		}
		_, err := query(ctx, tx, s.sql.Select("address", "resource_id", "source_id", "released").From(linkTable).
			Where(s.in("address", addresses)), func(scan func(...any) error) (k objectKey, err error) {
			var address string
			var isReleased bool
			if err = scan(&address, &k.resource, &k.source, &isReleased); isReleased {
				released = append(released, address)
			} else {
				owners[address] = k
			}
			return k, err
		})
		if err != nil {
			return nil, nil, fmt.Errorf("look for owners of addresses: %w", err)
		}
	}
	return owners, released, nil
}

// replace deletes before it inserts, so that addresses can change hands, and so that an address taken
// at this moment is an error rather than his link overwritten.
func (s *Store) replace(
	ctx context.Context, tx *dialect.Tx, resource int64, links []account.Link, known func(account.Link) bool,
) error {
	var sources []string
	for i := range links {
		if known(links[i]) {
			sources = append(sources, string(links[i].Source))
		}
	}
	if len(sources) > 0 {
		if _, err := exec(ctx, tx, s.sql.Delete(linkTable).
			Where(squirrel.Eq{"resource_id": resource}).Where(s.in("source_id", sources))); err != nil {
			return fmt.Errorf("replace links: %w", err)
		}
	}
	statement, err := s.insertLinks(links)
	if err != nil {
		return err
	}
	if _, err := exec(ctx, tx, statement); err != nil {
		return fmt.Errorf("insert links: %w", err)
	}
	return nil
}
