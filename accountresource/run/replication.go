package run

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/plan"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/backends"
)

// Replication is one run between its beginning and its end.
type Replication struct {
	cfg    *Config
	res    resource.Resource
	lease  Lease
	run    Run
	log    *slog.Logger
	domain account.Domain
	counts map[account.Action]int
	held   []account.Change // removals that wait for an admin
	gauge  gauge
	wanted Mode // Incremental: if that is enough

	down    map[string]error // applications that failed in this run
	waiting map[int64]bool   // tasks that were logged as waiting for one
}

// Run is the run's row in the history as it was opened.
func (p *Replication) Run() Run { return p.run }

// Do runs to the end, closes the run in the history and gives the lease back, whatever happens.
func (p *Replication) Do(ctx context.Context) Run {
	p.counts = make(map[account.Action]int)
	p.down, p.waiting = make(map[string]error), make(map[int64]bool)
	p.log.InfoContext(ctx, "replication begins", "trigger", p.run.Trigger, "mode", p.run.Mode)
	err := p.leased(ctx, p.replicate)
	return p.end(ctx, err)
}

// replicate is the way of the data. Once begin ends nothing new is begun, and finish is for what has been.
func (p *Replication) replicate(begin, finish context.Context) error {
	if err := p.doTasks(begin); err != nil { // what an earlier run could not do
		return err
	}
	err := p.plan(begin, func(ctx context.Context, batches <-chan []account.Change) error {
		return p.apply(ctx, finish, batches)
	})
	if err != nil {
		return err
	}
	return p.keepHeld(finish)
}

// plan reads what there is on both sides and hands batches of changes to consume, which works while the next pages are
// read.
func (p *Replication) plan(
	ctx context.Context, consume func(ctx context.Context, batches <-chan []account.Change) error,
) error {
	reader, err := p.cfg.OpenReader(p.res.Settings)
	if err != nil {
		return fmt.Errorf("open the directory: %w", err)
	}
	defer func() { _ = reader.Close() }() // it is only read
	p.gauge.enter(Connecting)
	probe, err := reader.Probe(ctx)
	if err != nil {
		return fmt.Errorf("probe the directory: %w", err)
	}
	p.gauge.server.Store(probe.Server)
	p.gauge.enter(Local)
	if err = p.readDomain(ctx); err != nil {
		return err
	}
	builder, err := p.builder(ctx)
	if err != nil {
		return err
	}
	work, ctx := errgroup.WithContext(ctx)
	batches := make(chan []account.Change, 2)
	work.Go(func() error {
		defer close(batches)
		return p.read(ctx, reader, builder, batches)
	})
	work.Go(func() error { return consume(ctx, batches) })
	return work.Wait()
}

// readDomain asks the mail store for the target domain, and refuses one that has no mailboxes here.
func (p *Replication) readDomain(ctx context.Context) (err error) {
	name := p.res.Settings.Connection.Domain
	p.domain, err = p.cfg.Backend.Domain(ctx, name)
	switch {
	case errors.Is(err, backends.ErrNotFound) || err == nil && p.domain.BackupMX:
		return resource.NewProblem("domain", "domain_not_hosted", err, "Domain", name)
	case err != nil:
		return storeProblem(fmt.Errorf("read domain %s: %w", name, err))
	}
	return nil
}

