package plan

import (
	"maps"
	"slices"
	"strconv"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// Unknown are members that nobody has told of yet, each asked for once.
func (b *Builder) Unknown() []account.SourceID {
	var unknown []account.SourceID
	for _, id := range b.order {
		g := b.groups[id]
		for _, list := range [][]account.SourceID{g.Members, b.primary[g.Primary], b.manager(g)} {
			for _, m := range list {
				if !b.known(m) && !b.asked[m] {
					b.asked[m] = true
					unknown = append(unknown, m)
				}
			}
		}
	}
	return unknown
}

// known reports whether enough is known of a member.
func (b *Builder) known(id account.SourceID) bool {
	_, isPerson := b.people[id]
	_, isGroup := b.groups[id]
	return isPerson || isGroup || b.asBefore(id)
}

// asBefore reports whether an object that was not given is linked, and has not left: it needs no other address than that
// of its account.
func (b *Builder) asBefore(id account.SourceID) bool {
	l := b.links[id]
	return b.policy.Incremental && l != nil && l.Kind == account.Mailbox && !slices.Contains(b.leaving, id)
}

// PrimaryGroups tells which users by primary group have to be known for the groups read since it was called last: those
// of the crowds that count, and whether any other's do.
func (b *Builder) PrimaryGroups(crowds []uint32) (counting []uint32, others bool) {
	nested := make(map[account.SourceID]bool)
	for _, id := range b.order {
		for _, m := range b.groups[id].Members {
			nested[m] = true
		}
	}
	for _, id := range b.order {
		g := b.groups[id]
		counts := len(g.Mail) > 0 || nested[id]
		switch {
		case !counts || g.Primary == 0 || b.primaryKnown[g.Primary]:
			continue
		case slices.Contains(crowds, g.Primary):
			counting = append(counting, g.Primary)
		case !b.primaryKnown[0]:
			others, b.primaryKnown[0] = true, true // all others are asked for at once
		}
		b.primaryKnown[g.Primary] = true
	}
	return counting, others
}

// AddPrimary takes what is known of a user who was not added: his primary group.
func (b *Builder) AddPrimary(o account.Object) {
	if _, added := b.seen[o.ID]; !added && o.Primary != 0 {
		b.primary[o.Primary] = append(b.primary[o.Primary], o.ID)
	}
}

// fill finds out who joins and who leaves (rules R11, R12); untouched are addresses that stay where they are. A group that
// could not be read whole keeps its members.
func (b *Builder) fill(g *group, accounts map[account.SourceID]string, untouched map[string]bool) {
	c := g.change
	if !c.Action.Writes() && c.Action != "" {
		return
	}
	r := resolution{b: b, accounts: accounts, found: make(map[string]struct{}), seen: make(map[account.SourceID]struct{})}
	r.expand(g)
	if r.partial {
		*c = account.Change{
			Action: account.ActionFailed, Kind: account.Alias, Source: g.ID, DN: g.DN, Address: c.Address,
			Reason: account.Say("reason_members_partial"), Unlink: c.Action == account.ActionCreated && b.stale[g.ID],
		}
		return
	}
	delete(r.found, c.Address) // it would go round in a circle
	have := make(map[string]struct{})
	members := b.members[c.Address]
	if c.Enable { // these come on with it
		members = slices.Concat(members, b.idle[c.Address])
	}
	for _, m := range members {
		if !b.deletedAddresses[m] {
			have[b.now(m)] = struct{}{}
		} else if _, again := r.found[m]; !again { // else an heir of the address joins, as the row goes with the account
			c.Leave = append(c.Leave, m)
		}
	}
	for m := range r.found {
		if _, is := have[m]; !is {
			c.Join = append(c.Join, m)
		}
	}
	for m := range have {
		if _, stays := r.found[m]; !stays && !b.unread(m) && !untouched[m] {
			c.Leave = append(c.Leave, m)
		}
	}
	slices.Sort(c.Join)
	slices.Sort(c.Leave)
	for _, m := range r.managers(g) {
		if !slices.ContainsFunc(b.moderators[c.Address], func(is string) bool { return b.now(is) == m }) {
			c.Moderate = append(c.Moderate, m)
			c.Diff = append(c.Diff, account.Difference{What: "moderators", New: m})
		}
	}
	if len(c.Moderate) > 0 && c.Action == "" {
		c.Action, c.Link = account.ActionUpdated, &g.next
	}
	if len(c.Join)+len(c.Leave) == 0 {
		return
	}
	if c.Action == "" {
		c.Action, c.Link = account.ActionUpdated, &g.next
	}
	c.Diff = append(c.Diff, account.Members(c.Join, c.Leave))
	if len(r.left) > 0 {
		c.Reason = account.Say("reason_members_left_out", "Count", strconv.Itoa(len(r.left)), "Members", account.Few(r.left))
	}
}

// manager is who is to moderate a group's alias.
func (b *Builder) manager(g *group) []account.SourceID {
	if b.policy.Groups.Moderated && g.inScope && g.Manager != "" {
		return []account.SourceID{g.Manager}
	}
	return nil
}

// managers are the addresses of a group's manager: his own, or those of the group that manages it.
func (r *resolution) managers(g *group) []string {
	m := resolution{b: r.b, accounts: r.accounts, found: make(map[string]struct{}), seen: make(map[account.SourceID]struct{})}
	for _, id := range r.b.manager(g) {
		m.member(id)
	}
	return slices.Sorted(maps.Keys(m.found))
}

// now is what an address that was read at the beginning of the run is called since.
func (b *Builder) now(address string) string {
	if to, moved := b.renamedTo[address]; moved {
		return to
	}
	return address
}

// resolution finds the addresses behind a group. Every group is expanded once, so that circles end.
type resolution struct {
	b        *Builder
	accounts map[account.SourceID]string
	found    map[string]struct{}
	left     []string // members without an address
	seen     map[account.SourceID]struct{}
	partial  bool
}

func (r *resolution) expand(g *group) {
	if _, again := r.seen[g.ID]; again {
		return
	}
	r.seen[g.ID] = struct{}{}
	r.partial = r.partial || g.Partial
	for _, list := range [][]account.SourceID{g.Members, r.b.primary[g.Primary]} {
		for _, id := range list {
			r.member(id)
		}
	}
}

func (r *resolution) member(id account.SourceID) {
	if g := r.b.groups[id]; g != nil {
		switch address := r.accounts[id]; {
		case address != "" && r.b.serves(id, address):
			r.found[address] = struct{}{}
		case g.external != "":
			r.found[g.external] = struct{}{}
		default:
			r.expand(g)
		}
		return
	}
	p, known := r.b.people[id]
	known = known || r.b.asBefore(id)
	address := r.accounts[id]
	switch {
	case known && p.off:
	case address != "" && r.b.serves(id, address):
		r.found[address] = struct{}{}
	case p.hosted != "" && r.b.receives(p.hosted):
		r.found[p.hosted] = struct{}{}
	case p.external != "":
		r.found[p.external] = struct{}{}
	default:
		r.left = append(r.left, string(id))
	}
}

// serves reports whether mail to a linked account arrives when this run is over: it is not switched off here, nor by
// the run, or is switched on, which only an object does that is in scope.
func (b *Builder) serves(id account.SourceID, address string) bool {
	if b.disabledByRemoval[id] {
		return false
	}
	local, exists := b.local[address]
	if !exists || local.active {
		return true // a new one, or one that has just come to this address
	}
	link := b.links[id]
	_, seen := b.seen[id]
	g := b.groups[id]
	return (seen || g != nil && g.inScope) && link != nil && link.Disabled
}
