package run

import (
	"context"
	"fmt"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/plan"
)

// feed collects changes into batches and hands them on, so that writing goes on while the next pages are read.
type feed struct {
	batchSizer *batchSizer
	batch      []account.Change
	batches    chan<- []account.Change
}

func (f *feed) add(ctx context.Context, c account.Change) error {
	f.batch = append(f.batch, c)
	if len(f.batch) < f.batchSizer.batch() {
		return nil
	}
	return f.flush(ctx)
}

func (f *feed) flush(ctx context.Context) error {
	full := f.batch
	f.batch = make([]account.Change, 0, min(f.batchSizer.batch(), 2*len(full)))
	return send(ctx, f.batches, full)
}

// send hands a batch on, unless it is empty or the run is over.
func send[T any](ctx context.Context, batches chan<- []T, batch []T) error {
	if len(batch) == 0 {
		return nil
	}
	select {
	case batches <- batch:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// read puts the objects of the directory through the plan: those of a delta, or all where it is nil.
func (p *Replication) read(ctx context.Context, reader Reader, b *plan.Planner, d *delta, f *feed) error {
	if err := p.readUsers(ctx, reader, b, d, f); err != nil {
		return err
	}
	var err error
	switch {
	case !p.res.Settings.Replication.Groups:
	case d != nil && d.concerned != nil:
		err = p.giveGroups(ctx, reader, b, d, f)
	case d == nil || d.groups || len(b.Moved()) > 0:
		err = p.readGroups(ctx, reader, b, d != nil, f)
	}
	if err != nil {
		return err
	}
	p.counters.enter(Writing)
	return f.flush(ctx)
}

// readUsers streams the users, and finds out who left.
func (p *Replication) readUsers(ctx context.Context, reader Reader, b *plan.Planner, d *delta, f *feed) error {
	p.counters.enter(Users)
	add := func(o account.Object) error {
		p.shows(o.ID)
		if c, ok := b.Add(o); ok {
			return f.add(ctx, c)
		}
		return nil
	}
	var missing []account.SourceID
	if d == nil {
		p.counters.expected.Store(int64(b.Linked()))
		listing, err := reader.List(ctx, Query{Kind: account.User}, p.counting(add))
		if err != nil {
			return fmt.Errorf("read the users: %w", err)
		}
		p.listed(ctx, b, account.Mailbox, listing)
		if !listing.Complete {
			b.PrimaryPartial()
		}
	} else {
		for i := range d.users {
			if err := add(d.users[i]); err != nil {
				return err
			}
		}
		missing = append([]account.SourceID{}, d.missing...)
		if ids, listed := d.listed[account.Mailbox]; listed {
			for _, id := range ids {
				p.shows(id)
				b.Given(id)
			}
			b.Listed(account.Mailbox, len(ids))
		}
	}
	return p.findLeavers(ctx, reader, b, account.Mailbox, missing, add, f)
}

// listed has the plan know how a listing of everybody ended.
func (p *Replication) listed(ctx context.Context, b *plan.Planner, kind account.Kind, l Listing) {
	p.log.InfoContext(ctx, "directory read", "kind", kind, "objects", l.Count, "complete", l.Complete)
	if l.Complete {
		b.Listed(kind, l.Count)
	} else {
		p.notWhole(kind)
	}
}

// notWhole notes that a listing of the objects that accounts of the kind follow was not whole: the run is partial (rule
// R21), and the next one reads everything.
func (p *Replication) notWhole(kind account.Kind) {
	switch {
	case !p.incomplete.IsZero():
	case kind == account.Alias:
		p.incomplete = account.Say("problem_groups_incomplete")
	default:
		p.incomplete = account.Say("problem_users_incomplete")
	}
}
