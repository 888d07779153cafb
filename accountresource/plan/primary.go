package plan

import (
	"slices"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// primaryGroups are the members of groups by their primary group: they stand in no list of the group's own (MS-ADTS
// 3.1.1.1.4, primaryGroupID).
type primaryGroups struct {
	numbers *numbers
	members map[uint32][]uint32 // numbers of source IDs
	known   map[uint32]bool     // those whose members have been asked for; 0 stands for all that are not well known
	partial bool                // not all members of some could be listed
}

func (g *primaryGroups) add(o *account.Object) {
	if o.Primary != 0 && o.Kind != account.Group {
		g.members[o.Primary] = append(g.members[o.Primary], g.numbers.give(o.ID))
	}
}

// PrimaryGroups returns which users by primary group have to be known for the groups read since it was called last: those
// of the well-known groups that count, and whether any other's do.
func (m *Members) PrimaryGroups(wellKnown []uint32) (counting []uint32, others bool) {
	nested, known := m.nested(), m.primary.known
	for _, id := range m.order {
		g := m.groups[id]
		counts := len(g.Mail) > 0 || nested.has(id)
		switch {
		case !counts || g.Primary == 0 || known[g.Primary]:
			continue
		case slices.Contains(wellKnown, g.Primary):
			counting = append(counting, g.Primary)
		case !known[0]:
			others, known[0] = true, true // all others are asked for at once
		}
		known[g.Primary] = true
	}
	return counting, others
}

// PrimaryOf returns the groups read since it was called last of which those count who have one as their primary group.
func (m *Members) PrimaryOf() (groups []uint32) {
	nested := m.nested()
	for _, id := range m.order {
		g := m.groups[id]
		if counts := len(g.Mail) > 0 || nested.has(id); counts && g.Primary != 0 && !m.primary.known[g.Primary] {
			m.primary.known[g.Primary] = true
			groups = append(groups, g.Primary)
		}
	}
	return groups
}

// nested returns the members of groups.
func (m *Members) nested() *sourceSet {
	nested := newSourceSet(m.numbers)
	for _, id := range m.order {
		for _, member := range m.groups[id].members {
			nested.addNumber(member)
		}
	}
	return nested
}

// AddPrimary adds the primary group of a user that was not added.
func (p *Planner) AddPrimary(o account.Object) {
	if !p.added.has(o.ID) {
		p.primary.add(&o)
	}
}

// PrimaryPartial notes that users were not listed whole: an object that was not given may be a member of a group by its
// primary group, and leaves no alias.
func (m *Members) PrimaryPartial() { m.primary.partial = true }

// isUnread reports whether an address is that of an object whose primary group could not be read.
func (p *Planner) isUnread(address string) bool {
	h := p.addresses.At(address)
	if !p.primary.partial || !h.linked || h.owner.resource != p.policy.Resource || p.isLeaving(h.owner.source) {
		return false
	}
	_, isGroup := p.groups[h.owner.source]
	return !isGroup && !p.people.has(h.owner.source)
}
