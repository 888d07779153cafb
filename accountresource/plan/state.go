package plan

import (
	"cmp"
	"strings"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// State is what is here as a run begins: the links, what holds an address in the domain, and the members of aliases; or as
// much of it as the objects of an incremental run have to do with. It is read-only once it is loaded: links, then accounts.
type State struct {
	resource int64
	links    map[account.SourceID]*account.Link // of this resource
	owners   map[string]owner                   // which object is linked to an address, of any resource
	accounts map[string]record
	rows     map[string]aliasRows
	learned  map[account.SourceID]account.Local // what links do not know of their accounts yet
	extra    map[string]string                  // additional addresses of mailboxes, with their mail directories
	linked   int                                // how many links the resource has, where not all are in links
}

// owner is the object that is linked to an address.
type owner struct {
	resource int64
	source   account.SourceID
	dn       string
}

// record is what is remembered of an account. There is one for each account of the domain, so it is kept small: the
// profile is one string.
type record struct {
	profile string
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

// NewState begins the state of a resource.
func NewState(resource int64) *State {
	return &State{
		resource: resource, links: make(map[account.SourceID]*account.Link),
		owners: make(map[string]owner), accounts: make(map[string]record), rows: make(map[string]aliasRows),
		learned: make(map[account.SourceID]account.Local), extra: make(map[string]string),
	}
}

// AddLink adds a link of this resource, or of another one with an address in the domain. One that is still a claim keeps
// both of its addresses from everybody else, and nothing is planned for its object.
func (s *State) AddLink(l account.Link) {
	for _, address := range ownedBy(&l) {
		s.owners[address] = owner{l.Resource, l.Source, l.DN}
	}
	if l.Resource == s.resource {
		s.links[l.Source] = &l
	}
}

// AddAccount adds what holds an address in the domain.
func (s *State) AddAccount(a account.Account) {
	r := recordOf(&a)
	if who, linked := s.owners[a.Address]; linked && who.resource == s.resource {
		if l := s.links[who.source]; l.Address == a.Address && l.State == account.Confirmed {
			r.foreign = !l.Is(&a)
			s.learn(l, &a)
		}
	}
	s.accounts[a.Address] = r
	if a.Kind == account.Reserved && a.Home != "" {
		s.extra[a.Address] = account.NormalHome(a.Home)
	}
	if len(a.Members)+len(a.Idle)+len(a.Moderators) > 0 {
		s.rows[a.Address] = aliasRows{a.Members, a.Idle, a.Moderators}
	}
}

// learn notes what a link does not know of its account: how to tell it from another, and where its mail lies now.
func (s *State) learn(l *account.Link, a *account.Account) {
	now := l.Local
	now.Home, now.Made = cmp.Or(a.Home, l.Home), cmp.Or(a.Made, l.Made)
	if now != l.Local && l.Is(a) {
		s.learned[l.Source] = now
	}
}

func recordOf(a *account.Account) record {
	return record{profile: pack(&a.Profile), kind: a.Kind, active: a.Active, role: a.Role}
}

// SetLinked says how many links the resource has, where not all were added.
func (s *State) SetLinked(n int) { s.linked = n }

// Linked returns the number of links that the resource has.
func (s *State) Linked() int { return max(s.linked, len(s.links)) }

const separator = "\x00" // no store gives it back: it cannot be part of a value

func pack(p *account.Profile) string { return strings.Join(p[:], separator) }

func (r *record) unpack() (p account.Profile) {
	for i, v := range strings.SplitN(r.profile, separator, account.NumFields) {
		p[i] = v
	}
	return p
}