// builder begins the plan with what is here: the links, then the accounts of the domain.
func (p *Replication) builder(ctx context.Context) (*plan.Builder, error) {
	users := &p.res.Settings.Users
	removal, err := p.removalPolicy(ctx)
	if err != nil {
		return nil, err
	}
	homes := newHomes(p.cfg.Storage, p.cfg.Clock())
	b := plan.NewBuilder(plan.Policy{
		Resource:     p.res.ID,
		Domain:       p.domain,
		Mapped:       users.Mapped(),
		Stored:       p.cfg.Backend.Fields(),
		FollowStatus: users.Status != "",
		LinkExisting: p.res.Settings.Replication.ExistingAccounts == resource.LinkExisting,
		Canonical:    p.cfg.Backend.Canonical,
		Home:         homes.choose,
		Groups:       groupPolicy(&p.res.Settings),
		Removal:      removal,
	})
	for link, err := range p.cfg.Links.Links(ctx, p.res.ID, p.domain.Name) {
		if err != nil {
			return nil, fmt.Errorf("read the links: %w", err)
		}
		b.AddLink(link)
	}
	for local, err := range p.cfg.Backend.Accounts(ctx, p.domain.Name, backends.Query{
		Members: p.res.Settings.Replication.Groups,
	}) {
		if err != nil {
			return nil, storeProblem(fmt.Errorf("read the accounts of %s: %w", p.domain.Name, err))
		}
		homes.add(local.Home)
		b.AddLocal(local)
	}
	return b, nil
}

// read streams the users of the directory through the plan and hands its changes on in batches, so that writing goes
// on while the next pages are read.
func (p *Replication) read(
	ctx context.Context, reader Reader, b *plan.Builder, batches chan<- []account.Change,
) error {
	p.gauge.expected.Store(int64(b.Linked()))
	p.gauge.enter(Users)
	var batch []account.Change
	add := func(c account.Change) error {
		batch = append(batch, c)
		if len(batch) < p.cfg.BatchSize {
			return nil
		}
		full := batch
		batch = make([]account.Change, 0, p.cfg.BatchSize)
		return send(ctx, batches, full)
	}
	listing, err := reader.List(ctx, account.User, 0, p.counting(func(o account.Object) error {
		if c, ok := b.Add(o); ok {
			return add(c)
		}
		return nil
	}))
	if err != nil {
		return fmt.Errorf("read the users: %w", err)
	}
	p.log.InfoContext(ctx, "directory read", "objects", listing.Count, "complete", listing.Complete)
	if listing.Complete {
		b.Listed(account.Mailbox, listing.Count)
	}
	if p.res.Settings.Replication.Groups {
		if err := p.readGroups(ctx, reader, b); err != nil {
			return err
		}
	}
	p.gauge.enter(Leavers)
	if err := p.findLeavers(ctx, reader, b); err != nil {
		return err
	}
	p.gauge.enter(Writing)
	finish := []func() (together, rest []account.Change){b.Finish}
	if p.res.Settings.Replication.Groups {
		finish = append(finish, b.FinishGroups)
	}
	for _, decide := range finish {
		together, rest := decide()
		if len(together) > 0 { // in a batch of their own: they hand addresses on to each other
			if err := send(ctx, batches, batch); err != nil {
				return err
			}
			batch = nil
			if err := send(ctx, batches, together); err != nil {
				return err
			}
		}
		for _, c := range rest {
			if err := add(c); err != nil {
				return err
			}
		}
	}
	p.held = b.Held()
	return send(ctx, batches, batch)
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

// end closes the run in the history and gives the lease back. It has its own time: the run's may be over.
func (p *Replication) end(ctx context.Context, err error) Run {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	p.run.Finished, p.run.Counts = p.cfg.Clock(), p.counts
	p.run.Outcome, p.run.Error = p.outcome(err)
	p.log.InfoContext(ctx, "replication ended", "outcome", p.run.Outcome, "counts", p.counts, "error", err,
		"took", p.run.Finished.Sub(p.run.Started))
	forget := p.run.Finished.Add(-p.cfg.Retention)
	if err := p.cfg.Journal.End(ctx, p.run.ID, p.run.Outcome, p.run.Error, p.run.Finished, forget); err != nil {
		p.log.ErrorContext(ctx, "close the run in the history", "error", err)
	}
	if err := p.cfg.Leases.Release(ctx, p.lease); err != nil {
		p.log.ErrorContext(ctx, "give the lease back", "error", err)
	}
	return p.run
}
