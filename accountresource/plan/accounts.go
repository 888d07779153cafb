package plan

import "github.com/mailpanel/account-resource/accountresource/account"

// accounts are what stands at addresses.
type accounts struct {
	numbered map[string]uint32 // the numbers of addresses in places
	places   []place
	rows     map[uint32]aliasRows
	extra    map[uint32]string // additional addresses of mailboxes, with their mail directories
}

// place is an address, and what stands there.
type place struct {
	address string
	packedHolder
}

// packedHolder is a holder in less space.
type packedHolder struct {
	profile string
	owner   uint32 // one more than the number of an object that the resource has linked to the address, or isOthers
	kind    uint8
	role    account.Role
	exists  bool
	active  bool
	foreign bool
}

// isOthers is the owner of an address that another resource has linked.
const isOthers = ^uint32(0)

// holder is what stands at an address, and the object that is linked to it; its zero value is a free address.
type holder struct {
	record
	exists bool
	owner  owner
	linked bool
}

// record is what is known of an account.
type record struct {
	profile string // packed
	kind    account.Kind
	active  bool
	role    account.Role
	foreign bool // linked to this address, but another account (rule R26)
}

// aliasRows are the rows of an alias.
type aliasRows struct {
	members, idle []string // idle are members whose rows are off
	moderators    []string
}

// AddAccount adds what holds an address in the domain.
func (s *State) AddAccount(a account.Account) {
	at := s.placeOf(a.Address)
	if id, isFree := s.free.at[a.Address]; isFree {
		if l := s.free.of[id]; !l.Is(&a) {
			delete(s.free.of, id)
		}
	}
	foreign := false
	if who := s.places[at].owner; who != 0 && who != isOthers {
		if l := s.link(s.numbers.ids[who-1]); l.Address == a.Address && l.State == account.Confirmed {
			foreign = !l.Is(&a)
			s.learn(l, &a)
		}
	}
	h := holder{record: s.recordOf(&a), exists: true}
	h.foreign = foreign
	stands, who := &s.places[at], s.places[at].owner
	stands.packedHolder = s.packHolder(&h)
	stands.owner = who
	if a.Kind == account.Reserved && a.Home != "" {
		s.extra[at] = account.NormalHome(a.Home)
	}
	if len(a.Members)+len(a.Idle)+len(a.Moderators) > 0 {
		s.rows[at] = aliasRows{s.known(a.Members), s.known(a.Idle), s.known(a.Moderators)}
	}
}

// rowsAt returns the rows of the alias at an address.
func (s *State) rowsAt(address string) aliasRows {
	if at, known := s.numbered[address]; known {
		return s.rows[at]
	}
	return aliasRows{}
}

// extraHome returns the mail directory of the mailbox whose additional address this is, if it is one.
func (s *State) extraHome(address string) string {
	if at, known := s.numbered[address]; known {
		return s.extra[at]
	}
	return ""
}

// known returns addresses as they are kept already, or a copy.
func (s *State) known(addresses []string) []string {
	if len(addresses) == 0 {
		return nil
	}
	list := make([]string, len(addresses))
	for i, address := range addresses {
		if at, is := s.numbered[address]; is {
			list[i] = s.places[at].address
		} else {
			list[i] = s.texts.keep(address)
		}
	}
	return list
}

// placeOf returns the number of an address.
func (s *State) placeOf(address string) uint32 {
	at, known := s.numbered[address]
	if !known {
		at = uint32(len(s.places))
		address = s.texts.keep(address)
		s.numbered[address] = at
		s.places = append(s.places, place{address: address})
	}
	return at
}

// at returns what stood at an address as the run began.
func (s *State) at(address string) holder {
	if at, known := s.numbered[address]; known {
		return s.holderOf(at, &s.places[at].packedHolder)
	}
	return holder{}
}

// Owner returns the object that is linked to an address, of whichever resource.
func (s *State) Owner(address string) (id account.SourceID, linked bool) {
	h := s.at(address)
	return h.owner.source, h.linked
}

// holderOf unpacks what stands at an address.
func (s *State) holderOf(at uint32, t *packedHolder) (h holder) {
	if t.exists {
		h.exists = true
		h.record = record{t.profile, account.Kind(s.texts.list[t.kind]), t.active, t.role, t.foreign}
	}
	switch {
	case t.owner == isOthers:
		h.owner, h.linked = s.others[at], true
	case t.owner != 0:
		h.owner, h.linked = owner{resource: s.resource, source: s.numbers.ids[t.owner-1]}, true
	}
	return h
}

// packHolder packs what stands at an address.
func (s *State) packHolder(h *holder) (t packedHolder) {
	if h.exists {
		t = packedHolder{profile: h.profile, kind: uint8(s.texts.share(string(h.kind))), role: h.role, exists: true, active: h.active, foreign: h.foreign}
	}
	switch {
	case h.linked && h.owner.resource == s.resource:
		t.owner = s.numbers.give(h.owner.source) + 1
	case h.linked:
		t.owner = isOthers
	}
	return t
}

func (s *State) recordOf(a *account.Account) record {
	return record{profile: s.packProfile(&a.Profile), kind: a.Kind, active: a.Active, role: a.Role}
}

func (s *State) packProfile(values *account.Profile) string {
	p := packer{texts: s.texts, bytes: s.scratch[:0]}
	p.profile(values)
	s.scratch = p.bytes
	return s.texts.keep(string(p.bytes))
}

// profileOf returns the profile of an account; that of a new one is empty.
func (s *State) profileOf(r *record) (values account.Profile) {
	if r.profile != "" {
		u := unpacker{texts: s.texts, rest: r.profile}
		u.profile(&values)
	}
	return values
}
