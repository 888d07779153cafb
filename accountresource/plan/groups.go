package plan

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// GroupPolicy is what the decisions on groups depend on.
type GroupPolicy struct {
	// Named says that the alias's name follows the group's.
	Named bool
	// AccessPolicy is what a new alias begins with (rule R10).
	AccessPolicy string
	// Moderated has the group's manager moderate its alias. A moderator who is there already stays.
	Moderated bool
}

// person is what an alias needs to know of somebody: where mail goes if not to an account here.
type person struct {
	external string // an address of another domain
	off      bool   // disabled in the directory
}

// group is a group of the directory, in scope or only found as a member of another.
type group struct {
	account.Object
	inScope  bool
	external string // an address of another domain
	change   *account.Change
	next     account.Link
}

// note keeps what aliases need to know of a user or contact.
func (b *Builder) note(o *account.Object) {
	if b.policy.Groups == nil || o.Kind == account.Other {
		return
	}
	b.people[o.ID] = person{external: b.external(o), off: b.policy.FollowStatus && o.Disabled}
	if o.Primary != 0 {
		b.primary[o.Primary] = append(b.primary[o.Primary], o.ID)
	}
}

// external is the first valid address of another domain.
func (b *Builder) external(o *account.Object) string {
	for _, text := range o.Mail {
		if address, ok := account.ParseRecipient(text); ok && account.DomainOf(address) != b.policy.Domain.Name {
			return address
		}
	}
	return ""
}

// AddGroup takes a group in scope. All users have been added, and Finish was called.
func (b *Builder) AddGroup(o account.Object) { b.addGroup(o, true) }

// AddOutside takes an object that Unknown asked for: it only matters as a member.
func (b *Builder) AddOutside(o account.Object) {
	if o.Kind == account.Group {
		b.addGroup(o, false)
		return
	}
	b.note(&o)
}

func (b *Builder) addGroup(o account.Object, inScope bool) {
	if _, again := b.groups[o.ID]; again {
		return
	}
	b.groups[o.ID] = &group{Object: o, inScope: inScope, external: b.external(&o)}
	b.order = append(b.order, o.ID)
}

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

// known tells whether enough is known of a member.
func (b *Builder) known(id account.SourceID) bool {
	_, isPerson := b.people[id]
	_, isGroup := b.groups[id]
	return isPerson || isGroup || b.asBefore(id)
}

// asBefore tells whether an object that was not given is linked, and has not left: it needs no other address than that
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

// FinishGroups decides on the groups. The first changes hand addresses on among each other and must be applied
// together, before the rest.
func (b *Builder) FinishGroups() (together, rest []account.Change) {
	for _, id := range b.order {
		if g := b.groups[id]; g.inScope {
			b.decideGroup(g)
		}
	}
	accounts := make(map[account.SourceID]string, len(b.owners))
	for address, who := range b.owners {
		if who.resource == b.policy.Resource {
			accounts[who.source] = address
		}
	}
	for i := range b.renames { // whether it is granted or not, this is the address until then
		accounts[b.renames[i].change.Source] = b.renames[i].from
	}
	for _, id := range b.order {
		g := b.groups[id]
		if g.change == nil {
			continue
		}
		b.fill(g, accounts)
		said := b.policy.Incremental && g.change.Action == account.ActionIgnored && g.USN <= b.policy.Since && !g.change.Unlink
		if c := g.change; !said && (c.Action != "" || c.Link != nil) {
			rest = append(rest, *c)
		}
	}
	for i := range b.renames { // their members are in the change by now
		b.renames[i].change = *b.groups[b.renames[i].change.Source].change
	}
	rest = slices.DeleteFunc(rest, func(c account.Change) bool {
		return slices.ContainsFunc(b.renames, func(r rename) bool { return r.change.Source == c.Source })
	})
	return b.settleRenames(), rest
}

// decideGroup decides which alias a group is.
func (b *Builder) decideGroup(g *group) {
	o := &g.Object
	address, refusal := b.addressOf(o)
	refuse := func(a account.Action, why account.Message) {
		c := b.refuse(o, address, a, why)
		c.Kind = account.Alias
		g.change = &c
	}
	if !refusal.IsZero() {
		refuse(account.ActionIgnored, refusal)
		return
	}
	if link := b.links[o.ID]; link != nil {
		if place := b.place(link); place != "" {
			b.followGroup(g, link, place, address)
			return
		}
		delete(b.owners, link.Address)
		delete(b.links, o.ID)
		b.stale[o.ID] = true
	}
	if who, taken := b.owner(address); taken {
		refuse(account.ActionConflict, b.takenBy(who))
		return
	}
	local, exists := b.local[address]
	switch {
	case !exists:
		b.createAlias(g, address, refuse)
	case local.kind == account.Mailbox:
		refuse(account.ActionConflict, account.Say("reason_address_is_mailbox"))
	case local.kind != account.Alias:
		refuse(account.ActionConflict, account.Say("reason_address_is_reserved"))
	case !b.policy.LinkExisting:
		refuse(account.ActionIgnored, account.Say("reason_left_alone"))
	default:
		b.own(g, address, account.Linked)
		b.compareName(g, &local)
		g.change.Action, g.change.Link = account.ActionLinked, &g.next
	}
}

