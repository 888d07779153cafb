package plan

import (
	"slices"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// Addresses says what stands at each address as the run goes on: the state, and what the run has changed since. What is
// decided counts as made, until Correct says otherwise.
type Addresses struct {
	state   *State
	changed map[uint32]packedHolder            // what stands at addresses that the run has changed
	current map[uint32]uint32                  // the places of accounts that the run has created, linked, renamed or deleted, by object
	dns     map[uint32]string                  // DNs of the objects of these accounts, packed
	moved   map[string]string                  // addresses of renamed accounts, from the one as the run began
	deleted map[string]bool                    // addresses whose accounts the run has deleted
	claims  map[account.SourceID]*account.Link // those that could not be settled
	aliases map[account.SourceID]*account.Link // links of groups that the run has changed
}

func newAddresses(s *State) *Addresses {
	claims := make(map[account.SourceID]*account.Link)
	for _, l := range s.claims {
		if l.State != account.Confirmed {
			claims[l.Source] = l
		}
	}
	return &Addresses{
		claims: claims, aliases: make(map[account.SourceID]*account.Link), state: s, changed: make(map[uint32]packedHolder), current: make(map[uint32]uint32),
		dns:   make(map[uint32]string),
		moved: make(map[string]string), deleted: make(map[string]bool),
	}
}

// At returns what stands at an address now.
func (a *Addresses) At(address string) holder {
	if at, known := a.state.numbered[address]; known {
		if t, changed := a.changed[at]; changed {
			return a.state.holderOf(at, &t)
		}
	}
	return a.state.at(address)
}

// Of returns the address of an object's account now; it is empty where there is none.
func (a *Addresses) Of(id account.SourceID) string {
	number, known := a.state.numbers.of[id]
	if !known {
		return ""
	}
	switch at, changed := a.current[number]; {
	case at == nowhere:
		return ""
	case changed:
		return a.state.places[at].address
	}
	if l := a.state.link(id); l != nil {
		if h := a.At(l.Address); h.exists && !h.foreign && h.owner.source == id {
			return l.Address
		}
	}
	return ""
}

// Now returns what an address that was read as the run began is called now.
func (a *Addresses) Now(address string) string {
	if to, moved := a.moved[address]; moved {
		return to
	}
	return address
}

// expect takes changes for made. Their renames happen all at once, so that addresses can be swapped.
func (a *Addresses) expect(changes ...account.Change) {
	moving := make(map[string]holder)
	for i := range changes {
		c := &changes[i]
		if c.Kind == account.Alias && c.Link != nil {
			a.aliases[c.Source] = c.Link
		}
		h := a.At(c.Address)
		switch from, _, _ := c.Moves(); {
		case c.Verb == account.Create:
			a.take(c.Address, c, holder{record: record{kind: c.Kind, active: c.Switch == account.On}})
		case c.Verb == account.Delete:
			a.set(c.Address, holder{})
			a.stands(c.Source, "")
			a.deleted[c.Address] = true
		case c.Verb == account.Rename:
			moving[c.NewAddress] = a.At(from)
			a.set(from, holder{})
		case c.Action == account.ActionLinked:
			a.take(c.Address, c, h)
		}
		if h := a.At(c.Address); c.Switch != "" && h.exists && c.Verb != account.Rename {
			h.active = c.Switch == account.On
			a.set(c.Address, h)
		}
	}
	for i := range changes {
		if c := &changes[i]; c.Verb == account.Rename {
			h := moving[c.NewAddress]
			if c.Switch != "" {
				h.active = c.Switch == account.On
			}
			a.take(c.NewAddress, c, h)
			a.renamed(c)
		}
	}
}

// take has an address hold the account of a change's object.
func (a *Addresses) take(address string, c *account.Change, h holder) {
	h.exists, h.linked, h.foreign = true, true, false
	h.owner = owner{resource: a.state.resource, source: c.Source}
	a.set(address, h)
	a.stands(c.Source, address)
	a.noteDN(c.Source, c.DN)
}

// set has something stand at an address.
func (a *Addresses) set(address string, h holder) {
	a.changed[a.state.placeOf(address)] = a.state.packHolder(&h)
}

// nowhere is the place of an account that there is not.
const nowhere = ^uint32(0)

// stands notes where the account of an object is; empty: it has none.
func (a *Addresses) stands(id account.SourceID, address string) {
	at := nowhere
	if address != "" {
		at = a.state.placeOf(address)
	}
	a.current[a.state.numbers.give(id)] = at
}

// noteDN notes the DN of an object that gets an account.
func (a *Addresses) noteDN(id account.SourceID, dn string) {
	p := packer{texts: a.state.texts}
	p.dn(dn)
	a.dns[a.state.numbers.give(id)] = a.state.texts.keep(string(p.bytes))
}

// DN returns where an object is that an address is linked to.
func (a *Addresses) DN(who owner) string {
	if who.resource != a.state.resource {
		return who.dn
	}
	if packed, known := a.dns[a.state.numbers.give(who.source)]; known {
		u := unpacker{texts: a.state.texts, rest: packed}
		return u.dn()
	}
	if l := a.state.link(who.source); l != nil {
		return l.DN
	}
	return ""
}

// renamed remembers how rows that named the account by the address that it had as the run began name it now.
func (a *Addresses) renamed(c *account.Change) {
	began := c.Address
	if l := a.state.link(c.Source); l != nil {
		began = l.Address
	}
	a.moved[began] = c.NewAddress
}

// release takes the link away from an address where no account of its object is.
func (a *Addresses) release(l *account.Link) {
	if h := a.At(l.Address); h.linked && h.owner.source == l.Source && h.owner.resource == l.Resource {
		h.linked, h.owner = false, owner{}
		a.set(l.Address, h)
	}
	a.stands(l.Source, "")
}

// Outcome is what came of a change that was not made as it was decided.
type Outcome struct {
	Change *account.Change
	// Link is the object's link as it stands; nil where it has none. Accounts are what stands at the addresses of the
	// change.
	Link     *account.Link
	Accounts []account.Account
}

// correct takes what really came of changes that were expected.
func (a *Addresses) correct(outcomes []Outcome) {
	failed := make(map[account.SourceID]bool, len(outcomes))
	for i := range outcomes {
		failed[outcomes[i].Change.Source] = true
	}
	for i := range outcomes {
		c := outcomes[i].Change
		for _, address := range []string{c.Address, c.NewAddress, c.Place} {
			if h := a.At(address); !h.linked || failed[h.owner.source] {
				a.set(address, holder{})
			}
			delete(a.deleted, address)
		}
		if l := a.state.link(c.Source); l != nil {
			delete(a.moved, l.Address)
		}
		a.stands(c.Source, "")
		if c.Kind == account.Alias {
			a.aliases[c.Source] = outcomes[i].Link
		}
	}
	for i := range outcomes {
		for j := range outcomes[i].Accounts {
			found := &outcomes[i].Accounts[j]
			if !a.At(found.Address).exists {
				a.set(found.Address, holder{record: a.state.recordOf(found), exists: true})
			}
		}
	}
	for i := range outcomes {
		if l := outcomes[i].Link; l != nil {
			a.own(l)
		}
	}
}

// own has a link own its address again, and a claim all those that it may have.
func (a *Addresses) own(l *account.Link) {
	who := owner{resource: l.Resource, source: l.Source}
	for _, address := range ownedBy(l) {
		h := a.At(address)
		h.linked, h.owner = true, who
		a.set(address, h)
	}
	a.noteDN(l.Source, l.DN)
	if l.State != account.Confirmed {
		a.claims[l.Source] = l
	} else if a.At(l.Address).exists {
		a.stands(l.Source, l.Address)
	}
}

// AddressesOf returns the address of a link, and of a claimed rename all that the account may have.
func AddressesOf(l *account.Link) []string {
	if l.Former() == "" {
		return []string{l.Address}
	}
	all := []string{l.Address, l.Former(), l.Between(), l.Target()}
	slices.Sort(all)
	return slices.Compact(all)
}

// ownedBy returns the addresses that a link keeps from everybody else: those that its account may have, but for one that it
// left for others.
func ownedBy(l *account.Link) []string {
	all := AddressesOf(l)
	if l.HasMadeWay() {
		all = slices.DeleteFunc(all, func(address string) bool { return address == l.Former() && address != l.Target() })
	}
	return all
}

// aliasLink returns a group's link as it is now; nil where it has none.
func (a *Addresses) aliasLink(id account.SourceID) *account.Link {
	if l, changed := a.aliases[id]; changed {
		return l
	}
	return a.state.link(id)
}

// next returns a link as the starting point of what it becomes, with what was learned of its account.
func (a *Addresses) next(l *account.Link) account.Link {
	return a.state.next(l)
}
