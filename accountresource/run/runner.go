package run

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/recovered"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/backends"
)

// Config is what runs work with.
type Config struct {
	OpenReader OpenReader
	Mail
	Store
	Timing
	BatchSize int    // changes written together; 0: as many as the mail store makes in half a second
	Owner     string // this process, for people who look at a lease
	Logger    *slog.Logger
	Clock     func() time.Time // local time; mail directories carry it
}

// Mail is where the accounts and what belongs to them are.
type Mail struct {
	Backend      backends.Backend
	Storage      backends.Storage // where new mailboxes lie
	Applications []Application    // none: Tasks may be nil
}

// Store is what keeps the module's own rows.
type Store struct {
	Links      Links
	Journal    Journal
	Leases     Leases
	Removals   Removals
	Watermarks Watermarks // nil: every run reads the whole directory
	Tasks      Tasks
	Neighbours Neighbours // nil: there is no other resource
}

// Timing bounds runs; what is zero gets a default.
type Timing struct {
	LeaseTTL  time.Duration // how long a killed run blocks the next; renewed every third of it
	Deadline  time.Duration // the longest a run may take
	Retention time.Duration // how long the history is kept
}

// Runner runs replications.
type Runner struct{ cfg Config }

// New makes a Runner; numbers that are zero get a default.
func New(cfg Config) *Runner {
	cfg.LeaseTTL = orDefault(cfg.LeaseTTL, time.Minute)
	cfg.Deadline = orDefault(cfg.Deadline, 6*time.Hour)
	cfg.Retention = orDefault(cfg.Retention, 90*24*time.Hour)
	return &Runner{cfg: cfg}
}

func orDefault[T int | time.Duration](value, otherwise T) T {
	if value > 0 {
		return value
	}
	return otherwise
}

// Begin takes the resource's lease and opens a run in the history; Replication.Do does the work. wanted is Full for a
// run that reads the whole directory in any case, Incremental for one that does so where it must. It returns
// ErrDisabled, ErrRunning, resource.ErrNotFound, or the resource.Problems of a connection that is not complete.
func (r *Runner) Begin(ctx context.Context, res resource.Resource, t Trigger, wanted Mode) (*Replication, error) {
	return r.begin(ctx, res, t, wanted, nil)
}

func (r *Runner) begin(ctx context.Context, res resource.Resource, t Trigger, wanted Mode, live *liveRun) (*Replication, error) {
	if !res.Enabled {
		return nil, ErrDisabled
	}
	if err := res.Settings.Connection.Complete().AsError(); err != nil {
		return nil, fmt.Errorf("connection of resource %d: %w", res.ID, err)
	}
	var p *Replication
	err := recovered.Do(func() error {
		p = newReplication(&r.cfg, res, wanted)
		p.live = live
		return p.acquire(ctx)
	})
	if err != nil {
		logPanic(ctx, r.cfg.Logger, "take a lease", err)
		return nil, fmt.Errorf("take the lease of resource %d: %w", res.ID, err)
	}
	if err = recovered.Do(func() error { return p.open(ctx, t) }); err != nil {
		return nil, fmt.Errorf("open a run of resource %d: %w", res.ID, p.giveUp(ctx, err))
	}
	return p, nil
}

// giveUp releases the lease of a run that could not be opened. It returns why, joined with an error of the release. A
// run that is in the history by then is closed there.
func (p *Replication) giveUp(ctx context.Context, why error) error {
	if p.run.ID != 0 {
		p.end(ctx, why)
		return why
	}
	logPanic(ctx, p.cfg.Logger, "open a run", why)
	return errors.Join(why, p.release(ctx))
}

// open writes the run into the history. How much it reads is only decided when the server has answered.
func (p *Replication) open(ctx context.Context, t Trigger) (err error) {
	if err = p.readWatermark(ctx); err != nil {
		return err
	}
	likely := Full
	if p.requested == Incremental && p.watermark.Invocation != "" && !p.watermark.Open {
		likely = Incremental
	}
	p.run, err = p.cfg.Journal.Begin(ctx, p.lease, t, likely, p.cfg.Clock())
	p.log = p.log.With("run", p.run.ID)
	return err
}

// Once runs a replication to its end. The error is Begin's; how the run itself went is in Run.
func (r *Runner) Once(ctx context.Context, res resource.Resource, t Trigger, wanted Mode) (Run, error) {
	replication, err := r.Begin(ctx, res, t, wanted)
	if err != nil {
		return Run{}, err
	}
	return replication.Do(ctx), nil
}

// Sample reads the first users and groups in scope: the connection test. Nothing is written.
func (r *Runner) Sample(ctx context.Context, s resource.Settings) (sample Sample, err error) {
	err = recovered.Do(func() (err error) {
		sample, err = r.sample(ctx, s)
		return err
	})
	logPanic(ctx, r.cfg.Logger, "read a sample", err)
	return sample, err
}

func (r *Runner) sample(ctx context.Context, s resource.Settings) (Sample, error) {
	var sample Sample
	reader, err := r.cfg.OpenReader(s)
	if err != nil {
		return sample, fmt.Errorf("open the directory: %w", err)
	}
	defer func() { _ = reader.Close() }() // nothing was written that a failed close could lose
	if sample.Probe, err = reader.Probe(ctx); err != nil {
		return sample, fmt.Errorf("probe the directory: %w", err)
	}
	for kind, into := range map[account.ObjectKind]*[]account.Object{
		account.User: &sample.Users, account.Group: &sample.Groups,
	} {
		_, err := reader.List(ctx, Query{Kind: kind, Limit: SampleSize}, func(o account.Object) error {
			*into = append(*into, o)
			return nil
		})
		if err != nil {
			return sample, fmt.Errorf("read a sample: %w", err)
		}
	}
	shown := func(o account.Object) bool { return !o.NoStatus }
	if s.Users.Status != "" && len(sample.Users) > 0 && !slices.ContainsFunc(sample.Users, shown) {
		return sample, resource.NewProblem("user_status", "status_unreadable", nil, "Attribute", s.Users.Status, "Account", s.Connection.BindDN)
	}
	return sample, nil
}
