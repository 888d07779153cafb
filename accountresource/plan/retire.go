package plan

import (
	"slices"
	"strings"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// planRetired returns what becomes of accounts that keep their address because the directory's cannot be used: those that an admin
// retired are removed as if their objects were gone; of the others it is offered (rule R25). Where they are many, they have one cause,
// and nothing is offered.
func (p *Planner) planRetired() (changes []account.Change) {
	var offered []account.Change
	for _, o := range p.unusable() {
		l := p.state.link(o.ID)
		if l == nil || p.addresses.claims[o.ID] != nil || p.isTaken(l) {
			continue
		}
		c, ok := p.removal(l)
		if !ok || c.Verb == "" {
			continue
		}
		before := p.policy.Removal.Decided[o.ID]
		if before.Action == account.ActionUnusable && before.Decision == Retired {
			c.Reason = account.Say("reason_retired")
			p.replaces(&c)
			changes = append(changes, c)
			continue
		}
		c.Action = account.ActionUnusable
		_, why := p.policy.addressOf(&o)
		offered = append(offered, held(&c, why))
	}
	if len(offered) <= mostProblems {
		p.held = append(p.held, offered...)
	}
	return changes
}

// unusable returns the objects that have no usable address, by their IDs.
func (p *Planner) unusable() (objects []account.Object) {
	for _, o := range p.later.unusable {
		objects = append(objects, o)
	}
	for _, g := range p.groups {
		if g.inScope && p.isUnusable(p.state.link(g.ID)) {
			objects = append(objects, g.Object)
		}
	}
	slices.SortFunc(objects, func(x, y account.Object) int { return strings.Compare(string(x.ID), string(y.ID)) })
	return objects
}

// isTaken reports whether a link's account was given to somebody else.
func (p *Planner) isTaken(l *account.Link) bool {
	h := p.addresses.At(l.Address)
	return !h.linked || h.owner.source != l.Source
}

// replaces has a change be the only one that is planned for its object.
func (p *Planner) replaces(c *account.Change) {
	p.later.guarded = slices.DeleteFunc(p.later.guarded, func(other account.Change) bool { return other.Source == c.Source })
	if g := p.groups[c.Source]; g != nil {
		g.waits = true
	}
}