// createAlias plans a new alias within the domain's limit (rule R6).
func (b *Builder) createAlias(g *group, address string, refuse func(account.Action, account.Message)) {
	d := &b.policy.Domain
	switch {
	case d.AliasLimit < 0:
		refuse(account.ActionFailed, account.Say("reason_no_aliases_allowed", "Domain", d.Name))
		return
	case d.AliasLimit > 0 && b.aliases >= d.AliasLimit:
		refuse(account.ActionFailed, account.Say("reason_alias_limit", "Domain", d.Name, "Limit", strconv.Itoa(d.AliasLimit)))
		return
	}
	b.aliases++
	b.own(g, address, account.Created)
	c := g.change
	c.Action, c.Active, c.Policy, c.Link = account.ActionCreated, true, b.policy.Groups.AccessPolicy, &g.next
	c.Profile = b.aliasProfile(g, address)
	c.Set = account.FieldSet(account.Name)
}

// own gives the group an address and a change to fill.
func (b *Builder) own(g *group, address string, origin account.Origin) {
	g.next = b.linkOf(&g.Object, address, origin)
	g.next.Kind = account.Alias
	b.owners[address] = owner{b.policy.Resource, g.ID, g.DN}
	g.change = &account.Change{Kind: account.Alias, Source: g.ID, DN: g.DN, Address: address}
}

// followGroup brings a linked alias in step.
func (b *Builder) followGroup(g *group, link *account.Link, place, address string) {
	former := link.Former()
	g.next = *link
	g.next.DN, g.next.Address, g.next.State, g.next.Intent = g.DN, place, account.Confirmed, nil
	g.next.Suspended = b.suspended(link)
	g.change = &account.Change{Kind: account.Alias, Source: g.ID, DN: g.DN, Address: place}
	local := b.local[place]
	b.compareName(g, &local)
	recall(g.change, link.Intent, &g.change.Profile)
	if link.Disabled && (!local.active || link.State == account.Enabling) { // it has come back (rule R16)
		g.change.Action, g.change.Enable, g.change.Routes = account.ActionEnabled, true, g.next.Suspended
		g.next.Disabled, g.next.Suspended = false, nil
		g.change.Link = &g.next
	}
	if g.next.DN != link.DN || link.State != account.Confirmed {
		g.change.Link = &g.next
	}
	if link.State == account.Creating { // it was made, and is finished and logged now
		g.change.Action, g.change.Active, g.change.Link = account.ActionCreated, true, &g.next
	}
	if address != place || former != "" {
		b.renames = append(b.renames, rename{link: link, next: g.next, from: place, to: address, former: former,
			change: account.Change{Source: g.ID}})
	}
}

func (b *Builder) aliasProfile(g *group, address string) account.Profile {
	var p account.Profile
	if b.policy.Groups.Named {
		p[account.Name] = g.Profile[account.Name]
	}
	name := b.policy.Canonical(address, p)[account.Name]
	return account.Profile{account.Name: name}
}

func (b *Builder) compareName(g *group, local *record) {
	if !b.policy.Groups.Named {
		return
	}
	have, wanted := local.unpack(), b.aliasProfile(g, g.change.Address)
	b.compareFields(g.change, &have, &wanted, account.FieldSet(account.Name))
	g.change.Set = have.Differing(&wanted, account.FieldSet(account.Name))
	g.change.Profile = wanted
	if g.change.Set != 0 {
		g.change.Action, g.change.Link = account.ActionUpdated, &g.next
	}
}

// fill finds out who joins and who leaves (rules R11, R12). A group that could not be read whole keeps its members.
func (b *Builder) fill(g *group, accounts map[account.SourceID]string) {
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
	for _, m := range b.members[c.Address] {
		if !b.gone[m] {
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
		if _, stays := r.found[m]; !stays {
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
	c.Diff = append(c.Diff, account.Difference{What: "members", Old: few(c.Leave), New: few(c.Join)})
	if len(r.left) > 0 {
		c.Reason = account.Say("reason_members_left_out", "Count", strconv.Itoa(len(r.left)), "Members", few(r.left))
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
	if to, moved := b.becomes[address]; moved {
		return to
	}
	return address
}

// few names some of many.
func few(list []string) string {
	const most = 20
	if len(list) > most {
		return strings.Join(list[:most], ", ") + " … (" + strconv.Itoa(len(list)) + ")"
	}
	return strings.Join(list, ", ")
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
		case address != "":
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
	case known && p.external != "":
		r.found[p.external] = struct{}{}
	default:
		r.left = append(r.left, string(id))
	}
}

// serves tells whether mail to a linked account arrives: it is not switched off here, or will be on after this run,
// which only an object does that is in scope.
func (b *Builder) serves(id account.SourceID, address string) bool {
	local, exists := b.local[address]
	if !exists || local.active {
		return true // a new one, or one that has just come to this address
	}
	link := b.links[id]
	_, seen := b.seen[id]
	return seen && link != nil && link.Disabled
}
