package plan

import (
	"maps"
	"slices"
	"time"

	"github.com/mailpanel/account-resource/accountresource/account"
)

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

// inherited returns the link whose account an object is to have since it is the same person or group that was made again: one of an
// object that is gone, or one that was released already, by a run that was cut off or with a deleted resource. It returns nil where
// there is none.
func (p *Planner) inherited(o *account.Object) *account.Link {
	kind := o.AccountKind()
	address, refusal := p.policy.addressOf(o)
	h := p.addresses.At(address)
	if !refusal.IsZero() || !h.exists || h.foreign || p.addresses.claims[o.ID] != nil {
		return nil
	}
	if !h.linked {
		l, isFree := p.state.free.of[p.state.free.at[address]]
		isHeir := p.isSamePerson(&l, o) || p.decisionOn(o.ID) == Confirmed
		if isFree && p.isStillThere(&l, kind) && isHeir {
			return &l
		}
		return nil
	}
	if h.owner.resource != p.policy.Resource || h.owner.source == o.ID {
		return nil
	}
	l := p.state.link(h.owner.source)
	isGone := l != nil && !p.IsGiven(l.Source) && (p.isLeaving(l.Source) || l.Off == account.OffByRemoval)
	if !isGone || l.Kind != kind || p.addresses.claims[l.Source] != nil || !p.isSamePerson(l, o) {
		return nil
	}
	return l
}

// succession is whose accounts newcomers are to have.
type succession struct {
	links map[account.SourceID]*account.Link // by newcomer
	taken map[account.SourceID]bool          // the objects of these links, as far as they are given away
}

// planReleases releases the links of objects that are gone and were made again with the same address: they are no removals. Too many at
// once wait for an admin, as links of existing accounts do, and so does a newcomer who may be somebody else. The accounts are given away in
// the next phase, when the released links are written: two links never have the same address.
func (p *Planner) planReleases() (changes []account.Change) {
	heirs := slices.Clone(p.later.contested)
	for _, id := range p.order {
		if g := p.groups[id]; g.inScope && p.state.link(id) == nil {
			heirs = append(heirs, g.Object)
		}
	}
	s := &succession{links: make(map[account.SourceID]*account.Link), taken: make(map[account.SourceID]bool)}
	var wanted []account.Change
	for i := range heirs {
		o := &heirs[i]
		if l := p.inherited(o); l != nil && !s.taken[l.Source] {
			s.links[o.ID], s.taken[l.Source] = l, true
			action := account.ActionLinked
			if p.decisionOn(o.ID) == Confirmed { // a run that was cut off has released the link
				action = account.ActionTakenOver
			}
			wanted = append(wanted, account.Change{
				Source: o.ID, DN: o.DN, Action: action, Operation: account.Operation{Kind: l.Kind, Address: l.Address},
			})
		}
	}
	claims := p.planClaims(heirs, s)
	p.stay(s.taken)
	made := p.guard(account.ActionLinked, wanted, p.tooManyOf(account.ActionLinked, p.state.Linked()), waitsForNothing)
	for _, c := range slices.Concat(made, claims) {
		if c.Action == account.ActionHeld {
			changes = append(changes, c)
			continue
		}
		l := s.links[c.Source]
		changes = append(changes, p.release(l, c.Counts)...)
		free := p.state.free.of[l.Source]
		p.heirs[c.Source] = &free
		delete(s.links, c.Source)
	}
	for id := range s.links { // nothing is planned for who waits, or was dismissed
		if g := p.groups[id]; g != nil {
			g.waits = true
		}
	}
	p.later.contested = slices.DeleteFunc(p.later.contested, func(o account.Object) bool { return s.links[o.ID] != nil })
	p.later.guarded = slices.DeleteFunc(p.later.guarded, func(c account.Change) bool { return s.taken[c.Source] })
	return changes
}

// release frees the account of a link for somebody else; there is nothing to write where it is released already.
func (p *Planner) release(l *account.Link, counts account.Action) (changes []account.Change) {
	free := p.addresses.next(l)
	free.Left = p.policy.Now
	if !l.Released {
		free.Released = true
		changes = []account.Change{{
			Source: l.Source, DN: l.DN, Before: l, Link: &free, Counts: counts, Operation: account.Operation{Kind: l.Kind, Address: l.Address},
		}}
		p.addresses.release(l)
	}
	p.state.free.of[l.Source], p.state.free.at[l.Address] = free, l.Source
	return changes
}

// stay takes back that objects are leaving.
func (r *Removals) stay(ids map[account.SourceID]bool) {
	r.leaving = slices.DeleteFunc(r.leaving, func(id account.SourceID) bool {
		if ids[id] {
			r.left.remove(id)
		}
		return ids[id]
	})
}

// planHeirs gives released links to the objects that are to have them.
func (p *Planner) planHeirs() (changes []account.Change) {
	for _, id := range slices.Sorted(maps.Keys(p.heirs)) {
		before := p.giveTo(id, p.heirs[id])
		link := *before
		link.Released = false
		p.heirs[id] = &link
		changes = append(changes, account.Change{
			Source: id, DN: link.DN, Action: account.ActionLinked, Reason: account.Say("reason_taken_back"), Before: before, Link: &link,
			Operation: account.Operation{Kind: link.Kind, Address: link.Address},
		})
	}
	return changes
}

// followHeirs brings the mailboxes that were given away in step with their objects. What switches an account or clears a field is
// guarded like that of anybody.
func (p *Planner) followHeirs() (changes []account.Change) {
	p.later.contested = slices.DeleteFunc(p.later.contested, func(o account.Object) bool {
		l := p.heirs[o.ID]
		if l == nil {
			return false
		}
		if c, ok := p.follow(&o, l.Address, l); ok {
			changes = append(changes, c)
		}
		return true
	})
	return changes
}
