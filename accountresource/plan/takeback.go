package plan

import "github.com/mailpanel/account-resource/accountresource/account"

// takeBack returns the link that a deleted resource has left of the same object, where its account is still there and nobody else's: it
// is this resource's from now on, with all that it knows (rule R16). It returns nil where there is none.
func (p *Planner) takeBack(o *account.Object, k account.Kind) *account.Link {
	l, isFree := p.state.free.of[o.ID]
	if !isFree || !p.isStillThere(&l, k) {
		return nil
	}
	return p.giveTo(o.ID, &l)
}

// isStillThere reports whether the account of a released link stands at its address, and is nobody's.
func (p *Planner) isStillThere(l *account.Link, k account.Kind) bool {
	h := p.addresses.At(l.Address)
	return l.Kind == k && l.State == account.Confirmed && h.exists && !h.linked && h.kind == k
}

// giveTo gives the account of a released link to an object.
func (p *Planner) giveTo(id account.SourceID, l *account.Link) *account.Link {
	delete(p.state.free.of, l.Source)
	given := *l
	given.Resource, given.Source, given.Released = p.policy.Resource, id, true
	p.addresses.own(&given)
	if given.Kind == account.Alias {
		p.addresses.aliases[given.Source] = &given
	}
	return &given
}

// takenBack names a change by which a link is taken back, where nothing else changes.
func takenBack(c *account.Change) {
	if c.Before != nil && c.Before.Released && c.Action == "" && c.Link != nil {
		c.Action, c.Reason = account.ActionLinked, account.Say("reason_taken_back")
	}
}
