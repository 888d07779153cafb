package plan

import (
	"slices"
	"time"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// takeBack returns the link by which an object gets the account that a link has left which is nobody's any more: that of the same
// object, which a deleted resource has left, or that of an object that is gone and was the same person (rule R16). The account is still
// there, and nobody else's. It returns nil where there is none.
func (p *Planner) takeBack(o *account.Object, k account.Kind) *account.Link {
	l, isFree := p.state.free.of[o.ID]
	if !isFree {
		address, refusal := p.policy.addressOf(o)
		left := p.state.free.of[p.state.free.at[address]]
		if l = left; !refusal.IsZero() || l.Address != address || !p.isSamePerson(&l, o) {
			return nil
		}
	}
	if l.Kind != k || l.State != account.Confirmed {
		return nil
	}
	if h := p.addresses.At(l.Address); !h.exists || h.linked || h.kind != k {
		return nil
	}
	delete(p.state.free.of, l.Source)
	l.Resource, l.Source = p.policy.Resource, o.ID
	p.addresses.own(&l)
	p.addresses.aliases[l.Source] = &l
	return &l
}

// takenBack names a change by which a link is taken back, where nothing else changes.
func takenBack(c *account.Change) {
	if c.Before != nil && c.Before.Released && c.Action == "" && c.Link != nil {
		c.Action, c.Reason = account.ActionLinked, account.Say("reason_taken_back")
	}
}

// sameLogonFor is how long after a removal an equal logon name tells that an object is the same person: directories give the name to
// somebody else later.
const sameLogonFor = 7 * 24 * time.Hour

// isSamePerson reports whether an object is the person, or group, of a link whose own object is gone (rule R16).
func (p *Planner) isSamePerson(l *account.Link, o *account.Object) bool {
	if employee := o.Profile[account.EmployeeID]; employee != "" && p.policy.Mapped.Has(account.EmployeeID) && l.EmployeeID != "" {
		return employee == l.EmployeeID
	}
	recent := p.isLeaving(l.Source) || !l.Left.IsZero() && p.policy.Now.Sub(l.Left) < sameLogonFor
	return o.Logon != "" && o.Logon == l.Logon && recent
}

// releaseToHeirs releases the links of objects that are gone and were made again with the same address: what becomes of their accounts
// is decided when that of the new objects is. They are no removals.
func (p *Planner) releaseToHeirs() (changes []account.Change) {
	heirs := slices.Clone(p.later.contested)
	for _, id := range p.order {
		if g := p.groups[id]; g.inScope && p.state.link(id) == nil {
			heirs = append(heirs, g.Object)
		}
	}
	for i := range heirs {
		o := &heirs[i]
		address, refusal := p.policy.addressOf(o)
		h := p.addresses.At(address)
		if !refusal.IsZero() || !h.exists || h.foreign || !h.linked || h.owner.resource != p.policy.Resource || h.owner.source == o.ID {
			continue
		}
		l := p.state.link(h.owner.source)
		isGone := l != nil && !p.isGiven(l.Source) && (p.isLeaving(l.Source) || l.Off == account.OffByRemoval)
		if !isGone || p.addresses.claims[l.Source] != nil || (l.Kind == account.Alias) != (o.Kind == account.Group) || !p.isSamePerson(l, o) {
			continue
		}
		next := p.addresses.next(l)
		next.Released = true
		changes = append(changes, account.Change{
			Source: l.Source, DN: l.DN, Before: l, Link: &next, Operation: account.Operation{Kind: l.Kind, Address: l.Address},
		})
		p.addresses.release(l)
		p.stays(l.Source)
		free := next
		free.Left = p.policy.Now
		p.state.free.of[l.Source], p.state.free.at[l.Address] = free, l.Source
	}
	return changes
}

// stays takes back that an object is leaving.
func (r *Removals) stays(id account.SourceID) {
	r.leaving = slices.DeleteFunc(r.leaving, func(other account.SourceID) bool { return other == id })
	r.left.remove(id)
}
