package run

import (
	"context"
	"errors"
	"fmt"

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
	// groups says that who is in an alias may have changed.
	groups bool
	// machines are users that are computers: nothing of theirs can change an alias.
	machines map[account.SourceID]bool
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
	visible, err := countersVisible(ctx, reader)
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
		if t.Computer {
			d.machines[t.ID] = true
		}
	}
	if err := p.changed(ctx, reader, d, elsewhere); err != nil {
		return nil, err
	}
	p.heldBefore(d)
	if err := p.findDeparted(ctx, reader, d, elsewhere); err != nil {
		return nil, err
	}
	if len(d.users)+len(d.missing) == 0 && !d.groups {
		return nil, nil //nolint:nilnil // nothing happened
	}
	return d, nil
}

// countersVisible reports whether a search by the change counters of objects finds a user, where there is one. A bind account
// that may not read them is shown no change at all (rule R22).
func countersVisible(ctx context.Context, reader Reader) (bool, error) {
	var found [2]int
	for i, since := range []int64{1, 0} {
		query := Query{Kind: account.User, Since: since, Limit: 1, IDsOnly: true}
		listing, err := reader.List(ctx, query, func(account.Object) error { return nil })
		if err != nil {
			return false, fmt.Errorf("look for change counters: %w", err)
		}
		if found[i] = listing.Count; found[0] > 0 {
			return true, nil
		}
	}
	return found[1] == 0, nil
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
	var again []account.SourceID
	for _, a := range p.watermark.Retries {
		if a.Kind == account.Mailbox {
			again = append(again, a.Source)
		} else {
			d.groups = true
		}
	}
	if len(again) == 0 {
		return nil
	}
	d.missing = append(d.missing, again...) // unless it is found now
	return p.listComplete(ctx, reader, Query{Kind: account.User, IDs: again}, take)
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

// heldBefore adds the removals that an admin has to decide on or has decided on: they are looked at in every run.
func (p *Replication) heldBefore(d *delta) {
	for id, h := range p.kept {
		d.missing = append(d.missing, id)
		d.groups = d.groups || h.Kind == account.Alias && p.res.Settings.Replication.Groups
	}
}

// findDeparted finds the linked objects that may have left. What changed and is not in scope now has left if it is
// linked; where deleted objects are not shown, everybody's identity is listed besides.
func (p *Replication) findDeparted(ctx context.Context, reader Reader, d *delta, elsewhere map[account.SourceID]ChangedObject) error {
	groups := p.res.Settings.Replication.Groups
	suspects := d.missing
	for id, t := range elsewhere {
		suspects = append(suspects, id)
		// A group in scope or nested in one, a contact or somebody outside who is a member.
		d.groups = d.groups || groups && (t.Kind == account.Group || t.Kind == account.Contact || t.Kind == account.User && !t.Computer)
	}
	known, err := p.cfg.Links.Known(ctx, p.res.ID, suspects)
	if err != nil {
		return fmt.Errorf("look for the links of %d objects: %w", len(suspects), err)
	}
	d.missing = known
	if p.probe.Tombstones {
		return nil
	}
	for _, kind := range withGroups(&p.res.Settings) {
		d.listed[kind] = []account.SourceID{}
		if err := p.listComplete(ctx, reader, Query{Kind: sourceKinds[kind], IDsOnly: true}, func(o account.Object) error {
			d.listed[kind] = append(d.listed[kind], o.ID)
			return nil
		}); err != nil {
			return err
		}
	}
	return p.absent(ctx, d)
}

// absent adds the linked objects that a listing of identities does not have.
func (p *Replication) absent(ctx context.Context, d *delta) error {
	there := make(map[account.SourceID]struct{})
	for _, ids := range d.listed {
		for _, id := range ids {
			there[id] = struct{}{}
		}
	}
	policy := &p.res.Settings.Replication
	for l, err := range p.cfg.Links.Links(ctx, p.res.ID, p.res.Settings.Connection.Domain) {
		if err != nil {
			return fmt.Errorf("read the links: %w", err)
		}
		_, listed := d.listed[l.Kind]
		_, present := there[l.Source]
		if l.Resource != p.res.ID || !listed || present {
			continue
		}
		if !policy.Delete && !policy.DisableRemoved { // its account is left as it is, but it is a member of no alias any more
			d.groups = d.groups || p.res.Settings.Replication.Groups
			continue
		}
		if l.Off != "" && !(policy.Delete && l.Origin == account.Created) {
			continue // it left before, and is switched off already
		}
		d.missing = append(d.missing, l.Source)
		d.groups = d.groups || l.Kind == account.Alias
	}
	return nil
}
