package plan

import (
	"slices"
	"strings"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// Planner decides what happens to the accounts of one resource. The first phase goes on while the directory is still being
// read: Add returns what cannot depend on the objects still to come. The phases behind it are planned one by one, each from
// what came of the one before (see Phases and Correct). It is not safe for concurrent use.
type Planner struct {
	*Removals
	*Members
	policy    *Policy
	state     *State
	addresses *Addresses
	limits    *Limits
	added     *sourceSet
	// stale are objects whose link leads to no account; it is deleted before any address changes hands.
	stale map[account.SourceID]bool
	// unreadable are mapped fields that the directory shows of nobody: nothing is cleared for that (rule R22).
	unreadable account.Fields
	later      later
	// heirs are objects that get the account of another that is gone, with its released link.
	heirs map[account.SourceID]*account.Link
	// renamesWait reports whether renames were held by an earlier run.
	renamesWait bool
	// moved are objects that were created or refused so far: the aliases that they are members of may change.
	moved []uint32 // numbers of source IDs
}

// later is what waits for a later phase.
type later struct {
	guarded   []account.Change // links, disablings, enablings and clearings
	clearing  []account.Object // those of guarded changes and renames that clear a field
	renames   []rename
	contested []account.Object // newcomers whose address an account has that may leave it or become theirs, or whose account was deleted
	problems  []account.Change // rows of addresses that cannot be used
	unusable  unusable
	limited   []account.Change // creations that compete for the domain's last places
}

// New begins a plan for what is here.
func New(p Policy, s *State) *Planner {
	a := newAddresses(s)
	renamesWait := false
	for _, d := range p.Removal.Decided {
		renamesWait = renamesWait || d.Action == account.ActionRenamed && d.Decision != Confirmed
	}
	return &Planner{
		renamesWait: renamesWait,
		policy:      &p, state: s, addresses: a, limits: newLimits(p.Domain), added: newSourceSet(s.numbers),
		later: later{unusable: unusable{all: newSourceSet(s.numbers)}},
		stale: make(map[account.SourceID]bool), heirs: make(map[account.SourceID]*account.Link), Removals: newRemovals(&p.Removal, a), Members: newMembers(&p, a),
	}
}

// Linked returns the number of links that the resource has.
func (p *Planner) Linked() int { return p.state.Linked() }

// Moved returns the objects added so far, and those that left, for which the members of an alias may change.
func (p *Planner) Moved() []account.SourceID {
	moved := slices.Clone(p.leaving)
	for _, number := range p.moved {
		moved = append(moved, p.state.numbers.ids[number])
	}
	for i := range p.later.guarded {
		moved = append(moved, p.later.guarded[i].Source)
	}
	for i := range p.later.renames {
		moved = append(moved, p.later.renames[i].change.Source)
	}
	for i := range p.later.contested {
		moved = append(moved, p.later.contested[i].ID)
	}
	for i := range p.later.limited {
		moved = append(moved, p.later.limited[i].Source)
	}
	return moved
}

// Add decides on an object of the listing of users; ok is false where there is nothing to do, or the decision waits for a
// later phase.
func (p *Planner) Add(o account.Object) (c account.Change, ok bool) {
	if !p.added.add(o.ID) {
		return c, false // it moved between two pages of the listing
	}
	p.Given(o.ID)
	p.record(&o)
	address, refusal := p.policy.addressOf(&o)
	if o.Kind != account.User {
		address, refusal = strings.Join(o.Mail, ", "), account.Say("reason_not_a_user")
	}
	link := p.state.link(o.ID)
	if link == nil && o.Kind == account.User {
		link = p.takeBack(&o, account.Mailbox)
	}
	if o.System != "" && link == nil && refusal.IsZero() { // one without an address is ignored for that
		refusal = account.Say("reason_system_object", "Sign", string(o.System))
	}
	switch {
	case p.addresses.claims[o.ID] != nil:
		return c, false // what became of its account is not known; that is in the log
	case o.Kind == account.User && p.keepsAddress(&o, link, refusal):
		p.noteUnusable(&o)
		c, ok = p.follow(&o, link.Address, link)
		p.moved = append(p.moved, p.state.numbers.give(o.ID))
	case !refusal.IsZero():
		c, ok = p.refuse(&o, account.Mailbox, address, account.ActionIgnored, refusal), true
		p.moved = append(p.moved, p.state.numbers.give(o.ID)) // it may have an address elsewhere, and that may have changed
	case link == nil:
		c, ok = p.newcomer(&o, address)
	default:
		c, ok = p.follow(&o, address, link)
	}
	if link == nil && !(ok && c.Verb == account.Create) {
		p.unlinkedUser(&o)
		if refusal.IsZero() {
			p.moved = append(p.moved, p.state.numbers.give(o.ID)) // its address may be another than before
		}
	}
	if ok {
		p.expect(&c)
	}
	return c, ok
}

// expect takes changes for made.
func (p *Planner) expect(c *account.Change) {
	p.addresses.expect(*c)
	if c.Verb == account.Create {
		p.moved = append(p.moved, p.state.numbers.give(c.Source))
	}
}

// refuse returns the row in the log for an object whose account is not made or followed.
func (p *Planner) refuse(o *account.Object, k account.Kind, address string, a account.Action, why account.Message) account.Change {
	return account.Change{
		Source: o.ID, DN: o.DN, Action: a, Reason: why,
		Operation: account.Operation{Kind: k, Address: address},
	}
}

// takenBy returns that another object has the address (rule R2).
func (p *Planner) takenBy(who owner) account.Message {
	if who.resource != p.policy.Resource {
		return account.Say("reason_linked_by_other_resource", "DN", p.addresses.DN(who))
	}
	return account.Say("reason_address_taken", "DN", p.addresses.DN(who))
}

// forget has an object whose link leads to no account stand as if it had never been linked.
func (p *Planner) forget(link *account.Link) {
	p.addresses.release(link)
	p.stale[link.Source] = true
}

// Correct takes what came of changes that were not made as they were decided: the phases behind are planned from that.
func (p *Planner) Correct(outcomes []Outcome) {
	p.addresses.correct(outcomes)
	for i := range outcomes {
		c := outcomes[i].Change
		isLinked := outcomes[i].Link != nil
		switch {
		case c.Verb == account.Create && !isLinked:
			p.limits.free(c.Kind)
		case c.Verb == account.Delete && isLinked:
			p.limits.keep(c.Kind)
		}
	}
}
