package plan

import (
	"slices"
	"strconv"

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

// group is a group of the directory, in scope or only found as a member of another.
type group struct {
	account.Object
	inScope  bool
	external string // an address of another domain
	change   *account.Change
	next     account.Link
}

// AddGroup takes a group in scope. All users have been added, and Finish was called.
func (b *Builder) AddGroup(o account.Object) { b.addGroup(o, true) }

// AddOutside takes an object that Unknown asked for: it only matters as a member.
func (b *Builder) AddOutside(o account.Object) {
	if o.Kind == account.Group {
		b.addGroup(o, false)
		return
	}
	b.recordMember(&o)
}

func (b *Builder) addGroup(o account.Object, inScope bool) {
	if _, again := b.groups[o.ID]; again {
		return
	}
	_, external := b.recipient(o.Mail)
	b.groups[o.ID] = &group{Object: o, inScope: inScope, external: external}
	b.order = append(b.order, o.ID)
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
	untouched := b.untouched()
	for _, id := range b.order {
		g := b.groups[id]
		if g.change == nil {
			continue
		}
		b.fill(g, accounts, untouched)
		alreadyReported := b.policy.Incremental && g.change.Action == account.ActionIgnored && g.USN <= b.policy.Since && !g.change.Unlink
		if c := g.change; !alreadyReported && (c.Action != "" || c.Link != nil) {
			rest = append(rest, *c)
		}
	}
	for i := range b.renames { // their members are in the change by now
		b.renames[i].change = *b.groups[b.renames[i].change.Source].change
	}
	rest = slices.DeleteFunc(rest, func(c account.Change) bool {
		return slices.ContainsFunc(b.renames, func(r rename) bool { return r.change.Source == c.Source })
	})
	return b.resolveRenames(), rest
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
	g.change = &account.Change{Kind: account.Alias, Source: g.ID, DN: g.DN, Address: place}
	local := b.local[place]
	b.compareName(g, &local)
	recall(g.change, link.Intent, &g.change.Profile)
	if link.Disabled { // it has come back (rule R16)
		g.change.Enable, g.change.Link = true, &g.next
		g.next.Disabled = false
		if !local.active || link.State != account.Disabling { // or nobody has seen it off
			g.change.Action = account.ActionEnabled
		}
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
