package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/Masterminds/squirrel"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/dialect"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
)

const resourceTable = "account_resource_resource"

// Resources keeps the configured resources.
type Resources struct{ *Store }

// All lists the resources in the order in which they were made.
func (s *Resources) All(ctx context.Context) ([]resource.Resource, error) {
	all, err := s.selected(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("list the resources: %w", err)
	}
	return all, nil
}

// Neighbours returns the base DNs of the enabled resources of a mail domain besides one.
func (s *Resources) Neighbours(ctx context.Context, resource int64, domain string) (bases []string, err error) {
	all, err := s.All(ctx)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if c := &all[i].Settings.Connection; all[i].Enabled && all[i].ID != resource && c.Domain == domain && c.BaseDN != "" {
			bases = append(bases, c.BaseDN)
		}
	}
	return bases, nil
}

// Get reads a resource, or returns resource.ErrNotFound.
func (s *Resources) Get(ctx context.Context, id int64) (resource.Resource, error) {
	found, err := s.selected(ctx, squirrel.Eq{"id": id})
	switch {
	case err != nil:
		return resource.Resource{}, fmt.Errorf("read resource %d: %w", id, err)
	case len(found) == 0:
		return resource.Resource{}, fmt.Errorf("read resource %d: %w", id, resource.ErrNotFound)
	}
	return found[0], nil
}

func (s *Resources) selected(ctx context.Context, where any) ([]resource.Resource, error) {
	rows, err := s.stored(ctx, where)
	found := make([]resource.Resource, len(rows))
	for i := range rows {
		found[i] = rows[i].Resource
	}
	return found, err
}

// storedResource is a resource with its password as the database has it.
type storedResource struct {
	resource.Resource
	sealed string
}

// stored reads resources. A password that cannot be opened is locked, so that the pages still open and a run says why
// it cannot sign in.
func (s *Resources) stored(ctx context.Context, where any) ([]storedResource, error) {
	q := s.sql.Select("id", "kind", "enabled", "tested", "revision", "changed", "settings", "bind_password").
		From(resourceTable).OrderBy("id")
	if where != nil {
		q = q.Where(where)
	}
	return query(ctx, s.db, q, func(scan func(...any) error) (r storedResource, err error) {
		var settings string
		var changed int64
		if err := scan(&r.ID, &r.Kind, &r.Enabled, &r.Tested, &r.Revision, &changed, &settings, &r.sealed); err != nil {
			return r, err
		}
		r.Changed = fromMillis(changed)
		// Settings that came with a later version have their defaults in rows that are older.
		r.Settings = resource.Defaults()
		if err := json.Unmarshal([]byte(settings), &r.Settings); err != nil {
			return r, fmt.Errorf("settings of resource %d: %w", r.ID, err)
		}
		c := &r.Settings.Connection
		c.BindPassword = s.seal.open(r.sealed, r.ID, c.Endpoint())
		return r, nil
	})
}

