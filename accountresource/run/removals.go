package run

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/plan"
)

// Decision is what an admin said of a held removal; empty while it waits.
type Decision = plan.Decision

// The decisions.
const (
	Confirmed = plan.Confirmed // the next run makes it
	Dismissed = plan.Dismissed // it stays as it is until the object comes back
	PutAway   = plan.PutAway   // an account whose object does not need its address leaves it to a newcomer
	Retired   = plan.Retired   // an account whose object has no usable address is switched off
)

// Held is a change that waits for an admin (rules R15, R23): a removal, or one of many of a kind. A decision is for Action; where a
// removal becomes another one, it is held anew.
type Held struct {
	Source   account.SourceID
	Kind     account.Kind
	Action   account.Action
	Address  string
	DN       string
	Diff     []account.Difference // what would change
	Reason   account.Message
	Since    time.Time
	Decision Decision
}

// Waits reports whether an admin has to decide. What may be retired is only offered.
func (h *Held) Waits() bool { return h.Decision == "" && h.Action != account.ActionUnusable }

// Removals keeps the held changes of resources.
type Removals interface {
	// Unconfirmed returns how many changes of each kind that is limited the resource made since a time, but for those that an
	// admin confirmed.
	Unconfirmed(ctx context.Context, resource int64, since time.Time) (map[account.Action]int, error)
	// Waiting are the held removals of a resource, those decided on too.
	Waiting(ctx context.Context, resource int64) ([]Held, error)
	// Keep replaces what is held: those that were held before for the same action keep their time and decision, those
	// that are not any more are forgotten. It is fenced by the lease.
	Keep(ctx context.Context, l Lease, held []Held) error
}

// heldRemovals are the removals that are held by the plan, those that the store has, and the kinds of accounts of which it
// is known whose objects have left.
type heldRemovals struct {
	held          []account.Change
	kept          kept
	recent        map[account.Action]int // made within the hour before the run, and
	unconfirmed   map[account.Action]int // by this run, without an admin's confirmation
	removalsKnown map[account.Kind]bool
	seen          func(account.SourceID) bool // whether an object was in scope
	overdue       map[account.SourceID]bool   // links that were left to another resource, which did not take them
}

// kept are the held removals that the store has, by object.
type kept map[account.SourceID]Held

// pending returns how many of them wait for an admin's decision.
func (k kept) pending() (n int) {
	for _, h := range k {
		if h.Waits() {
			n++
		}
	}
	return n
}

// has reports whether the change is a removal that was held before for the same action: it has its row in the log.
func (k kept) has(c *account.Change) bool {
	return c.Action == account.ActionHeld && k[c.Source].Action == c.Held
}

// readHeld reads which removals are held as the run begins, and what was decided of them.
func (p *Replication) readHeld(ctx context.Context) error {
	if p.cfg.Removals == nil {
		return nil
	}
	held, err := p.cfg.Removals.Waiting(ctx, p.res.ID)
	if err != nil {
		return fmt.Errorf("read the held removals: %w", err)
	}
	p.keep(held)
	p.recent, err = p.cfg.Removals.Unconfirmed(ctx, p.res.ID, p.cfg.Clock().Add(-guardTime))
	if err != nil {
		return fmt.Errorf("count what was changed within the hour: %w", err)
	}
	return nil
}

// guardTime is how long a change counts towards the limits of rules R15 and R23.
const guardTime = time.Hour

func (p *Replication) keep(held []Held) {
	p.kept = make(kept, len(held))
	for _, h := range held {
		p.kept[h.Source] = h
	}
}

// removalPolicy is what the settings and the decisions on held removals say.
func (p *Replication) removalPolicy() plan.Removal {
	s := &p.res.Settings.Replication
	policy := plan.Removal{
		Delete: s.Delete, Disable: s.DisableRemoved, Max: s.MaxRemovals, MaxPercent: s.MaxRemovalPercent,
		Recent:  p.recent,
		Decided: make(map[account.SourceID]plan.Decided, len(p.kept)),
	}
	if s.KeepDays > 0 {
		policy.KeepUntil = p.cfg.Clock().AddDate(0, 0, s.KeepDays)
	}
	policy.Unshown, policy.OtherWords = slices.Collect(maps.Keys(p.unshown)), p.saidElsewhere()
	for _, h := range p.kept {
		policy.Decided[h.Source] = plan.Decided{Action: h.Action, Decision: h.Decision}
	}
	return policy
}

