package plan

import (
	"cmp"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// resolution finds the addresses behind a group. Every group is expanded once, so that circles end.
type resolution struct {
	p       *Planner
	found   map[string]account.SourceID // addresses, with the objects that they are of
	left    []string                    // members without an address
	seen    map[account.SourceID]struct{}
	partial bool // the members of the group, or of one nested in it, could not be read whole
}

func (p *Planner) resolution() *resolution {
	return &resolution{p: p, found: make(map[string]account.SourceID), seen: make(map[account.SourceID]struct{})}
}

// expanded returns the addresses behind a group.
func (p *Planner) expanded(g *group) *resolution {
	r := p.resolution()
	r.expand(g)
	return r
}

func (r *resolution) expand(g *group) {
	if _, again := r.seen[g.ID]; again {
		return
	}
	r.seen[g.ID] = struct{}{}
	r.partial = r.partial || g.Partial
	for _, list := range [][]uint32{g.members, r.p.primary.members[g.Primary]} {
		for _, number := range list {
			r.member(r.p.state.numbers.ids[number])
		}
	}
}

func (r *resolution) member(id account.SourceID) {
	address := r.p.addresses.Of(id)
	isOn := address != "" && r.p.addresses.At(address).active
	if g := r.p.groups[id]; g != nil {
		switch {
		case isOn:
			r.found[address] = id
		case r.p.standsIn(g):
			r.p.unlinked[id] = true
			address, _ := r.p.policy.addressOf(&g.Object)
			r.found[address] = id
		case g.external != "":
			r.p.unlinked[id] = true
			r.found[g.external] = id
		default:
			r.p.unlinked[id] = true
			r.expand(g)
		}
		return
	}
	switch person := r.p.persons[id]; {
	case person.off:
	case isOn:
		r.found[address] = id
	case person.hosted != "" && r.p.receives(person.hosted) && !(person.isUser && r.p.isAnothers(person.hosted, id)):
		r.p.unlinked[id] = true
		r.found[person.hosted] = id
	case person.external != "":
		r.p.unlinked[id] = true
		r.found[person.external] = id
	default:
		r.left = append(r.left, cmp.Or(r.p.dns[id], string(id)))
	}
}

// isAnothers reports whether an address is linked to another object, of whichever resource.
func (p *Planner) isAnothers(address string, id account.SourceID) bool {
	h := p.addresses.At(address)
	return h.linked && h.owner.source != id
}

// standsIn reports whether an active alias stands at the address of a nested group that has no alias of this resource.
func (p *Planner) standsIn(g *group) bool {
	address, refusal := p.policy.addressOf(&g.Object)
	return refusal.IsZero() && p.receives(address) && !p.isAnothers(address, g.ID)
}

// receives reports whether an account at an address of the domain gets mail, linked or not.
func (p *Planner) receives(address string) bool {
	h := p.addresses.At(address)
	isOff := h.linked && h.owner.resource == p.policy.Resource && p.persons[h.owner.source].off
	return h.exists && h.active && h.kind != account.Reserved && !isOff
}
