package run

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// delta is what changed in the directory since the watermark.
type delta struct {
	users []account.Object // in scope, changed or to be looked at again
	// missing are objects that may have left: changed and not in scope any more, waiting for an admin, or to be looked
	// at again.
	missing []account.SourceID
	// listed has the identities of everybody in scope, by kind of account, where deleted objects cannot be seen.
	listed map[account.Kind][]account.SourceID
	memberships
	// concerned are the groups whose aliases may change; nil where all groups are to be read.
	concerned *concerned
	// machines are users that are computers: nothing of theirs can change an alias.
	machines map[account.SourceID]bool
}

// memberships are what changed besides users and may concern aliases.
type memberships struct {
	// groups says that who is in an alias may have changed, anonymous that nobody can tell in which: something was deleted
	// that has no account here.
	groups, anonymous bool
	changed           []account.Object // groups in scope, changed or to be looked at again
	others            []account.Object // what changed and is not in scope: contacts, groups nested in others, somebody outside
}

// errFullRunNeeded says that the changed objects do not show everything that happened, or are too many.
var errFullRunNeeded = errors.New("the whole directory has to be read")

// mostChanged is how many changed objects a run still takes as a delta.
const mostChanged = 20_000

// delta reads what changed since the watermark. It returns nil where nothing did that could concern an account, and
// errFullRunNeeded where everything has to be read.
func (p *Replication) delta(ctx context.Context, reader Reader) (*delta, error) {
	d := &delta{machines: make(map[account.SourceID]bool), listed: make(map[account.Kind][]account.SourceID)}
	touched, err := reader.Changed(ctx, p.watermark.USN)
	if err != nil {
		return nil, fmt.Errorf("ask what changed: %w", err)
	}
	visible, err := p.countersVisible(ctx, reader)
	if err != nil {
		return nil, err
	}
	if !visible || len(touched) > mostChanged {
		return nil, errFullRunNeeded
	}
	elsewhere := make(map[account.SourceID]ChangedObject, len(touched))
	for _, t := range touched {
		if t.Container { // it may have moved, with everybody below it
			return nil, errFullRunNeeded
		}
		elsewhere[t.ID] = t
		p.elsewhere[t.ID] = true
		if t.Computer {
			d.machines[t.ID] = true
		}
	}
	if err := p.changed(ctx, reader, d, elsewhere); err != nil {
		return nil, err
	}
	if err := p.findDeparted(ctx, reader, d, elsewhere); err != nil {
		return nil, err
	}
	if len(d.users)+len(d.missing) == 0 && !d.groups {
		return nil, nil //nolint:nilnil // nothing happened
	}
	if err := p.readOwners(ctx, reader, d); err != nil {
		return nil, err
	}
	return d, nil
}

// countersVisible reports whether a search by the change counters of objects finds a user, where there is one. A bind account
// that may not read them is shown no change at all (rule R22). Some linked users are asked for first, since their identities are
// indexed everywhere; only where none of them is left, anybody is.
func (p *Replication) countersVisible(ctx context.Context, reader Reader) (bool, error) {
	const some = 5
	linked, err := p.cfg.Links.Some(ctx, p.res.ID, account.Mailbox, some)
	if err != nil {
		return false, fmt.Errorf("look for linked users: %w", err)
	}
	asked := [][]account.SourceID{linked, nil}
	if len(linked) == 0 {
		asked = asked[1:]
	}
	for _, ids := range asked {
		for _, since := range []int64{1, 0} {
			query := Query{Kind: account.User, IDs: ids, Since: since, Limit: 1, IDsOnly: true}
			listing, err := reader.List(ctx, query, func(account.Object) error { return nil })
			if err != nil {
				return false, fmt.Errorf("look for change counters: %w", err)
			}
			if listing.Count > 0 {
				return since > 0, nil
			}
		}
	}
	return true, nil
}

// changed reads the users in scope that changed, and those to be looked at again.
func (p *Replication) changed(ctx context.Context, reader Reader, d *delta, elsewhere map[account.SourceID]ChangedObject) error {
	take := func(o account.Object) error {
		delete(elsewhere, o.ID)
		if d.machines[o.ID] && len(o.Mail) == 0 {
			d.missing = append(d.missing, o.ID) // a computer without an address matters only to whom it was one
			return nil
		}
		d.users = append(d.users, o)
		return nil
	}
	if len(elsewhere) > 0 {
		if err := p.listComplete(ctx, reader, Query{Kind: account.User, Since: p.watermark.USN}, take); err != nil {
			return err
		}
	}
	again := make(map[account.Kind][]account.SourceID)
	for _, a := range p.watermark.Retries {
		again[a.Kind] = append(again[a.Kind], a.Source)
	}
	for id, h := range p.kept { // what waits for an admin, and what one has decided on
		again[h.Kind] = append(again[h.Kind], id)
	}
	if ids := again[account.Mailbox]; len(ids) > 0 {
		d.missing = append(d.missing, ids...) // unless it is found now
		if err := p.listComplete(ctx, reader, Query{Kind: account.User, IDs: ids}, take); err != nil {
			return err
		}
	}
	if !p.res.Settings.Replication.Groups {
		return nil
	}
	return p.changedGroups(ctx, reader, d, elsewhere, again[account.Alias])
}

// changedGroups reads the groups in scope that changed, and those to be looked at again.
func (p *Replication) changedGroups(
	ctx context.Context, reader Reader, d *delta, elsewhere map[account.SourceID]ChangedObject, again []account.SourceID,
) error {
	found := make(map[account.SourceID]bool)
	take := func(o account.Object) error {
		delete(elsewhere, o.ID)
		if d.groups = true; !found[o.ID] {
			d.memberships.changed = append(d.memberships.changed, o)
		}
		found[o.ID] = true
		return nil
	}
	for _, t := range elsewhere {
		if t.Kind == account.Group && !t.Deleted {
			if err := p.listComplete(ctx, reader, Query{Kind: account.Group, Since: p.watermark.USN}, take); err != nil {
				return err
			}
			break
		}
	}
	if len(again) == 0 {
		return nil
	}
	d.groups = true
	if err := p.listComplete(ctx, reader, Query{Kind: account.Group, IDs: again}, take); err != nil {
		return err
	}
	d.missing = append(d.missing, slices.DeleteFunc(again, func(id account.SourceID) bool { return found[id] })...)
	return nil
}

// listComplete lists objects, and returns errFullRunNeeded where the listing is not complete.
func (p *Replication) listComplete(ctx context.Context, reader Reader, q Query, each func(account.Object) error) error {
	listing, err := reader.List(ctx, q, p.counting(each))
	if err != nil {
		return fmt.Errorf("read what changed: %w", err)
	}
	if !listing.Complete {
		return errFullRunNeeded
	}
	return nil
}
