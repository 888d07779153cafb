package plan

import (
	"cmp"
	"strings"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// State is what is here as a run begins: the links, what holds an address in the domain, and the members of aliases; or as
// much of it as the objects of an incremental run have to do with. It is read-only once it is loaded: links, then accounts.
// There is a link and an account for each of a hundred thousand people, so both are kept packed.
type State struct {
	resource int64
	texts    *texts
	numbers  *numbers
	links
	accounts
	counted int // how many links the resource has, where not all were added
}

// links are those of the resource, and who is linked to an address.
type links struct {
	packed  []string                    // confirmed links, by the number of the source ID; empty where there is none
	claims  map[uint32]*account.Link    // links that are more than can be packed: claims, and those of aliases that have local members
	learned map[uint32]string           // what links do not know of their accounts yet, packed
	others  map[uint32]owner            // by place, whose account is linked by another resource
	abroad  map[account.SourceID]uint32 // the places of these accounts, by object
	free    released
	count   int
	scratch []byte
}

// released are the links that a deleted resource has left, by object and by address.
type released struct {
	of map[account.SourceID]account.Link
	at map[string]account.SourceID
}

// owner is the object that is linked to an address. The DN may be missing for a link of the resource itself.
type owner struct {
	resource int64
	source   account.SourceID
	dn       string
}

// NewState begins the state of a resource.
func NewState(resource int64) *State {
	t := newTexts()
	return &State{
		resource: resource, texts: t, numbers: newNumbers(t),
		links: links{
			claims: make(map[uint32]*account.Link), learned: make(map[uint32]string), others: make(map[uint32]owner), abroad: make(map[account.SourceID]uint32),
			free: released{make(map[account.SourceID]account.Link), make(map[string]account.SourceID)},
		},
		accounts: accounts{
			numbered: make(map[string]uint32), rows: make(map[uint32]aliasRows), extra: make(map[uint32]string),
		},
	}
}

// AddLink adds a link of this resource, or of another one with an address in the domain. One that is still a claim keeps
// both of its addresses from everybody else, and nothing is planned for its object.
// One that a deleted resource has left keeps nothing from anybody.
func (s *State) AddLink(l account.Link) {
	if l.Released {
		s.free.of[l.Source], s.free.at[l.Address] = l, l.Source
		return
	}
	s.AddUnclaimed(l)
}

// AddUnclaimed adds a link that was released for somebody else who has not come for it: it is one like any other.
func (s *State) AddUnclaimed(l account.Link) {
	own := l.Resource == s.resource
	number := uint32(0)
	if own {
		number = s.numbers.give(l.Source)
		if s.link(l.Source) == nil {
			s.count++
		}
		for len(s.packed) <= int(number) {
			s.packed = append(s.packed, "")
		}
		if l.State == account.Confirmed && len(l.Intent)+len(l.Members) == 0 {
			s.packed[number] = s.texts.keep(string(s.packLink(&l)))
			delete(s.claims, number)
		} else {
			s.claims[number] = &l
		}
	}
	for _, address := range ownedBy(&l) {
		at := s.placeOf(address)
		if own {
			s.places[at].owner = number + 1
		} else {
			s.places[at].owner = isOthers
			s.others[at], s.abroad[l.Source] = owner{l.Resource, l.Source, l.DN}, at
		}
	}
}

// link returns the link of an object, or nil.
func (s *State) link(id account.SourceID) *account.Link {
	number, known := s.numbers.of[id]
	if !known {
		return nil
	}
	if l := s.claims[number]; l != nil {
		return l
	}
	if int(number) >= len(s.packed) || s.packed[number] == "" {
		return nil
	}
	return s.unpackLink(number)
}

// eachLink calls do for each link of the resource, with the number of its object and where and what its account is.
func (s *State) eachLink(do func(number uint32, address string, kind account.Kind)) {
	for i := range s.packed {
		number := uint32(i)
		if l := s.claims[number]; l != nil {
			do(number, l.Address, l.Kind)
		} else if s.packed[i] != "" {
			at, kind := s.glance(number)
			do(number, s.places[at].address, kind)
		}
	}
}

// learn notes what a link does not know of its account: how to tell it from another, and where its mail lies now.
func (s *State) learn(l *account.Link, a *account.Account) {
	home, made := cmp.Or(a.Home, l.Home), cmp.Or(a.Made, l.Made)
	if (home != l.Home || made != l.Made) && l.Is(a) {
		if home == l.Home {
			home = ""
		}
		s.learned[s.numbers.give(l.Source)] = s.texts.keep(home + separator + made)
	}
}

const separator = "\x00" // no store gives it back: it cannot be part of a value

// next returns a link as the starting point of what it becomes, with what was learned of its account.
func (s *State) next(l *account.Link) account.Link {
	next := *l
	if number, known := s.numbers.of[l.Source]; known {
		if home, made, learned := strings.Cut(s.learned[number], separator); learned {
			next.Home, next.Made = cmp.Or(home, l.Home), made
		}
	}
	return next
}

// SetLinked says how many links the resource has, where not all were added.
func (s *State) SetLinked(n int) { s.counted = n }

// Linked returns the number of links that the resource has.
func (s *State) Linked() int { return max(s.counted, s.count) }
