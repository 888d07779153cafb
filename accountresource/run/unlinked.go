package run

import (
	"context"
	"fmt"
	"slices"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/plan"
)

// unlinkedGone reports whether one of the objects without an account on which aliases depend, such as contacts, people outside of the
// scope and nested groups, is not in the directory any more (rule R12). Deleting them shows in nothing but their absence.
func (p *Replication) unlinkedGone(ctx context.Context, reader Reader) (bool, error) {
	ids, err := p.cfg.Watermarks.Unlinked(ctx, p.res.ID)
	if err != nil {
		return false, fmt.Errorf("read on whom aliases depend: %w", err)
	}
	if len(ids) == 0 {
		return false, nil
	}
	found, err := reader.LookUp(ctx, ids)
	if err != nil {
		return false, fmt.Errorf("look up %d members of groups: %w", len(ids), err)
	}
	present := make(map[account.SourceID]bool, len(found))
	for i := range found {
		present[found[i].ID] = true
	}
	return slices.ContainsFunc(ids, func(id account.SourceID) bool { return !present[id] }), nil
}

// keepUnlinked notes on which objects without an account aliases depend. A run that read all groups knows them all; one that read some
// adds to them.
func (p *Replication) keepUnlinked(ctx context.Context) error {
	if p.cfg.Watermarks == nil || !p.incomplete.IsZero() || p.groupsRead == noGroups {
		return nil
	}
	before, err := p.cfg.Watermarks.Unlinked(ctx, p.res.ID)
	if err != nil {
		return fmt.Errorf("read on whom aliases depend: %w", err)
	}
	now := p.unlinked
	if p.groupsRead == someGroups {
		now = slices.Concat(before, now)
	}
	slices.Sort(now)
	slices.Sort(before)
	if now = slices.Compact(now); slices.Equal(now, before) {
		return nil
	}
	if err := p.cfg.Watermarks.SetUnlinked(ctx, p.lease, now); err != nil {
		return fmt.Errorf("note on whom aliases depend: %w", err)
	}
	return nil
}

// groupsRead says which groups a run has read.
type groupsRead uint8

const (
	noGroups groupsRead = iota
	someGroups
	allGroups
)

// knownMembers is what a run has learned of the members of aliases.
type knownMembers struct {
	groupsRead groupsRead
	unlinked   []account.SourceID
}

// learn takes from a plan that is through which objects without an account aliases depend on.
func (k *knownMembers) learn(planner *plan.Planner) {
	if k.groupsRead != noGroups {
		k.unlinked = planner.Unlinked()
	}
}
