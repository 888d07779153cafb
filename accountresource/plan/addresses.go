package plan

import (
	"slices"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// Addresses says what stands at each address as the run goes on: the state, and what the run has changed since. What is
// decided counts as made, until Correct says otherwise.
type Addresses struct {
	state   *State
	changed map[string]holder                  // what stands at addresses that the run has changed
	current map[account.SourceID]string        // where accounts are that the run has created, linked, renamed or deleted
	moved   map[string]string                  // addresses of renamed accounts, from the one as the run began
	deleted map[string]bool                    // addresses whose accounts the run has deleted
	claims  map[account.SourceID]*account.Link // those that could not be settled
	aliases map[account.SourceID]*account.Link // links of groups that the run has changed
}

// holder is what stands at an address, and the object that is linked to it; its zero value is a free address.
type holder struct {
	record
	exists bool
	owner  owner
	linked bool
}

func newAddresses(s *State) *Addresses {
	claims := make(map[account.SourceID]*account.Link)
	for id, l := range s.links {
		if l.State != account.Confirmed {
			claims[id] = l
		}
	}
	return &Addresses{
		claims: claims, aliases: make(map[account.SourceID]*account.Link), state: s, changed: make(map[string]holder), current: make(map[account.SourceID]string),
		moved: make(map[string]string), deleted: make(map[string]bool),
	}
}

// At returns what stands at an address now.
func (a *Addresses) At(address string) holder {
	if h, changed := a.changed[address]; changed {
		return h
	}
	var h holder
	h.record, h.exists = a.state.accounts[address]
	h.owner, h.linked = a.state.owners[address]
	return h
}

// Of returns the address of an object's account now; it is empty where there is none.
func (a *Addresses) Of(id account.SourceID) string {
	if address, changed := a.current[id]; changed {
		return address
	}
	if l := a.state.links[id]; l != nil {
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
			a.changed[c.Address], a.current[c.Source], a.deleted[c.Address] = holder{}, "", true
		case c.Verb == account.Rename:
			moving[c.NewAddress] = a.At(from)
			a.changed[from] = holder{}
		case c.Action == account.ActionLinked:
			a.take(c.Address, c, h)
		}
		if h := a.At(c.Address); c.Switch != "" && h.exists && c.Verb != account.Rename {
			h.active = c.Switch == account.On
			a.changed[c.Address] = h
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
	h.owner = owner{a.state.resource, c.Source, c.DN}
	a.changed[address], a.current[c.Source] = h, address
}

// renamed remembers how rows that named the account by the address that it had as the run began name it now.
func (a *Addresses) renamed(c *account.Change) {
	began := c.Address
	if l := a.state.links[c.Source]; l != nil {
		began = l.Address
	}
	a.moved[began] = c.NewAddress
}

// release takes the link away from an address where no account of its object is.
func (a *Addresses) release(l *account.Link) {
	if h := a.At(l.Address); h.linked && h.owner.source == l.Source && h.owner.resource == l.Resource {
		h.linked, h.owner = false, owner{}
		a.changed[l.Address] = h
	}
	a.current[l.Source] = ""
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
				a.changed[address] = holder{}
			}
			delete(a.deleted, address)
		}
		if l := a.state.links[c.Source]; l != nil {
			delete(a.moved, l.Address)
		}
		a.current[c.Source] = ""
		if c.Kind == account.Alias {
			a.aliases[c.Source] = outcomes[i].Link
		}
	}
	for i := range outcomes {
		for j := range outcomes[i].Accounts {
			found := &outcomes[i].Accounts[j]
			if !a.At(found.Address).exists {
				a.changed[found.Address] = holder{record: recordOf(found), exists: true}
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
	who := owner{l.Resource, l.Source, l.DN}
	for _, address := range ownedBy(l) {
		h := a.At(address)
		h.linked, h.owner = true, who
		a.changed[address] = h
	}
	if l.State != account.Confirmed {
		a.claims[l.Source] = l
	} else if a.At(l.Address).exists {
		a.current[l.Source] = l.Address
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
	return a.state.links[id]
}

// next returns a link as the starting point of what it becomes, with what was learned of its account.
func (a *Addresses) next(l *account.Link) account.Link {
	next := *l
	if known, learned := a.state.learned[l.Source]; learned {
		next.Local = known
	}
	return next
}
