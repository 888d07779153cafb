package run

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/plan"
)

// Decision is what an admin said of a held removal; empty while it waits.
type Decision string

// The decisions.
const (
	Confirmed Decision = "confirmed" // the next run makes it
	Dismissed Decision = "dismissed" // it stays as it is until the object comes back
)

// Held is a removal that waits for an admin (rule R15).
type Held struct {
	Source   account.SourceID
	Kind     account.Kind
	Address  string
	DN       string
	Reason   account.Message
	Since    time.Time
	Decision Decision
}

// Removals keeps the held removals of resources.
type Removals interface {
	// Waiting are the held removals of a resource, those decided on too.
	Waiting(ctx context.Context, resource int64) ([]Held, error)
	// Keep replaces what is held: those that were held before keep their time and decision, those that are not any
	// more are forgotten. It is fenced by the lease.
	Keep(ctx context.Context, l Lease, held []Held) error
}

// removalPolicy is what the settings and the decisions on held removals say.
func (p *Replication) removalPolicy(ctx context.Context) (plan.Removal, error) {
	s := &p.res.Settings.Replication
	policy := plan.Removal{
		Delete: s.Delete, Disable: s.DisableRemoved, Max: s.MaxRemovals, MaxPercent: s.MaxRemovalPercent,
		Confirmed: make(map[account.SourceID]bool), Dismissed: make(map[account.SourceID]bool),
		Waiting: make(map[account.SourceID]bool),
	}
	if s.KeepDays > 0 {
		policy.KeepUntil = p.cfg.Clock().AddDate(0, 0, s.KeepDays)
	}
	if p.cfg.Removals == nil {
		return policy, nil
	}
	waiting, err := p.cfg.Removals.Waiting(ctx, p.res.ID)
	if err != nil {
		return policy, fmt.Errorf("read the held removals: %w", err)
	}
	for i := range waiting {
		policy.Waiting[waiting[i].Source] = waiting[i].Decision == ""
		policy.Confirmed[waiting[i].Source] = waiting[i].Decision == Confirmed
		policy.Dismissed[waiting[i].Source] = waiting[i].Decision == Dismissed
	}
	return policy, nil
}

// findLeavers finds out which linked objects are gone (rule R13): they were not in a complete listing, and are not in
// scope when they are asked for once more.
func (p *Replication) findLeavers(ctx context.Context, reader Reader, b *plan.Builder) error {
	for kind, of := range map[account.Kind]account.ObjectKind{account.Mailbox: account.User, account.Alias: account.Group} {
		absent := b.Absent(kind)
		if len(absent) == 0 {
			continue
		}
		present, err := reader.InScope(ctx, of, absent)
		if err != nil {
			return fmt.Errorf("ask for %d absent objects once more: %w", len(absent), err)
		}
		leaving := slices.DeleteFunc(absent, func(id account.SourceID) bool { return slices.Contains(present, id) })
		p.log.InfoContext(ctx, "objects left", "kind", kind, "absent", len(leaving)+len(present), "confirmed", len(leaving))
		b.Leaving(leaving)
	}
	return nil
}

// keepHeld writes down what waits for an admin, once everything else is done.
func (p *Replication) keepHeld(ctx context.Context) error {
	if p.cfg.Removals == nil {
		return nil
	}
	held := make([]Held, len(p.held))
	for i := range p.held {
		c := &p.held[i]
		held[i] = Held{
			Source: c.Source, Kind: c.Kind, Address: c.Address, DN: c.DN, Reason: c.Reason, Since: p.cfg.Clock(),
		}
	}
	if err := p.cfg.Removals.Keep(ctx, p.lease, held); err != nil {
		return fmt.Errorf("keep %d held removals: %w", len(held), err)
	}
	return nil
}
