package run_test

import (
	"slices"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// finalState is what there is when nothing is left to do.
type finalState struct {
	*worldModel
	accounts map[string]account.Account
	links    map[string]account.Link // by address
	byKey    map[linkKey]account.Link
	held     map[account.SourceID]bool
}

func (w *worldModel) finalState() *finalState {
	s := &finalState{
		worldModel: w, accounts: w.accountsNow(true), links: make(map[string]account.Link), byKey: w.tables.links,
		held: make(map[account.SourceID]bool),
	}
	for _, l := range w.tables.links {
		s.links[l.Address] = l
	}
	for _, held := range w.tables.held {
		for _, h := range held {
			s.held[h.Source] = true
		}
	}
	return s
}

// objectOf returns the object of a link, if it is in the directory.
func (s *finalState) objectOf(l *account.Link) *directoryObject {
	for _, o := range s.objects {
		if o.present && o.id == l.Source {
			return o
		}
	}
	return nil
}

// knows reports whether the rules say what becomes of an object of the directory: that it has an account at its address.
// They do not where another object or account has the address and stays.
func (s *finalState) knows(o *directoryObject, through ...*directoryObject) bool {
	if s.unsure[o.id] != "" || s.held[o.id] || len(s.holders(o.address)) > 1 {
		return false
	}
	a, exists := s.accounts[o.address]
	if !exists {
		return true
	}
	link, linked := s.links[o.address]
	if !linked {
		return s.mayLink(o, &a)
	}
	if link.Source == o.id {
		return true
	}
	other := s.objectOf(&link)
	switch {
	case other == nil: // one that stays keeps the address
		return s.removed(&link)
	case link.Resource != other.key().resource:
		return false
	case slices.Contains(through, other): // a circle, which one resource can resolve
		return !slices.ContainsFunc(append(through, o), func(p *directoryObject) bool { return p.resource != other.resource })
	}
	return s.knows(other, append(through, o)...)
}

// mayLink reports whether an account that no link owns must be linked (rule R4).
func (s *finalState) mayLink(o *directoryObject, a *account.Account) bool {
	_, elsewhere := s.byKey[o.key()]
	return notesOf(a).mark != "" && a.Kind == o.kind() && s.settings.links && !elsewhere
}

// removed reports whether the account of an object that has left must not be there any more (rule R14).
func (s *finalState) removed(l *account.Link) bool {
	return s.settings.deletes && l.Origin == account.Created && s.unsure[l.Source] == "" && !s.held[l.Source]
}

// checkObjects compares every object with its account (rules R4, R7, R8, R9, R16).
func (s *finalState) checkObjects() {
	for _, o := range s.objects {
		if !o.present {
			continue
		}
		if !s.knows(o) {
			s.knew[1]++
			continue
		}
		s.knew[0]++
		rule := func(name string) string {
			if o.moved {
				return "R16 moved: " + name
			}
			return "2 " + name
		}
		link, linked := s.byKey[o.key()]
		a, exists := s.accounts[o.address]
		switch {
		case !exists:
			s.violate(rule("account"), "%s has no account at %s", o.id, short(o.address))
		case !linked:
			s.violate(rule("link"), "%s has no link to %s", o.id, short(o.address))
		case link.Address != o.address:
			s.violate(rule("address"), "%s is linked to %s, and is at %s", o.id, short(link.Address), short(o.address))
		case a.Kind != o.kind():
			s.violate(rule("kind"), "%s is a %s", short(o.address), a.Kind)
		case a.Profile[account.Name] != o.shown:
			s.violate(rule("name"), "%s is named %q instead of %q", short(o.address), a.Profile[account.Name], o.shown)
		default:
			s.checkStatus(o, &link, &a, rule("status"))
		}
	}
}

func (s *finalState) checkStatus(o *directoryObject, l *account.Link, a *account.Account, rule string) {
	switch n := notesOf(a); {
	case n.maybe:
	case n.off:
		if a.Active {
			s.violate(rule, "%s was switched off by hand, and is on", short(a.Address))
		}
	case o.off && a.Active && l.Origin == account.Linked: // linking does not switch off (rule R4)
	case a.Active == o.off:
		s.violate(rule, "%s is active %t, and %s is disabled %t", short(a.Address), a.Active, o.id, o.off)
	}
}

// checkLeavers looks at the accounts of objects that are gone (rule R14).
func (s *finalState) checkLeavers() {
	for _, l := range s.byKey {
		a, exists := s.accounts[l.Address]
		switch {
		case s.objectOf(&l) != nil || !exists || s.unsure[l.Source] != "" || s.held[l.Source] || isAnchor(l.Source):
		case s.removed(&l):
			s.violate("R14 delete", "%s is gone, and its account %s is there", l.Source, short(l.Address))
		case (s.settings.deletes || s.settings.disables) && a.Active:
			s.violate("R14 disable", "%s is gone, and its account %s is active", l.Source, short(l.Address))
		}
	}
}

func isAnchor(id account.SourceID) bool {
	return slices.Contains([]account.SourceID{"anchor1", "anchor2", "crowd1", "crowd2"}, id)
}
