package run

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/plan"
)

// Neighbours lists the other resources of a mail domain.
type Neighbours interface {
	// Neighbours returns the base DNs of the enabled resources of the domain besides this one.
	Neighbours(ctx context.Context, resource int64, domain string) (bases []string, err error)
}

// handOver returns those of the objects which are really gone: those that are below the base of another resource of the domain have moved
// there, and leave their accounts to it (rule R16).
func (p *Replication) handOver(
	ctx context.Context, reader Reader, b *plan.Planner, leaving []account.SourceID,
) (gone []account.SourceID, err error) {
	if p.cfg.Neighbours == nil || len(leaving) == 0 {
		return leaving, nil
	}
	bases, err := p.cfg.Neighbours.Neighbours(ctx, p.res.ID, p.res.Settings.Connection.Domain)
	if err != nil {
		return nil, fmt.Errorf("look for other resources of the domain: %w", err)
	}
	if len(bases) == 0 {
		return leaving, nil
	}
	found, err := reader.LookUp(ctx, leaving)
	if err != nil {
		return nil, fmt.Errorf("look where %d objects are now: %w", len(leaving), err)
	}
	moved := make(map[account.SourceID]bool)
	for i := range found {
		o := &found[i]
		within := func(base string) bool { return isBelow(o.DN, base) }
		if !p.overdue[o.ID] && slices.ContainsFunc(bases, within) {
			moved[o.ID] = true
			b.Moving(*o)
			b.AddOutside(*o)
			p.retryLater(o.ID, o.AccountKind())
		}
	}
	return slices.DeleteFunc(leaving, func(id account.SourceID) bool { return moved[id] }), nil
}

// isBelow reports whether a DN is below another, both as a directory writes them.
func isBelow(dn, base string) bool {
	before, is := strings.CutSuffix(strings.ToLower(dn), ","+strings.ToLower(base))
	return is && base != "" && !strings.HasSuffix(before, `\`)
}

// addReleased adds the links to a state that this resource has released: they are looked at until somebody has taken them. Those for which
// nobody came in time, or whose objects are gone, are links like any others. An object that is still somewhere is waited for, also where
// the other resource is switched off for a moment.
func (p *Replication) addReleased(ctx context.Context, reader Reader, state *plan.State, released []account.Link) error {
	var awaited []account.SourceID
	comes := make(map[account.SourceID]bool)
	for i := range released {
		switch l := &released[i]; {
		case p.cfg.Clock().Sub(l.Left) >= plan.HandoverTime:
		case l.IsHandedOver():
			awaited = append(awaited, l.Source)
		default:
			comes[l.Source] = true
		}
	}
	if len(awaited) > 0 {
		found, err := reader.LookUp(ctx, awaited)
		if err != nil {
			return fmt.Errorf("look where %d objects are now: %w", len(awaited), err)
		}
		for i := range found {
			comes[found[i].ID] = true
		}
	}
	for _, l := range released {
		p.retryLater(l.Source, l.Kind)
		if comes[l.Source] {
			state.AddLink(l)
		} else {
			p.overdue[l.Source] = true
			state.AddUnclaimed(l)
		}
	}
	return nil
}
