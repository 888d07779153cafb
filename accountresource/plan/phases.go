package plan

import (
	"slices"
	"strings"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// Phase is a part of a run that is planned when the one before it has been made. The first phase, uncontested creations and
// updates that only set values, is what Add returns.
type Phase struct {
	Name string
	// Together says that the changes hand on addresses among each other: they are made in one batch.
	Together bool
	// Plan decides, and takes what it decides for made. It is called once.
	Plan func() []account.Change
}

// Phases returns the phases behind the first one, in their order. All objects have been added, or none of what was not is
// in scope.
func (p *Planner) Phases() []Phase {
	var refusals []account.Change
	all := []Phase{
		{Name: "released links", Plan: p.planReleases},
		{Name: "links of who was made again", Plan: p.planHeirs},
		{Name: "guarded", Plan: p.planGuarded},
		{Name: "making way", Together: true, Plan: func() (aside []account.Change) {
			aside, refusals = p.planAside()
			return aside
		}},
		{Name: "refused renames", Plan: func() []account.Change { return refusals }},
		{Name: "renames", Together: true, Plan: p.planRenames},
		{Name: "renames of what made way", Together: true, Plan: p.planBack},
		{Name: "contested and freed addresses", Plan: p.planContested},
	}
	if p.policy.Groups == nil {
		return all
	}
	return append(all, Phase{Name: "aliases", Plan: p.planAliases}, Phase{Name: "members", Plan: p.planMembers})
}

// planGuarded returns the links, disablings, enablings, clearings and removals, and deletes links that lead to no account.
func (p *Planner) planGuarded() []account.Change {
	heirs := p.followHeirs()   // adds to what is guarded
	retired := p.planRetired() // adds to what is held
	unreadable := p.withheld()
	changes := slices.Concat(heirs, retired, unreadable, p.addressProblems(), p.guardMasses(p.later.guarded), p.Removals.decide(), p.stray())
	p.later.guarded = nil
	p.addresses.expect(changes...)
	for i := range changes {
		c := &changes[i]
		if c.Verb == account.Delete {
			p.limits.free(c.Kind)
		}
		if c.Unlink {
			p.addresses.release(p.state.link(c.Source))
		}
	}
	return changes
}

// stray returns the changes that delete links whose account was deleted by hand: they own no address, and their objects are
// newcomers.
func (p *Planner) stray() (changes []account.Change) {
	p.state.eachLink(func(number uint32, address string, _ account.Kind) {
		id := p.state.numbers.ids[number]
		if p.state.at(address).exists || p.isLeaving(id) || p.addresses.claims[id] != nil {
			return
		}
		l := p.state.link(id)
		if !p.stale[id] {
			p.forget(l)
		}
		changes = append(changes, account.Change{
			Source: id, DN: l.DN, Unlink: true, Operation: account.Operation{Kind: l.Kind, Address: l.Address},
		})
	})
	slices.SortFunc(changes, func(x, y account.Change) int { return strings.Compare(string(x.Source), string(y.Source)) })
	return changes
}

// planContested decides on newcomers that had to wait for an address, and on those that compete for the domain's last
// places.
func (p *Planner) planContested() (changes []account.Change) {
	var links []account.Change
	for i := range p.later.contested {
		o := &p.later.contested[i]
		address, _ := p.policy.addressOf(o) // it has one, or it would not wait
		switch c, ok := p.decide(o, address); {
		case ok && c.Action == account.ActionLinked:
			links = append(links, c)
		case ok:
			p.addresses.expect(c)
			changes = append(changes, c)
		}
	}
	made := p.guard(account.ActionLinked, links, p.tooManyOf(account.ActionLinked, p.state.Linked()+len(links)), waitsForNothing)
	p.releaseHeld(links, made)
	changes = append(changes, made...)
	slices.SortFunc(p.later.limited, func(x, y account.Change) int { return strings.Compare(x.Address, y.Address) })
	for i := range p.later.limited {
		changes = append(changes, p.withinLimits(p.later.limited[i]))
	}
	p.later.contested, p.later.limited = nil, nil
	return changes
}
