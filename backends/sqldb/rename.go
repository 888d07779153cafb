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
	"github.com/mailpanel/account-resource/backends/references"
)

// rename gives accounts their new addresses everywhere in the database (rule R8), after the rest of each operation
// has been made under the old one. An account that has its new address already was renamed by an attempt whose answer was
// lost; the rest of this operation may be another one, and is made under the new address.
func (b *Backend) rename(ctx context.Context, tx *dialect.Tx, k kind, steps []step) error {
	if len(steps) == 0 {
		return nil
	}
	moving, moved, err := b.findMoving(ctx, tx, k, steps)
	if err != nil {
		return err
	}
	if err := b.update(ctx, tx, k, moved); err != nil {
		return err
	}
	if err := b.refuseTaken(ctx, tx, moving); err != nil {
		return err
	}
	moving = pending(moving)
	if err := b.update(ctx, tx, k, moving); err != nil {
		return err
	}
	var moves []account.Move
	for _, s := range pending(moving) {
		moves = append(moves, account.Move{From: s.Address, To: s.NewAddress})
	}
	for _, pass := range account.RenamePhases(moves) {
		for part := range slices.Chunk(pass, listChunk) {
			from := make([]string, len(part))
			for i, m := range part {
				from[i] = m.From
			}
			if err := exec(ctx, tx, b.sql.Update(k.table).Set(k.key, b.references.Follow(k.key, part, false)).
				Set("modified", stamp(b.clock())).Where(squirrel.Eq{k.key: from})); err != nil {
				return fmt.Errorf("rename %d rows of %s: %w", len(part), k.table, err)
			}
		}
	}
	if err := b.references.Rename(ctx, tx, moves); err != nil {
		return fmt.Errorf("rename %d accounts: %w", len(moves), err)
	}
	return nil
}

// findMoving gives those accounts that have yet to move, and those that have their new address already; the operations in
// the answer name each by the address that it has now. One that is at none of its stations is gone. An alias has no mail
// directory to tell it by: one that is at a station is taken for it.
func (b *Backend) findMoving(ctx context.Context, tx *dialect.Tx, k kind, steps []step) (moving, moved []step, err error) {
	var list []string
	for _, s := range steps {
		list = append(list, backends.Stations(s.Operation)...)
	}
	places, err := b.places(ctx, tx, k, list)
	if err != nil {
		return nil, nil, err
	}
	for _, s := range steps {
		stations := backends.Stations(s.Operation)
		i := slices.IndexFunc(stations, func(address string) bool {
			p, exists := places[address]
			return exists && (k.kind == account.Alias || p.home() == s.Home)
		})
		if i < 0 {
			*s.result = fmt.Errorf("rename %s: %w", s.Address, backends.ErrNotFound)
			continue
		}
		now := *s.Operation // that of the caller stays as it is
		now.Address, now.Place = stations[i], ""
		s.Operation = &now
		if now.Address == now.NewAddress {
			moved = append(moved, s)
		} else {
			moving = append(moving, s)
		}
	}
	return moving, moved, nil
}

// refuseTaken refuses renamings to an address that something else has and does not leave. A refusal may take away the
// room that another needs.
func (b *Backend) refuseTaken(ctx context.Context, tx *dialect.Tx, moving []step) error {
	for {
		left := pending(moving)
		leaving := make(map[string]bool, len(left))
		for _, s := range left {
			leaving[s.Address] = true
		}
		var targets []step
		for _, s := range left {
			if !leaving[s.NewAddress] {
				targets = append(targets, s)
			}
		}
		if len(targets) == 0 {
			return nil
		}
		if err := b.refuseHeld(ctx, tx, targets); err != nil {
			return err
		}
		if len(pending(targets)) == len(targets) {
			return nil
		}
	}
}