// findLeavers finds out which linked objects are gone (rule R13): they were not in a complete listing, or have changed
// and are not in scope, and they are not there either when they are asked for once more by their identity. Who is there
// after all is added. missing are those besides the absent of a listing; nil where only a listing can tell.
func (p *Replication) findLeavers(
	ctx context.Context, reader Reader, b *plan.Planner, kind account.Kind, missing []account.SourceID,
	add func(account.Object) error, f *feed,
) error {
	unlisted := b.Absent(kind)
	absent := append(slices.Clone(unlisted), b.Missing(kind, missing)...)
	slices.Sort(absent)
	absent = slices.Compact(absent)
	if len(absent) == 0 {
		p.removalsKnown[kind] = missing != nil || b.IsListed(kind)
		return nil
	}
	p.counters.enter(Leavers)
	present := make(map[account.SourceID]bool)
	listing, err := reader.List(ctx, Query{Kind: sourceKinds[kind], IDs: absent}, func(o account.Object) error {
		present[o.ID] = true
		p.shows(o.ID)
		return add(o)
	})
	if err != nil {
		return fmt.Errorf("ask for %d absent objects once more: %w", len(absent), err)
	}
	leaving := slices.DeleteFunc(slices.Clone(absent), func(id account.SourceID) bool { return present[id] })
	p.log.InfoContext(ctx, "objects left", "kind", kind, "absent", len(absent), "left", len(leaving), "complete", listing.Complete)
	if slices.ContainsFunc(unlisted, func(id account.SourceID) bool { return present[id] }) {
		p.notWhole(kind) // somebody was passed over who is there, and so newcomers may have been
	}
	if !listing.Complete {
		p.notWhole(kind)
		return nil
	}
	if leaving, err = p.mayHaveLeft(ctx, b, kind, leaving, f); err != nil {
		return err
	}
	p.removalsKnown[kind] = !p.doubted
	if len(leaving) == 0 {
		return nil
	}
	if leaving, err = p.handOver(ctx, reader, b, leaving); err != nil {
		return err
	}
	if err := p.lookAround(ctx, reader, b, leaving); err != nil {
		return err
	}
	b.Leaving(leaving)
	if b.IsListed(kind) {
		return nil
	}
	// Whether anybody is left is known from a listing; here it is asked for.
	any, err := reader.List(ctx, Query{Kind: sourceKinds[kind], Limit: 1, IDsOnly: true}, func(account.Object) error { return nil })
	if err != nil {
		return fmt.Errorf("ask whether anybody is in scope: %w", err)
	}
	b.Scope(kind, any.Count)
	return nil
}

// mostLookedAround is the number of objects up to which it is asked whether anybody is left where they were; of more than that, the
// guard is to hold all.
const mostLookedAround = 1000

// lookAround finds out where the bind account sees nobody any more: who was there has not left for certain (rule R13), unless a
// tombstone says so, the object is shown elsewhere, or an admin has decided.
func (p *Replication) lookAround(ctx context.Context, reader Reader, b *plan.Planner, leaving []account.SourceID) error {
	var dns []string
	var doubted []account.SourceID
	for _, id := range leaving {
		if _, waits := p.kept[id]; !waits && !p.elsewhere[id] && len(doubted) < mostLookedAround {
			doubted, dns = append(doubted, id), append(dns, b.DN(id))
		}
	}
	if len(doubted) == 0 {
		return nil
	}
	neighbours, err := reader.HasNeighbours(ctx, dns)
	if err != nil {
		return fmt.Errorf("look around where %d objects were: %w", len(doubted), err)
	}
	for i, id := range doubted {
		if !neighbours[dns[i]] {
			p.log.WarnContext(ctx, "where an object was, the directory shows nobody: what becomes of its account is held", "dn", dns[i])
			b.Unseen(id)
		}
	}
	return nil
}

// keepHeld writes down what waits for an admin, once everything else is done. Where this run could not find out who is
// gone, what was held before stays with its decision: one that is forgotten would be a removal like any other.
func (p *Replication) keepHeld(ctx context.Context) error {
	if p.cfg.Removals == nil || p.noChanges {
		return nil
	}
	held := make([]Held, 0, len(p.held))
	for i := range p.held {
		c := &p.held[i]
		h := Held{
			Source: c.Source, Kind: c.Kind, Action: c.Held, Address: c.Address, DN: c.DN, Diff: c.Diff, Reason: c.Reason, Since: p.cfg.Clock(),
		}
		if before := p.kept[c.Source]; before.Action == c.Held {
			h.Since, h.Decision = before.Since, before.Decision
		}
		held = append(held, h)
	}
	decided := make(map[account.SourceID]bool, len(held))
	for i := range held {
		decided[held[i].Source] = true
	}
	for _, h := range p.kept {
		_, unshown := p.unshown[h.Source]
		if (!p.removalsKnown[h.Kind] || unshown) && !decided[h.Source] && !p.seen(h.Source) {
			held = append(held, h)
		}
	}
	slices.SortFunc(held, func(a, b Held) int { return strings.Compare(string(a.Source), string(b.Source)) })
	p.remind(ctx, held)
	if err := p.cfg.Removals.Keep(ctx, p.lease, held); err != nil {
		return fmt.Errorf("keep %d held removals: %w", len(held), err)
	}
	p.keep(held)
	return nil
}

// remindAfter is how long a change waits for an admin before every run says so in the process's log.
const remindAfter = 24 * time.Hour

// remind logs that changes have been waiting for long.
func (p *Replication) remind(ctx context.Context, held []Held) {
	n, oldest := 0, p.cfg.Clock()
	for i := range held {
		if h := &held[i]; h.Waits() && p.cfg.Clock().Sub(h.Since) > remindAfter {
			n++
			if h.Since.Before(oldest) {
				oldest = h.Since
			}
		}
	}
	if n > 0 {
		p.log.WarnContext(ctx, "changes wait for an admin's decision", "changes", n, "since", oldest)
	}
}
