package plan

import (
	"slices"
	"strings"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// Builder makes a plan while the directory is still being read: links first, then local accounts, then objects one
// by one. What cannot depend on the objects still to come is decided at once, so that writing overlaps reading;
// the rest waits for Finish. It is not safe for concurrent use.
type Builder struct {
	policy Policy
	links  map[account.SourceID]*account.Link // of this resource
	owners map[string]owner                   // who is linked to an address, any resource
	local  map[string]record
	seen   map[account.SourceID]struct{}
	// present were in a listing of identities alone.
	present map[account.SourceID]struct{}
	// membershipChanged reports whether any change so far can alter the members of an alias.
	membershipChanged bool
	// claimed are links whose account may still have the address that a claim takes from it.
	claimed map[string]account.Link
	// places say which address the mail directories of claimed renamings and deletions have now; none where they are
	// gone.
	places map[string]string
	// renames wait until all are known: who leaves an address makes room for another.
	renames []rename
	// queue are newcomers whose address somebody has who may yet leave it.
	queue []account.Object
	// stale are objects whose link leads nowhere and goes, unless another takes its place.
	stale map[account.SourceID]bool
	// What left: which kinds of accounts have been listed completely, and which have no object in scope; who is not
	// among them; what is held.
	listed  map[account.Kind]bool
	empty   map[account.Kind]bool
	leaving []account.SourceID
	held    []account.Change
	// What aliases are made of: people by object, members of local aliases, users by their primary group.
	people  map[account.SourceID]person
	primary map[uint32][]account.SourceID
	// primaryKnown are the primary groups whose members have been asked for; primaryPartial says that not all members of
	// some could be listed.
	primaryKnown   map[uint32]bool
	primaryPartial bool
	groups         map[account.SourceID]*group
	order          []account.SourceID // of groups, as they came
	asked          map[account.SourceID]bool
	members        map[string][]string
	idle           map[string][]string // members whose rows are off
	// moderators are those of local aliases.
	moderators        map[string][]string
	renamedTo         map[string]string         // addresses that this run renames
	disabledByRemoval map[account.SourceID]bool // objects that left, whose accounts this run switches off
	deletedAddresses  map[string]bool           // addresses whose accounts this run deletes, and with them what leads there
	// waiting are creations that compete for the domain's last places.
	waiting   []account.Change
	mailboxes int   // mailboxes of the domain, with those planned
	quota     int64 // MB given out, with what is planned
	aliases   int   // aliases of the domain, with those planned
}

// owner says which object has an address.
type owner struct {
	resource int64
	source   account.SourceID
	dn       string
}

// NewBuilder begins a plan.
func NewBuilder(p Policy) *Builder {
	return &Builder{
		policy: p,
		links:  make(map[account.SourceID]*account.Link),
		owners: make(map[string]owner),
		local:  make(map[string]record),
		seen:   make(map[account.SourceID]struct{}),
		places: make(map[string]string),

		present: make(map[account.SourceID]struct{}),

		claimed: make(map[string]account.Link),
		stale:   make(map[account.SourceID]bool),

		listed:  make(map[account.Kind]bool),
		empty:   make(map[account.Kind]bool),
		people:  make(map[account.SourceID]person),
		primary: make(map[uint32][]account.SourceID),

		primaryKnown: make(map[uint32]bool),

		groups:  make(map[account.SourceID]*group),
		asked:   make(map[account.SourceID]bool),
		members: make(map[string][]string),
		idle:    make(map[string][]string),

		moderators: make(map[string][]string),

		renamedTo:         make(map[string]string),
		disabledByRemoval: make(map[account.SourceID]bool),
		deletedAddresses:  make(map[string]bool),

		aliases:   p.Domain.Aliases,
		mailboxes: p.Domain.Mailboxes,
		quota:     p.Domain.QuotaUsed,
	}
}

// AddLink takes a link: this resource's, or another's with an address in the domain.
func (b *Builder) AddLink(l account.Link) {
	who := owner{l.Resource, l.Source, l.DN}
	b.owners[l.Address] = who
	if former := l.Former(); former != "" {
		b.claimed[former] = l
		b.places[l.Home] = ""
	}
	if l.Resource == b.policy.Resource {
		b.links[l.Source] = &l
	}
}

// owner tells who is linked to an address, or has a claimed account that is still there.
func (b *Builder) owner(address string) (who owner, taken bool) {
	if who, taken = b.owners[address]; taken {
		return who, true
	}
	if l, claimed := b.claimed[address]; claimed && b.place(&l) == address {
		return owner{l.Resource, l.Source, l.DN}, true
	}
	return who, false
}

// place is the address that a linked account has now; none where it is gone.
func (b *Builder) place(l *account.Link) string {
	address := l.Address
	if former := l.Former(); former != "" && l.Kind == account.Alias { // it has no mail directory to be known by
		for _, at := range []string{account.Aside(account.Move{From: former, To: l.Address}), former} {
			if r, there := b.local[at]; there && r.kind == account.Alias {
				return at
			}
		}
	} else if former != "" {
		address = b.places[l.Home]
	}
	if _, exists := b.local[address]; !exists {
		return ""
	}
	return address
}

// AddLocal takes what holds an address in the domain. All links have been added before.
func (b *Builder) AddLocal(a account.Account) {
	_, sought := b.places[a.Home]
	sought = sought && a.Home != ""
	if sought && a.Kind == account.Reserved {
		return // a renaming that was cut off has the mailbox get mail for the address that it is to have
	}
	r := record{profile: pack(&a.Profile), kind: a.Kind, active: a.Active, role: a.Role}
	if o, linked := b.owners[a.Address]; linked && o.resource == b.policy.Resource {
		if l := b.links[o.source]; l != nil && l.State == account.Creating {
			r.home = a.Home
		}
	}
	if sought {
		b.places[a.Home] = a.Address
	}
	b.local[a.Address] = r
	if len(a.Members) > 0 {
		b.members[a.Address] = a.Members
	}
	if len(a.Idle) > 0 {
		b.idle[a.Address] = a.Idle
	}
	if len(a.Moderators) > 0 {
		b.moderators[a.Address] = a.Moderators
	}
}

// Linked is the number of links the resource has.
func (b *Builder) Linked() int { return len(b.links) }

// Add decides on an object; ok is false where there is nothing to do or the decision waits for Finish.
func (b *Builder) Add(o account.Object) (c account.Change, ok bool) {
	if _, again := b.seen[o.ID]; again {
		return c, false // it moved between two pages of the listing
	}
	b.seen[o.ID] = struct{}{}
	b.recordMember(&o)
	address, refusal := b.addressOf(&o)
	if o.Kind != account.User {
		address, refusal = strings.Join(o.Mail, ", "), account.Say("reason_not_a_user")
	}
	link := b.links[o.ID]
	switch {
	case !refusal.IsZero():
		c, ok = b.refuse(&o, address, account.ActionIgnored, refusal), true
	case link == nil:
		c, ok = b.newcomer(&o, address)
	case link.State == account.Creating:
		c, ok = b.resolveClaim(&o, address, link)
	default:
		c, ok = b.updateLinked(&o, address, link)
	}
	b.membershipChanged = b.membershipChanged || affectsMembership[c.Action]
	b.drifted(&o, link, &c)
	return c, ok
}

// drifted says of a change that it repairs what was done here: nothing has changed in the directory.
func (b *Builder) drifted(o *account.Object, link *account.Link, c *account.Change) {
	p := &b.policy
	if p.Incremental || p.Since == 0 || o.USN == 0 || o.USN > p.Since || link == nil || link.State != account.Confirmed {
		return
	}
	if (c.Action == account.ActionUpdated || c.Action == account.ActionCreated) && c.Reason.IsZero() {
		c.Reason = account.Say("reason_drift")
	}
}

// affectsMembership are the actions that can alter the members of an alias. An ignored user may have an address
// elsewhere, and that may have changed.
var affectsMembership = map[account.Action]bool{
	account.ActionCreated: true, account.ActionLinked: true, account.ActionRenamed: true, account.ActionDisabled: true,
	account.ActionEnabled: true, account.ActionIgnored: true,
}

// MembershipMayChange reports whether the objects added so far can alter the members of an alias.
func (b *Builder) MembershipMayChange() bool {
	return b.membershipChanged || len(b.queue)+len(b.renames)+len(b.waiting)+len(b.leaving) > 0
}

// Finish decides what had to wait for the whole listing. The first changes speak of accounts by the addresses that they
// have and must be applied before any is renamed; the next hand addresses on among each other and must be applied
// together, before the rest.
func (b *Builder) Finish() (first, together, rest []account.Change) {
	for _, c := range b.removals() {
		if c.Disable {
			b.disabledByRemoval[c.Source] = true
		}
		if c.Disable && b.links[c.Source].Address == c.Link.Address {
			first = append(first, c)
		} else { // it gives up the address that it has claimed, perhaps to the account that has claimed this one's
			together = append(together, c)
		}
	}
	together = append(together, b.resolveRenames()...)
	for i := range b.queue {
		o := &b.queue[i]
		address, _ := b.addressOf(o) // it has one, or it would not wait
		if c, ok := b.decide(o, address); ok {
			rest = append(rest, c)
		}
	}
	b.queue = nil
	return first, together, append(rest, b.creations()...)
}

// creations are those that competed for the domain's last places.
func (b *Builder) creations() []account.Change {
	slices.SortFunc(b.waiting, func(x, y account.Change) int { return strings.Compare(x.Address, y.Address) })
	for i := range b.waiting {
		b.waiting[i] = b.withinLimits(b.waiting[i])
	}
	changes := b.waiting
	b.waiting = nil
	return changes
}
