package plan

import (
	"maps"
	"slices"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// Members is what aliases are made of: groups, and everybody that may be a member of one.
type Members struct {
	numbers   *numbers
	policy    *Policy
	addresses *Addresses
	people    *sourceSet                  // users and contacts
	persons   map[account.SourceID]person // those of whom more is to be known than their account
	groups    map[account.SourceID]*group
	order     []account.SourceID // of groups, as they came
	asked     *sourceSet
	primary   primaryGroups
	dns       map[account.SourceID]string // of those that may be left out
	unlinked  map[account.SourceID]bool   // members of aliases without an account, and groups whose members count instead of them
}

// person is what an alias needs to know of a user or contact: where mail goes if not to an account here.
type person struct {
	external string // an address of another domain
	hosted   string // an address in the domain whose account may be no user's of this resource
	isUser   bool   // the hosted address is that of a user
	off      bool   // disabled in the directory
}

// group is a group of the directory, in scope or only found as a member of another.
type group struct {
	account.Object
	members  []uint32 // numbers of source IDs
	inScope  bool
	external string          // an address of another domain
	pending  *account.Change // what is to be changed of its alias besides the members
	isNew    bool            // it gets an alias in this run
	waits    bool            // its rename waits for an admin
	took     *account.Link   // the link of its alias, where that was somebody else's as the run began
	isFilled bool            // the alias that it gets has the members in have
	have     []string
}

func newMembers(p *Policy, a *Addresses) *Members {
	return &Members{
		numbers: a.state.numbers, policy: p, addresses: a, people: newSourceSet(a.state.numbers),
		persons: make(map[account.SourceID]person), groups: make(map[account.SourceID]*group),
		asked: newSourceSet(a.state.numbers), unlinked: make(map[account.SourceID]bool), dns: make(map[account.SourceID]string),
		primary: primaryGroups{numbers: a.state.numbers, members: make(map[uint32][]uint32), known: make(map[uint32]bool)},
	}
}

// record keeps how a user or contact is reached as a member of aliases.
func (m *Members) record(o *account.Object) {
	if m.policy.Groups == nil || o.Kind == account.Other {
		return
	}
	p := person{off: m.policy.FollowStatus && o.Disabled}
	switch {
	case o.Kind == account.Contact:
		p.hosted, p.external = m.policy.recipient(o.Mail)
	case !slices.ContainsFunc(o.Mail, m.policy.hosts): // else reached there or not at all
		_, p.external = m.policy.recipient(o.External)
	}
	m.people.add(o.ID)
	if p != (person{}) {
		m.persons[o.ID] = p
	}
	m.primary.add(o)
}

// AddGroup adds a group in scope. All users have been added.
func (p *Planner) AddGroup(o account.Object) {
	p.Given(o.ID)
	p.addGroup(o, true)
}

// AddOutside adds an object that Unknown asked for: it only matters as a member.
func (m *Members) AddOutside(o account.Object) {
	if o.Kind == account.Group {
		m.addGroup(o, false)
		return
	}
	m.record(&o)
	m.unlinkedUser(&o)
}

// unlinkedUser notes the address of a user who has no account of this resource: whoever has an active account there is a member in its
// stead (rule R11).
func (m *Members) unlinkedUser(o *account.Object) {
	if m.policy.Groups == nil || o.Kind == account.Other {
		return
	}
	m.dns[o.ID] = o.DN
	if address, refusal := m.policy.addressOf(o); o.Kind == account.User && refusal.IsZero() {
		p := m.persons[o.ID]
		p.hosted, p.isUser = address, true
		m.persons[o.ID] = p
	}
}

func (m *Members) addGroup(o account.Object, inScope bool) {
	if _, again := m.groups[o.ID]; again {
		return
	}
	_, external := m.policy.recipient(o.Mail)
	members := m.numbers.all(o.Members)
	o.Members = nil
	m.groups[o.ID] = &group{Object: o, members: members, inScope: inScope, external: external}
	m.order = append(m.order, o.ID)
}

// Unlinked returns the objects on which aliases depend and that have no account here: nothing but their absence tells that they are
// gone. It is called when all phases have been planned.
func (m *Members) Unlinked() []account.SourceID { return slices.Sorted(maps.Keys(m.unlinked)) }

// Unknown returns members that nothing is known of yet, each once. Those of groups that neither have an address nor are nested in one
// that has are nobody's members: in a large domain these are most, all computers among them.
func (p *Planner) Unknown() []account.SourceID {
	m := p.Members
	var unknown []account.SourceID
	for _, g := range p.countingGroups() {
		for _, list := range [][]uint32{g.members, m.primary.members[g.Primary], m.numbers.all(m.manager(g))} {
			for _, number := range list {
				member := m.numbers.ids[number]
				if !p.IsKnown(member) && m.asked.add(member) {
					unknown = append(unknown, member)
				}
			}
		}
	}
	return unknown
}

// countingGroups returns the groups that are known to have an alias or an address, and those nested in them.
func (p *Planner) countingGroups() (counting []*group) {
	seen := newSourceSet(p.Members.numbers)
	for _, id := range p.order {
		if g := p.groups[id]; (len(g.Mail) > 0 || p.state.link(id) != nil) && seen.add(id) {
			counting = append(counting, g)
		}
	}
	for i := 0; i < len(counting); i++ { // it grows
		g := counting[i]
		for _, list := range [][]uint32{g.members, p.primary.members[g.Primary]} {
			for _, number := range list {
				if nested := p.groups[p.Members.numbers.ids[number]]; nested != nil && seen.addNumber(number) {
					counting = append(counting, nested)
				}
			}
		}
	}
	return counting
}

// IsKnown reports whether enough is known of an object as a member of groups.
func (p *Planner) IsKnown(id account.SourceID) bool {
	_, isGroup := p.groups[id]
	return isGroup || p.people.has(id) || p.isAsBefore(id)
}

// isAsBefore reports whether an object that was not given is linked, and has not left: it needs no other address than that
// of its account. A group whose alias is off is to be known, as its members are reached one by one.
func (p *Planner) isAsBefore(id account.SourceID) bool {
	l := p.state.link(id)
	if !p.policy.Incremental || l == nil || p.isLeaving(id) {
		return false
	}
	return l.Kind == account.Mailbox || p.addresses.At(l.Address).active
}

// IsInStep reports whether a group's alias is on and has the group's address: whatever changes of its members is nothing to the
// aliases that it is a member of.
func (p *Planner) IsInStep(g *account.Object) bool {
	l := p.state.link(g.ID)
	address, refusal := p.policy.addressOf(g)
	return l != nil && refusal.IsZero() && l.Address == address && l.Off == "" && p.addresses.At(address).active
}

// manager returns the object that is to moderate a group's alias, if there is one.
func (m *Members) manager(g *group) []account.SourceID {
	if m.policy.Groups.Moderated && g.inScope && g.Manager != "" {
		return []account.SourceID{g.Manager}
	}
	return nil
}
