package run

import (
	"cmp"
	"maps"
	"slices"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/plan"
)

// verdict is what came of a batch, as far as it concerns others: the plan takes every change for made, and the mail store
// may have refused some.
type verdict struct {
	// stayed is what an account was to be called, and what it still is; missing are those that were to be made.
	stayed  map[string]string
	missing map[string]bool
	// failed are the links of changes that failed, as they stand: the next run has nothing but these to know what may have
	// happened. Nil is one that is not there, or that this run knows nothing of.
	failed map[account.SourceID]*account.Link
}

// judge finds the verdict on a batch that is written, and has the links of the batch remember routes by the names that came
// of it.
func judge(batch []step) verdict {
	v := verdict{
		stayed: make(map[string]string), missing: make(map[string]bool), failed: make(map[account.SourceID]*account.Link),
	}
	made := make(map[string]string)
	for i := range batch {
		s := &batch[i]
		from, to, moves := s.Moves()
		switch {
		case s.Action == account.ActionCreated && s.err != nil:
			v.missing[s.Address] = true
		case moves && s.err != nil:
			v.stayed[to] = from
		case moves:
			made[from] = to
		}
	}
	for i := range batch {
		s := &batch[i]
		switch {
		case s.Link == nil:
		case s.err == nil:
			s.revise(v.stayed)
		case !s.claimed || s.nothingLeft():
			v.failed[s.Source] = nil
		default:
			claim, _ := s.Claim()
			s.Link = &claim
			switch {
			case claim.State != account.Renaming:
				s.revise(v.stayed)
			case s.Enable: // it speaks of others as they were called, and else as they were to be called
				s.revise(made)
			}
			v.failed[s.Source] = s.Link
		}
	}
	return v
}

// revise has the link that a step leaves behind go by other names, where it remembers any of these.
func (s *step) revise(names map[string]string) {
	if routes := plan.Follow(s.Link.Suspended, names); !slices.Equal(routes, s.Link.Suspended) {
		s.Link, s.revised = remembering(s.Link, routes), true
	}
}

// learn has what comes after a batch know what came of that.
func (p *Replication) learn(v verdict) {
	maps.Copy(p.stayed, v.stayed)
	maps.Copy(p.missing, v.missing)
	if len(v.stayed) > 0 {
		for id, known := range p.links {
			claim := v.failed[id]
			toCome := claim != nil && claim.State == account.Renaming // as the claim speaks of the others of its batch
			if known != nil && !toCome {
				p.links[id] = remembering(known, plan.Follow(known.Suspended, v.stayed))
			}
		}
	}
	for id, claim := range v.failed {
		if known := p.links[id]; claim != nil && known != nil { // it may have been given more to remember since
			claim = remembering(claim, plan.Union(claim.Suspended, known.Suspended))
		}
		p.links[id] = claim
	}
}

// remembering is the link with other routes.
func remembering(l *account.Link, routes []account.Route) *account.Link {
	next := *l
	next.Suspended = routes
	return &next
}

// speakOf has a change call others what they are still called. Who is not there becomes no member: mail to the alias would
// bounce.
func (p *Replication) speakOf(c *account.Change) {
	if len(p.stayed)+len(p.missing) == 0 {
		return
	}
	c.Routes, c.Waiting = plan.Follow(c.Routes, p.stayed), plan.Follow(c.Waiting, p.stayed)
	if l := p.links[c.Source]; c.Link != nil && (l == nil || l.State != account.Renaming) {
		c.Link = remembering(c.Link, plan.Follow(c.Link.Suspended, p.stayed))
	}
	c.Moderate = p.there(p.called(c.Moderate))
	join, leave := p.there(p.called(c.Join)), p.called(c.Leave)
	if slices.Equal(join, c.Join) && slices.Equal(leave, c.Leave) {
		return
	}
	c.Join, c.Leave = join, leave
	c.Diff = slices.DeleteFunc(slices.Clone(c.Diff), func(d account.Difference) bool { return d.What == account.WhatMembers })
	if len(join)+len(leave) > 0 {
		c.Diff = append(c.Diff, account.Members(join, leave))
	}
	if c.Action == account.ActionUpdated && !c.TouchesAccount() {
		c.Action = "" // nothing is left of it
	}
}

// called are addresses as they came to be.
func (p *Replication) called(addresses []string) []string {
	still := slices.Clone(addresses)
	for i, a := range still {
		still[i] = cmp.Or(p.stayed[a], a)
	}
	return still
}

// there are the addresses without those of accounts that could not be made.
func (p *Replication) there(addresses []string) []string {
	return slices.DeleteFunc(addresses, func(a string) bool { return p.missing[a] })
}
