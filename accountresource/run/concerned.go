package run

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/plan"
	"github.com/mailpanel/account-resource/backends"
)

// concerned are the groups whose aliases a delta may change, and what has to be known of their members.
type concerned struct {
	groups  []account.Object // in scope
	outside []account.Object // members that are neither in the delta nor linked
	primary []account.Object // members by their primary group
	// covered are the objects whose groups these are.
	covered map[account.SourceID]bool
}

const (
	// mostConcerned is the number of groups up to which they are read one by one, mostMembers that of their members.
	mostConcerned = 200
	mostMembers   = 10_000
)

// concerning finds out which aliases a delta concerns, by going up from what changed to the groups that it is in, and down again
// to all members of those. Its planner only tells what is missing; nothing is made of its decisions.
type concerning struct {
	*loader
	tried *plan.Planner
	seen  map[account.SourceID]bool // groups
	found concerned
}

// findConcerned returns the groups that a delta concerns, and loads what is here of them. It returns errAllNeeded where all groups have
// to be read.
func (p *Replication) findConcerned(ctx context.Context, d *delta, l *loader) (*concerned, error) {
	if d.anonymous {
		return nil, errAllNeeded
	}
	c := &concerning{
		loader: l, tried: plan.New(*p.policy, l.state), seen: make(map[account.SourceID]bool),
		found: concerned{covered: make(map[account.SourceID]bool)},
	}
	moved := c.moved(d)
	for i := range moved {
		c.found.covered[moved[i].ID] = true
	}
	here, err := c.having(ctx, slices.Concat(c.missing(d), c.returned(d.users), c.returned(d.changed)))
	if err == nil {
		err = c.up(ctx, slices.Concat(moved, d.others), d.changed, here)
	}
	if err == nil && len(c.found.groups) > 0 {
		err = c.down(ctx, moved)
	}
	if errors.Is(err, ErrGroupsUnknown) {
		p.log.InfoContext(ctx, "all groups are read", "error", err)
		err = errAllNeeded
	}
	if err != nil {
		return nil, err
	}
	return &c.found, nil
}

// returned returns those of the objects whose removal was held: they kept their memberships, and are members of the groups of
// today from now on.
func (c *concerning) returned(objects []account.Object) (returned []account.Object) {
	for i := range objects {
		if _, waited := c.run.kept[objects[i].ID]; waited {
			returned = append(returned, objects[i])
		}
	}
	return returned
}

// moved returns the objects of a delta whose aliases may change: users that come, go or come back, or whose address, status or
// primary group changes, and linked objects that may have left. What waits for an admin keeps its memberships.
func (c *concerning) moved(d *delta) (objects []account.Object) {
	users := make(map[account.SourceID]*account.Object, len(d.users))
	for i := range d.users {
		users[d.users[i].ID] = &d.users[i]
		c.tried.Add(d.users[i])
	}
	for _, id := range c.tried.Moved() {
		objects = append(objects, *users[id])
	}
	for i := range d.users {
		o := &d.users[i]
		if _, waited := c.run.kept[o.ID]; waited || o.Primary != 0 && !slices.Contains(wellKnownPrimaryGroups, o.Primary) {
			objects = append(objects, *o)
		}
	}
	return append(objects, c.missing(d)...)
}

// missing returns the linked objects that may have left, but for those that wait for an admin.
func (c *concerning) missing(d *delta) (objects []account.Object) {
	isUser := make(map[account.SourceID]bool)
	for i := range d.users {
		isUser[d.users[i].ID] = true
	}
	for _, id := range d.missing {
		if h, isHeld := c.run.kept[id]; isHeld && h.Action.Removes() && h.Decision != Confirmed || isUser[id] {
			continue
		}
		l := c.links[id]
		objects = append(objects, account.Object{ID: id, Kind: sourceKinds[l.Kind], DN: l.DN})
	}
	return objects
}

// having returns the groups whose aliases have the address of an object as a member. The directory may not know any more that
// the object was in them: deleting it takes it out of its groups.
func (c *concerning) having(ctx context.Context, objects []account.Object) (groups []account.SourceID, err error) {
	addresses := []string{}
	for i := range objects {
		if l, isLinked := c.links[objects[i].ID]; isLinked {
			addresses = append(addresses, l.Address)
		}
	}
	if len(addresses) == 0 {
		return nil, nil
	}
	var aliases []string
	take := func(a account.Account) { aliases = append(aliases, a.Address) }
	if err = c.run.accounts(ctx, backends.Query{Having: addresses}, take); err != nil || len(aliases) == 0 {
		return nil, err
	}
	owners, err := c.run.cfg.Links.At(ctx, aliases)
	if err != nil {
		return nil, fmt.Errorf("read the links of %d aliases: %w", len(aliases), err)
	}
	for i := range owners {
		if owners[i].Resource == c.run.res.ID {
			groups = append(groups, owners[i].Source)
		}
	}
	return groups, nil
}