// Create makes a disabled resource and gives its number.
func (s *Resources) Create(ctx context.Context, kind resource.Kind, set resource.Settings) (id int64, err error) {
	text, err := json.Marshal(set)
	if err != nil {
		return 0, fmt.Errorf("write settings: %w", err)
	}
	now := millis(s.clock())
	err = s.transaction(ctx, func(tx *dialect.Tx) error {
		id, err = s.insert(ctx, tx, s.sql.Insert(resourceTable).
			Columns("kind", "enabled", "tested", "revision", "settings", "bind_password", "created", "changed").
			Values(string(kind), 0, 0, 1, string(text), "", now, now))
		if err != nil {
			return err
		}
		// The number is part of the seal, and is known only now.
		_, err := exec(ctx, tx, s.sql.Update(resourceTable).
			Set("bind_password", s.seal.close(set.Connection.BindPassword, id, set.Connection.Endpoint())).
			Where(squirrel.Eq{"id": id}))
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("make a resource: %w", err)
	}
	return id, nil
}

// Save replaces the settings that res was read with and raises the revision. The stored password is replaced by a typed
// one, and left alone where that is zero. Settings of another source count as untested, and where they take other users or groups,
// what an admin dismissed waits again. It returns resource.ErrChanged
// where somebody else has changed them meanwhile, and an error where the stored password is for another endpoint.
func (s *Resources) Save(ctx context.Context, res resource.Resource, set resource.Settings, typed resource.Secret) error {
	if typed.IsZero() && set.Connection.Endpoint() != res.Settings.Connection.Endpoint() && !res.Settings.Connection.BindPassword.IsZero() {
		return fmt.Errorf("change resource %d: the stored password is for another endpoint", res.ID)
	}
	text, err := json.Marshal(set)
	if err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	statement := s.sql.Update(resourceTable).Set("settings", string(text)).Set("changed", millis(s.clock())).
		Set("revision", squirrel.Expr("revision + 1")).
		Set("tested", flag(res.Tested && set.SameSource(res.Settings))).
		Where(squirrel.Eq{"id": res.ID, "revision": res.Revision})
	if !typed.IsZero() {
		statement = statement.Set("bind_password", s.seal.close(typed, res.ID, set.Connection.Endpoint()))
	}
	changed := false
	err = s.transaction(ctx, func(tx *dialect.Tx) error {
		n, err := exec(ctx, tx, statement)
		if changed = n > 0; err != nil || !changed {
			return err
		}
		if set.SignIn.Mode == resource.SignInOff || res.Settings.SignIn.Mode == resource.SignInOff {
			if _, err := exec(ctx, tx, s.sql.Delete(verifierTable).Where(squirrel.Eq{"resource_id": res.ID})); err != nil {
				return fmt.Errorf("delete the verifiers: %w", err)
			}
		}
		if set.SameScope(res.Settings) {
			return nil
		}
		return s.forgetDismissals(ctx, tx, res.ID)
	})
	if err == nil && !changed {
		if err = s.exists(ctx, res.ID); err == nil {
			err = resource.ErrChanged
		}
	}
	if err != nil {
		return fmt.Errorf("change resource %d: %w", res.ID, err)
	}
	return nil
}

// SetTested notes that the settings of a revision passed a connection test; newer ones stay untested.
func (s *Resources) SetTested(ctx context.Context, id, revision int64) error {
	_, err := exec(ctx, s.db, s.sql.Update(resourceTable).Set("tested", flag(true)).
		Where(squirrel.Eq{"id": id, "revision": revision}))
	if err != nil {
		return fmt.Errorf("note that resource %d was tested: %w", id, err)
	}
	return nil
}

// SetEnabled switches the resource on or off.
func (s *Resources) SetEnabled(ctx context.Context, id int64, enabled bool) error {
	return s.update(ctx, id, s.sql.Update(resourceTable).Set("enabled", flag(enabled)))
}

func (s *Resources) update(ctx context.Context, id int64, statement squirrel.UpdateBuilder) error {
	// The time of the change differs each time, or else MySQL may report no row for one that stays as it was.
	_, err := exec(ctx, s.db, statement.Set("changed", millis(s.clock())).Where(squirrel.Eq{"id": id}))
	if err != nil {
		return fmt.Errorf("change resource %d: %w", id, err)
	}
	return s.exists(ctx, id)
}

func (s *Resources) exists(ctx context.Context, id int64) error {
	n, err := number(ctx, s.db, s.sql.Select("COUNT(*)").From(resourceTable).Where(squirrel.Eq{"id": id}))
	if err == nil && n == 0 {
		err = resource.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("resource %d: %w", id, err)
	}
	return nil
}

// runnable returns run.ErrDisabled or resource.ErrNotFound where the resource may not run now (rule R20). It stays as it
// is until the transaction ends.
func (s *Store) runnable(ctx context.Context, tx *dialect.Tx, id int64) error {
	enabled, err := s.keep(ctx, tx, id)
	if err == nil && !enabled {
		err = run.ErrDisabled
	}
	return err
}

// keep keeps a resource's row as it is until the transaction ends, or returns resource.ErrNotFound.
func (s *Store) keep(ctx context.Context, tx *dialect.Tx, id int64) (enabled bool, err error) {
	found, err := query(ctx, tx, s.sql.Select("enabled").From(resourceTable).Where(squirrel.Eq{"id": id}).
		Suffix(s.dialect.KeepRow), func(scan func(...any) error) (enabled bool, err error) { return enabled, scan(&enabled) })
	switch {
	case err != nil:
		return false, fmt.Errorf("look whether resource %d is enabled: %w", id, err)
	case len(found) == 0:
		return false, fmt.Errorf("resource %d: %w", id, resource.ErrNotFound)
	}
	return found[0], nil
}

// Links counts the accounts that the resource has linked.
func (s *Resources) Links(ctx context.Context, id int64) (int, error) {
	n, err := number(ctx, s.db, s.sql.Select("COUNT(*)").From(linkTable).Where(squirrel.Eq{"resource_id": id}))
	if err != nil {
		return 0, fmt.Errorf("count the links of resource %d: %w", id, err)
	}
	return int(n), nil
}

// Origins counts the accounts that the resource has linked, by how they came to be linked.
func (s *Resources) Origins(ctx context.Context, id int64) (map[account.Origin]int, error) {
	counts := make(map[account.Origin]int)
	_, err := query(ctx, s.db, s.sql.Select("origin", "COUNT(*)").From(linkTable).Where(squirrel.Eq{"resource_id": id}).
		GroupBy("origin"), func(scan func(...any) error) (n int, err error) {
		var origin account.Origin
		err = scan(&origin, &n)
		counts[origin] = n
		return n, err
	})
	if err != nil {
		return nil, fmt.Errorf("count the links of resource %d by origin: %w", id, err)
	}
	return counts, nil
}

// Adopted counts the mailboxes that were here before the resource linked them, and are on: their old passwords still work.
func (s *Resources) Adopted(ctx context.Context, id int64) (int, error) {
	n, err := number(ctx, s.db, s.sql.Select("COUNT(*)").From(linkTable).Where(squirrel.Eq{
		"resource_id": id, "kind": string(account.Mailbox), "origin": string(account.Linked), "disabled": 0,
	}))
	if err != nil {
		return 0, fmt.Errorf("count the mailboxes that resource %d has adopted: %w", id, err)
	}
	return int(n), nil
}

// Delete removes the resource with its links and history; accounts stay. During a run it returns run.ErrRunning.
func (s *Resources) Delete(ctx context.Context, id int64) error {
	lease, err := s.Leases().acquire(ctx, id, "deletion", leaseForDeletion, func(ctx context.Context, tx *dialect.Tx, id int64) error {
		_, err := s.keep(ctx, tx, id)
		return err
	})
	if err != nil {
		return fmt.Errorf("delete resource %d: %w", id, err)
	}
	if err := s.remove(ctx, lease); err != nil {
		// The caller may have given up.
		return fmt.Errorf("delete resource %d: %w", id, errors.Join(err, s.Leases().Release(context.WithoutCancel(ctx), lease)))
	}
	return nil
}

// remove deletes all that belongs to a resource, its history first and in pieces.
func (s *Resources) remove(ctx context.Context, lease run.Lease) error {
	if err := s.Runs().forgetAll(ctx, lease.Resource); err != nil {
		return err
	}
	return s.transaction(ctx, func(tx *dialect.Tx) error {
		// The resource goes first, as runs look at it before they look at the lease.
		if _, err := exec(ctx, tx, s.sql.Delete(resourceTable).Where(squirrel.Eq{"id": lease.Resource})); err != nil {
			return fmt.Errorf("empty %s: %w", resourceTable, err)
		}
		if err := s.fenced(ctx, tx, lease); err != nil {
			return err
		}
		if err := s.releaseLinks(ctx, tx, lease.Resource); err != nil {
			return err
		}
		for _, table := range []string{
			leaseTable, taskTable, removalTable, progressTable, markTable, againTable, unlinkedTable, unconfirmedTable, databaseTable,
			unshownTable, saidTable, verifierTable, signInTable, watchTable,
		} {
			if _, err := exec(ctx, tx, s.sql.Delete(table).Where(squirrel.Eq{"resource_id": lease.Resource})); err != nil {
				return fmt.Errorf("empty %s: %w", table, err)
			}
		}
		return nil
	})
}
