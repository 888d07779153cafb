package run

import (
	"context"
	"fmt"
	"slices"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// up finds the groups in scope that changed, others that are named, and those that one of the objects is in, directly or through
// groups whose own members count there.
func (c *concerning) up(ctx context.Context, objects, changed []account.Object, named []account.SourceID) error {
	for i := range objects {
		if objects[i].Kind == account.Group {
			c.seen[objects[i].ID] = true
		}
	}
	for i := range changed {
		c.seen[changed[i].ID] = true
	}
	inScope, outside := changed, objects
	for range lookUpRounds {
		passing, err := c.take(ctx, inScope)
		if err != nil {
			return err
		}
		above, err := c.groupsOf(ctx, slices.Concat(passing, outside))
		if err != nil {
			return err
		}
		wanted := named
		named = nil
		for i := range above {
			wanted = append(wanted, above[i].ID)
		}
		if wanted = fresh(c.seen, wanted); len(wanted) == 0 {
			return nil
		}
		if len(c.found.groups)+len(wanted) > mostConcerned {
			return errAllNeeded
		}
		if inScope, err = c.listed(ctx, wanted); err != nil {
			return err
		}
		isListed := func(o account.Object) bool {
			return !slices.Contains(wanted, o.ID) || slices.ContainsFunc(inScope, func(g account.Object) bool { return g.ID == o.ID })
		}
		outside = slices.DeleteFunc(above, isListed)
	}
	return errAllNeeded
}

func (c *concerning) groupsOf(ctx context.Context, objects []account.Object) ([]account.Object, error) {
	if len(objects) == 0 {
		return nil, nil
	}
	groups, err := c.reader.GroupsOf(ctx, objects)
	if err != nil {
		return nil, fmt.Errorf("ask for the groups of %d objects: %w", len(objects), err)
	}
	return groups, nil
}

// listed returns those of the groups that are in scope.
func (c *concerning) listed(ctx context.Context, ids []account.SourceID) (groups []account.Object, err error) {
	listing, err := c.reader.List(ctx, Query{Kind: account.Group, IDs: ids}, c.run.counting(func(o account.Object) error {
		groups = append(groups, o)
		return nil
	}))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read %d groups: %w", len(ids), err)
	case !listing.Complete:
		return nil, errAllNeeded
	}
	return groups, nil
}

// take adds groups in scope, and returns those on which the aliases above depend.
func (c *concerning) take(ctx context.Context, groups []account.Object) (passing []account.Object, err error) {
	var ids []account.SourceID
	var addresses []string
	for i := range groups {
		ids = append(ids, groups[i].ID)
		addresses = append(addresses, c.run.hosted(groups[i].Mail)...)
	}
	if err := c.load(ctx, ids, addresses); err != nil {
		return nil, err
	}
	for i := range groups {
		g := &groups[i]
		c.tried.AddGroup(*g)
		if !c.tried.IsInStep(g) {
			passing = append(passing, *g)
		}
	}
	c.found.groups = append(c.found.groups, groups...)
	return passing, nil
}

// down finds out what is to be known of the members of the groups, and of the objects that moved.
func (c *concerning) down(ctx context.Context, moved []account.Object) error {
	var unknown []account.SourceID
	for i := range moved {
		if !c.tried.IsKnown(moved[i].ID) || moved[i].Kind == account.Group || len(moved[i].Mail) == 0 {
			unknown = append(unknown, moved[i].ID)
		}
	}
	for range lookUpRounds {
		if err := c.addPrimary(ctx); err != nil {
			return err
		}
		if err := c.lookUp(ctx, unknown); err != nil {
			return err
		}
		members := c.tried.Unknown()
		if len(members) == 0 {
			return nil
		}
		if len(c.asked)+len(members) > mostMembers {
			return errAllNeeded
		}
		if err := c.load(ctx, members, nil); err != nil {
			return err
		}
		unknown = slices.DeleteFunc(members, c.tried.IsKnown)
	}
	return errAllNeeded
}

// lookUp reads objects wherever they are, and what stands here at their addresses.
func (c *concerning) lookUp(ctx context.Context, ids []account.SourceID) error {
	if len(ids) == 0 {
		return nil
	}
	found, err := c.reader.LookUp(ctx, ids)
	if err != nil {
		return fmt.Errorf("look up %d members of groups: %w", len(ids), err)
	}
	var addresses []string
	for i := range found {
		c.tried.AddOutside(found[i])
		addresses = append(addresses, c.run.hosted(slices.Concat(found[i].Mail, found[i].External))...)
	}
	c.found.outside = append(c.found.outside, found...)
	return c.load(ctx, nil, addresses)
}

// addPrimary reads who has one of the groups as the primary group.
func (c *concerning) addPrimary(ctx context.Context) error {
	groups := c.tried.PrimaryOf()
	if len(groups) == 0 {
		return nil
	}
	query := Query{Kind: account.User, IDsOnly: true, Primary: groups, Limit: mostMembers}
	listing, err := c.reader.List(ctx, query, func(o account.Object) error {
		c.tried.AddPrimary(o)
		c.found.primary = append(c.found.primary, o)
		return nil
	})
	switch {
	case err != nil:
		return fmt.Errorf("read members by primary group: %w", err)
	case !listing.Complete:
		return errAllNeeded
	}
	return nil
}
