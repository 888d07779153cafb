package plan

import "github.com/mailpanel/account-resource/accountresource/account"

// takeBack returns the link that a deleted resource has left of an object, where its account is still there and nobody else's: it is
// this resource's from now on, with all that it knows (rule R16). It returns nil where there is none.
func (p *Planner) takeBack(o *account.Object, k account.Kind) *account.Link {
	l, isFree := p.state.free.of[o.ID]
	if !isFree || l.Kind != k || l.State != account.Confirmed {
		return nil
	}
	if h := p.addresses.At(l.Address); !h.exists || h.linked || h.kind != k {
		return nil
	}
	delete(p.state.free.of, o.ID)
	l.Resource = p.policy.Resource
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
