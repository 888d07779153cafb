package plan

import "github.com/mailpanel/account-resource/accountresource/account"

// claimed returns the link of an account that has a newcomer's address without need: its own object is gone and the account stays, or
// the object's new address cannot be used. Whether the newcomer is the same person nobody can tell, so that an admin decides (rule
// R16). It returns nil where there is none.
func (p *Planner) claimed(o *account.Object) *account.Link {
	address, refusal := p.policy.addressOf(o)
	h := p.addresses.At(address)
	if !refusal.IsZero() || !h.exists || h.foreign || !h.linked || p.addresses.claims[o.ID] != nil {
		return nil
	}
	l := p.state.link(h.owner.source)
	switch {
	case h.owner.resource != p.policy.Resource, l == nil, h.owner.source == o.ID, p.addresses.claims[h.owner.source] != nil:
	case l.Kind != o.AccountKind() || l.Address != address:
	case p.staysBehind(l), p.isUnusable(l):
		return l
	}
	return nil
}

// staysBehind reports whether the object of a link is gone, and its account stays.
func (p *Planner) staysBehind(l *account.Link) bool {
	deletes := p.policy.Removal.Delete && l.Origin == account.Created
	return !p.IsGiven(l.Source) && !deletes && (p.isLeaving(l.Source) || l.Off == account.OffByRemoval)
}

// isUnusable reports whether an account keeps its address since the directory's cannot be used (rule R25).
func (p *Planner) isUnusable(l *account.Link) bool {
	if l == nil {
		return false
	}
	if g := p.groups[l.Source]; g != nil && g.inScope {
		_, refusal := p.policy.addressOf(&g.Object)
		return !refusal.IsZero()
	}
	return p.later.unusable.all.has(l.Source)
}

// planClaims decides on newcomers whose address is claimed: it returns those that an admin took for the same person, and rows for
// those that wait. Old accounts that an admin put away are renamed, which leaves the address to the newcomer.
func (p *Planner) planClaims(heirs []account.Object, s *succession) (changes []account.Change) {
	var wanted []account.Change
	whose := make(map[account.SourceID]string)
	for i := range heirs {
		o := &heirs[i]
		l := p.claimed(o)
		if l == nil || s.links[o.ID] != nil || s.taken[l.Source] {
			continue
		}
		decision := p.decisionOn(o.ID)
		if decision == PutAway {
			s.taken[l.Source] = true
			p.putAway(l)
			continue
		}
		s.taken[l.Source] = s.taken[l.Source] || decision == Confirmed
		s.links[o.ID], whose[o.ID] = l, l.DN
		wanted = append(wanted, account.Change{
			Source: o.ID, DN: o.DN, Action: account.ActionTakenOver, Operation: account.Operation{Kind: l.Kind, Address: l.Address},
		})
	}
	return p.guard("", wanted, nil, func(c *account.Change) account.Message {
		return account.Say("reason_held_claimed", "DN", whose[c.Source])
	})
}

// decisionOn returns what an admin decided on a newcomer whose address is claimed.
func (p *Planner) decisionOn(newcomer account.SourceID) Decision {
	if before := p.policy.Removal.Decided[newcomer]; before.Action == account.ActionTakenOver {
		return before.Decision
	}
	return ""
}

// putAway has an account renamed, and switched off where its object is gone.
func (p *Planner) putAway(l *account.Link) {
	next := p.addresses.next(l)
	c := account.Change{
		Source: l.Source, DN: l.DN, Before: l, Link: &next,
		Operation: account.Operation{Verb: account.Update, Kind: l.Kind, Address: l.Address, Home: next.Home},
	}
	if !p.isUnusable(l) && p.addresses.At(l.Address).active {
		next.Off, c.Switch = account.OffByRemoval, account.Off
		c.Diff = []account.Difference{account.Switched(account.Off)}
	}
	p.later.renames = append(p.later.renames, rename{change: c, link: l, from: l.Address, to: p.asideOf(l.Address), decided: true})
}

// asideOf returns the address under which an account is put away: the first that is free, or the last.
func (p *Planner) asideOf(address string) (aside string) {
	for _, aside = range account.AsideAddresses(address) {
		if h := p.addresses.At(aside); !h.exists && !h.linked {
			break
		}
	}
	return aside
}
