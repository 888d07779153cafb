package plan

import (
	"slices"
	"strconv"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// groupRenames decides what is to be changed of the aliases of linked groups, and returns the renames among that.
func (p *Planner) groupRenames() (renames []rename) {
	var parted []account.Change
	for _, id := range p.order {
		g := p.groups[id]
		if !g.inScope || p.addresses.claims[id] != nil || g.waits {
			continue
		}
		link := p.state.link(id)
		if link == nil {
			link = p.takeBack(&g.Object, account.Alias)
		}
		if link == nil {
			link = p.heirs[id]
		}
		if p.state.link(id) == nil {
			g.took = link
		}
		address, refusal := p.policy.addressOf(&g.Object)
		h := holder{}
		if link != nil {
			h = p.addresses.At(link.Address)
		}
		if p.keepsAddress(&g.Object, link, refusal) {
			address, refusal = link.Address, account.Message{}
			if link.Off != "" { // it was retired
				g.waits = true
				continue
			}
		}
		switch {
		case !refusal.IsZero():
			g.refuse(p, address, account.ActionIgnored, refusal)
		case link == nil, p.stale[id]:
			g.isNew = true
		case h.foreign:
			c := p.part(&g.Object, link)
			if g.pending = &c; c.Link != nil {
				parted = append(parted, c)
			}
		default:
			c := p.compareAlias(g, address, link, p.addresses.next(link), &h.record)
			if address == link.Address {
				g.pending = &c
				continue
			}
			renames = append(renames, rename{change: c, link: link, from: link.Address, to: address})
		}
	}
	const kind = account.ActionConflict
	for _, c := range p.guard(kind, parted, p.tooManyOf(kind, p.state.Linked()), waitsForNothing) {
		p.groups[c.Source].pending = &c
	}
	return renames
}

// refuse has the group end in a row of the log.
func (g *group) refuse(p *Planner, address string, a account.Action, why account.Message) {
	c := p.refuse(&g.Object, account.Alias, address, a, why)
	g.pending, g.isNew = &c, false
}

// compareAlias returns the change that brings an alias in step, but for its members.
func (p *Planner) compareAlias(g *group, address string, link *account.Link, next account.Link, r *record) account.Change {
	p.recognize(&next, &g.Object)
	next.Parted, next.Released = false, false
	c := account.Change{
		Source: g.ID, DN: g.DN, Before: link,
		Operation: account.Operation{Verb: account.Update, Kind: account.Alias, Address: next.Address},
	}
	if p.policy.Groups.Named {
		have, wanted := p.state.profileOf(r), p.aliasProfile(g, address)
		if wanted[account.Name] == "" { // no alias loses its name, which may only have become unreadable (rule R22)
			wanted[account.Name] = have[account.Name]
		}
		c.Set, c.Profile = have.Differing(&wanted, account.FieldSet(account.Name)), wanted
		if c.Diff = differences(&have, &wanted, c.Set); len(c.Diff) > 0 {
			c.Action = account.ActionUpdated
		}
	}
	if next.Off != "" { // it has come back (rule R16)
		next.Off = ""
		c.Action, c.Switch = account.ActionEnabled, account.On
		c.Diff = append(c.Diff, account.Switched(account.On))
	}
	if link == nil || !same(link, &next) || c.Action != "" {
		c.Link = &next
		takenBack(&c)
	}
	return c
}

func (p *Planner) aliasProfile(g *group, address string) account.Profile {
	var profile account.Profile
	if p.policy.Groups.Named {
		profile[account.Name] = g.Profile[account.Name]
	}
	return account.Profile{account.Name: p.policy.Canonical(address, profile)[account.Name]}
}

// planAliases returns the aliases that are created or linked, with the members that they begin with.
func (p *Planner) planAliases() (changes []account.Change) {
	var begun []*group
	for _, id := range p.order {
		g := p.groups[id]
		if !g.isNew {
			continue
		}
		if p.expanded(g).partial {
			address, _ := p.policy.addressOf(&g.Object)
			g.refuse(p, address, account.ActionFailed, account.Say("reason_members_partial"))
		} else if p.begin(g) {
			begun = append(begun, g)
		}
		if !g.isNew {
			changes = append(changes, *g.pending)
			g.pending = nil
		}
	}
	begun, held := p.guardLinks(begun)
	changes = append(changes, held...)
	untouched := p.untouched()
	for _, g := range begun { // each may be a member of another
		c := *g.pending
		g.pending = nil
		p.expanded(g).fill(g, &c, untouched)
		changes = append(changes, c)
	}
	return changes
}

// guardLinks returns those of the groups whose alias is created or linked, and a row for each link of an existing alias that becomes
// held: more at once than the limits allow (rule R23).
func (p *Planner) guardLinks(begun []*group) (goOn []*group, rows []account.Change) {
	var links []account.Change
	for _, g := range begun {
		if g.pending.Action == account.ActionLinked {
			links = append(links, *g.pending)
		}
	}
	made := p.guard(account.ActionLinked, links, p.tooManyOf(account.ActionLinked, p.state.Linked()+len(links)), waitsForNothing)
	waiting := p.releaseHeld(links, made)
	for i := range made {
		if c := &made[i]; c.Action == account.ActionLinked {
			p.groups[c.Source].pending = c
		} else {
			rows = append(rows, *c)
		}
	}
	for _, g := range begun {
		if waiting[g.ID] {
			g.pending, g.isNew, g.waits = nil, false, true
		} else {
			goOn = append(goOn, g)
		}
	}
	return goOn, rows
}

// begin decides which alias a group gets; it returns false where the group gets none.
func (p *Planner) begin(g *group) bool {
	address, _ := p.policy.addressOf(&g.Object)
	h := p.addresses.At(address)
	who, elsewhere := p.linkedElsewhere(g.ID)
	awaited := p.awaited(address, g.ID)
	switch {
	case h.linked:
		g.refuse(p, address, account.ActionConflict, p.takenBy(h.owner))
		return false
	case elsewhere:
		g.refuse(p, address, account.ActionConflict, p.takenBy(who))
		return false
	case awaited != nil:
		g.refuse(p, address, account.ActionConflict, account.Say("reason_address_taken", "DN", awaited.DN))
		return false
	case h.exists && h.kind != account.Alias:
		g.refuse(p, address, account.ActionConflict, standsThere(h.kind))
		return false
	case h.exists && !p.policy.LinkExisting:
		g.refuse(p, address, account.ActionIgnored, account.Say("reason_left_alone"))
		return false
	case h.exists:
		c := p.compareAlias(g, address, nil, p.linkOf(&g.Object, account.Alias, address, account.Linked), &h.record)
		c.Action = account.ActionLinked
		g.pending = &c
	default:
		if why := p.limits.takeAlias(); !why.IsZero() {
			g.refuse(p, address, account.ActionFailed, why)
			return false
		}
		link := p.linkOf(&g.Object, account.Alias, address, account.Created)
		g.pending = &account.Change{
			Source: g.ID, DN: g.DN, Action: account.ActionCreated, Link: &link,
			Operation: account.Operation{
				Verb: account.Create, Kind: account.Alias, Address: address,
				Values: account.Values{
					Profile: p.aliasProfile(g, address), Set: account.FieldSet(account.Name), Switch: account.On,
				},
				Membership: account.Membership{Policy: p.policy.Groups.AccessPolicy},
			},
		}
	}
	p.addresses.expect(*g.pending)
	return true
}

// planMembers returns what changes of aliases that were here, their members above all, and of new ones of whose members
// some could not be made.
func (p *Planner) planMembers() (changes []account.Change) {
	for _, id := range p.order {
		if g := p.groups[id]; g.pending != nil {
			p.addresses.expect(*g.pending) // one that is enabled counts as a member of others
		}
	}
	untouched := p.untouched()
	for _, id := range p.order {
		g := p.groups[id]
		switch c := g.pending; {
		case !g.inScope || p.addresses.claims[id] != nil || g.waits:
			continue
		case c != nil && !c.Action.Writes() && c.Action != "":
			if !p.isReported(g, c) {
				changes = append(changes, *c)
			}
			continue
		}
		if c, ok := p.memberChange(g, untouched); ok {
			changes = append(changes, c)
		}
	}
	return changes
}

// isReported reports whether an earlier run has logged that a group is ignored, for the same reason.
func (p *Planner) isReported(g *group, c *account.Change) bool {
	return p.policy.Incremental && c.Action == account.ActionIgnored && g.USN <= p.policy.Since
}

// memberChange returns what is to be changed of a group's alias, as it is now called; ok is false where nothing is.
func (p *Planner) memberChange(g *group, untouched map[string]bool) (c account.Change, ok bool) {
	address := p.addresses.Of(g.ID)
	if address == "" || account.IsTempAddress(address) {
		return c, false // it could not be made, or is not where it is to be
	}
	c = account.Change{
		Source: g.ID, DN: g.DN,
		Operation: account.Operation{Verb: account.Update, Kind: account.Alias, Address: address},
	}
	if g.pending != nil {
		c = *g.pending
	}
	r := p.expanded(g)
	if r.partial {
		c = p.refuse(&g.Object, account.Alias, address, account.ActionFailed, account.Say("reason_members_partial"))
		return c, true
	}
	r.fill(g, &c, untouched)
	if c.Action == "" && c.Link == nil {
		return c, false
	}
	return p.guardMembers(g, c)
}

// leftOut returns that members without a usable address are no members of the alias (rule R11).
func leftOut(members []string) account.Message {
	if len(members) == 0 {
		return account.Message{}
	}
	slices.Sort(members)
	return account.Say("reason_members_left_out", "Count", strconv.Itoa(len(members)), "Members", account.Abbreviate(members))
}
