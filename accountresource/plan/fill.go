package plan

import (
	"maps"
	"slices"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// fill adds to a change of a group's alias which members join and leave, and which moderators it gets (rules R11, R12).
// untouched are addresses that stay where they are.
func (r *resolution) fill(g *group, c *account.Change, untouched map[string]bool) {
	p := r.p
	delete(r.found, c.Address) // it would go round in a circle
	r.addModerators(g, c)
	r.addMembers(g, c, untouched)
	defer r.keepMembers(g, c)
	if len(c.Join)+len(c.Leave)+len(c.Moderate) == 0 {
		return
	}
	if c.Action == "" {
		c.Action = account.ActionUpdated
	}
	if l := p.addresses.aliasLink(g.ID); c.Link == nil && l != nil {
		next := p.addresses.next(l)
		next.Address = c.Address
		p.recognize(&next, &g.Object)
		c.Before, c.Link = l, &next
	}
	if len(c.Join)+len(c.Leave) > 0 {
		c.Diff = append(slices.Clone(c.Diff), account.Members(c.Join, c.Leave))
		c.Reason = leftOut(r.left)
	}
}

// addMembers compares the members that an alias should have with those that it has.
func (r *resolution) addMembers(g *group, c *account.Change, untouched map[string]bool) {
	p := r.p
	have := make(map[string]struct{})
	for _, m := range g.have {
		have[m] = struct{}{}
	}
	if !g.isFilled {
		members, _ := p.rowsOf(g, c)
		for _, m := range members {
			if !p.addresses.deleted[m] {
				have[p.addresses.Now(m)] = struct{}{}
			} else if _, again := r.found[m]; !again { // else an heir of the address joins, as the row went with the account
				c.Leave = append(c.Leave, m)
			}
		}
	}
	for m := range r.found {
		if _, is := have[m]; !is {
			c.Join = append(c.Join, m)
		}
	}
	isLocal := r.localMembers(g, c)
	for m := range have {
		if _, stays := r.found[m]; !stays && !p.isUnread(m) && !untouched[m] && !isLocal(m) {
			c.Leave = append(c.Leave, m)
		}
	}
	slices.Sort(c.Join)
	slices.Sort(c.Leave)
	if g.isNew {
		g.have, g.isFilled = append(slices.Collect(maps.Keys(have)), c.Join...), true
		g.have = slices.DeleteFunc(g.have, func(m string) bool { return slices.Contains(c.Leave, m) })
	}
}

// rowsOf returns the members of a group's alias as the run began, and its moderators. Where the alias was switched off and
// is on now, the members whose rows were off are on with it.
func (p *Planner) rowsOf(g *group, c *account.Change) (members, moderators []string) {
	if c.Verb == account.Create { // what stood there before has gone with its rows
		return nil, nil
	}
	began, wasOff := c.Address, false
	l := p.state.link(g.ID)
	if l == nil {
		l = g.took
	}
	if l != nil && !g.isNew {
		began, wasOff = l.Address, l.Off != ""
	}
	rows := p.state.rowsAt(began)
	if wasOff && p.addresses.At(c.Address).active {
		return slices.Concat(rows.members, rows.idle), rows.moderators
	}
	return rows.members, rows.moderators
}

// addModerators adds the group's manager, or the members of the group that manages it.
func (r *resolution) addModerators(g *group, c *account.Change) {
	p := r.p
	if g.isFilled { // it has them since it was made
		return
	}
	managers := p.resolution()
	for _, id := range p.manager(g) {
		managers.member(id)
	}
	_, have := p.rowsOf(g, c)
	for _, m := range slices.Sorted(maps.Keys(managers.found)) {
		if !slices.ContainsFunc(have, func(is string) bool { return p.addresses.Now(is) == m }) {
			c.Moderate = append(c.Moderate, m)
			c.Diff = append(slices.Clone(c.Diff), account.Difference{What: account.WhatModerators, New: m})
		}
	}
}
