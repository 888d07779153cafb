package plan

import (
	"slices"
	"strings"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// planRetired returns what switches accounts off that keep their address because the directory's cannot be used, as far as an admin retired
// them; for the others it is offered (rule R25). Where they are many, they have one cause, and nothing is offered. No mail is deleted: the
// objects are still there.
func (p *Planner) planRetired() (changes []account.Change) {
	var offered []account.Change
	for _, o := range p.unusable() {
		c, ok := p.retirement(&o)
		before := p.policy.Removal.Decided[o.ID]
		switch {
		case !ok:
		case before.Action == account.ActionUnusable && before.Decision == Retired:
			p.replaces(&c)
			changes = append(changes, c)
		default:
			_, why := p.policy.addressOf(&o)
			c.Action = account.ActionUnusable
			offered = append(offered, held(&c, why))
		}
	}
	if len(offered) <= mostProblems {
		p.held = append(p.held, offered...)
	}
	return changes
}

// retirement returns the change that retires the account of an object; ok is false where there is nothing to do, or the account is an
// admin's.
func (p *Planner) retirement(o *account.Object) (c account.Change, ok bool) {
	l := p.state.link(o.ID)
	if l == nil || p.addresses.claims[o.ID] != nil {
		return c, false
	}
	h := p.addresses.At(l.Address)
	isTheirs := h.linked && h.owner.source == l.Source // or it was given to somebody else
	if !isTheirs || !h.exists || h.foreign || !h.active || h.role != account.NoRole {
		return c, false
	}
	next := p.addresses.next(l)
	next.Off = account.OffByRemoval
	return account.Change{
		Source: o.ID, DN: o.DN, Action: account.ActionDisabled, Reason: account.Say("reason_retired"), Before: l, Link: &next,
		Diff: []account.Difference{account.Switched(account.Off)},
		Operation: account.Operation{
			Verb: account.Update, Kind: l.Kind, Address: l.Address, Home: next.Home, Values: account.Values{Switch: account.Off},
		},
	}, true
}

// unusable returns the objects that have no usable address, by their IDs: the first of them, and those that were decided on.
func (p *Planner) unusable() []account.Object {
	objects := slices.Clone(p.later.unusable.some)
	for _, g := range p.groups {
		if g.inScope && p.isUnusable(p.state.link(g.ID)) {
			objects = append(objects, g.Object)
		}
	}
	slices.SortFunc(objects, func(x, y account.Object) int { return strings.Compare(string(x.ID), string(y.ID)) })
	return objects
}

// unusable are linked users whose address cannot be used.
type unusable struct {
	all  *sourceSet
	some []account.Object // as many as may be offered and one more, and those that were decided on
}

func (p *Planner) noteUnusable(o *account.Object) {
	u := &p.later.unusable
	u.all.add(o.ID)
	if _, decided := p.policy.Removal.Decided[o.ID]; decided || len(u.some) <= mostProblems {
		u.some = append(u.some, *o)
	}
}

// replaces has a change be the only one that is planned for its object.
func (p *Planner) replaces(c *account.Change) {
	p.later.guarded = slices.DeleteFunc(p.later.guarded, func(other account.Change) bool { return other.Source == c.Source })
	if g := p.groups[c.Source]; g != nil {
		g.waits = true
	}
}