// refuseHeld refuses those whose new address a mailbox, an alias, a list or an additional address has.
func (b *Backend) refuseHeld(ctx context.Context, tx *dialect.Tx, steps []step) error {
	wanted := make(map[string]step, len(steps))
	var list []string
	for _, s := range steps {
		wanted[s.NewAddress] = s
		list = append(list, s.NewAddress)
	}
	for part := range slices.Chunk(list, listChunk) {
		for _, q := range b.holders(part) {
			found, err := query(ctx, tx, q, scanPlace)
			if err != nil {
				return fmt.Errorf("look for the addresses: %w", err)
			}
			for _, p := range found {
				if s, known := wanted[p.address]; known {
					*s.result = fmt.Errorf("rename %s to %s: %w", s.Address, s.NewAddress, backends.ErrExists)
				}
			}
		}
	}
	return nil
}

// place is a mailbox and where its mail lies; an address that something else has is a place without a mail directory.
type place struct{ address, base, node, maildir string }

func (p place) home() string { return homeOf(p.base, p.node, p.maildir) }

// path is the directory as deleted_mailboxes keeps it.
func (p place) path() string { return p.base + "/" + p.node + "/" + p.maildir }

func scanPlace(scan func(...any) error) (p place, err error) {
	err = scan(&p.address, &p.base, &p.node, &p.maildir)
	p.address = strings.ToLower(p.address)
	return p, err
}

// places finds accounts of a kind, and where the mail of mailboxes lies.
func (b *Backend) places(ctx context.Context, tx *dialect.Tx, k kind, list []string) (map[string]place, error) {
	places := make(map[string]place, len(list))
	for part := range slices.Chunk(list, listChunk) {
		found, err := query(ctx, tx, b.holders(part)[slices.Index(kinds[:], k)], scanPlace)
		if err != nil {
			return nil, fmt.Errorf("look for the accounts: %w", err)
		}
		for _, p := range found {
			places[p.address] = p
		}
	}
	return places, nil
}

// holders are the queries for whatever holds one of the addresses: the kinds of accounts in their order, mailboxes with
// their mail directories, then the rest.
func (b *Backend) holders(list []string) []squirrel.SelectBuilder {
	nothing := []string{"''", "''", "''"}
	others := b.sql.Select(append([]string{"address"}, nothing...)...).Where(b.in("address", list))
	return []squirrel.SelectBuilder{
		b.sql.Select("username", "storagebasedirectory", "storagenode", "maildir").From("mailbox").
			Where(b.in("username", list)),
		others.From("alias"), others.From("maillists"),
		others.From("forwardings").Where("NOT (is_forwarding = 1 AND address = forwarding)"),
	}
}

// addressTables are the tables of "vmail" beside mailbox and alias in which an address stands (iRedMail's own tables;
// what iRedAdmin leaves behind when it deletes a user is among them).
var addressTables = []references.Table{
	{Name: "forwardings", Key: []string{"address", "forwarding"}, Owned: []string{"address", "forwarding"}},
	{Name: "moderators", Key: []string{"address", "moderator"}, Owned: []string{"address", "moderator"}},
	{Name: "maillist_owners", Key: []string{"address", "owner"}, Owned: []string{"owner"}},
	{Name: "domain_admins", Key: []string{"username", "domain"}, Owned: []string{"username"}},
	{Name: "recipient_bcc_user", Key: []string{"username"}, Owned: []string{"username", "bcc_address"}},
	{Name: "sender_bcc_user", Key: []string{"username"}, Owned: []string{"username", "bcc_address"}},
	{Name: "recipient_bcc_domain", Owned: []string{"bcc_address"}},
	{Name: "sender_bcc_domain", Owned: []string{"bcc_address"}},
	{Name: "sender_relayhost", Key: []string{"account"}, Owned: []string{"account"}},
	{Name: "mailbox", Named: []string{"recovery_email"}},
}

// UsageTables say what was used and shared. On a server with OpenLDAP they are all that SQL knows of an account.
var UsageTables = []references.Table{
	{Name: "used_quota", Key: []string{"username"}, Owned: []string{"username"}},
	{Name: "last_login", Key: []string{"username"}, Owned: []string{"username"}},
	{Name: "share_folder", Key: []string{"from_user", "to_user"}, Owned: []string{"from_user", "to_user"}},
	{Name: "anyone_shares", Key: []string{"from_user"}, Owned: []string{"from_user"}},
}
