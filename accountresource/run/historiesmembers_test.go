package run_test

import (
	"slices"
	"strings"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// membership is what an alias must have for members, what it may have besides, and which of them are in the other base.
type membership struct{ must, may, crossing []string }

// checkMembers compares the members of aliases with those of their groups (rules R4, R11, R12).
func (s *finalState) checkMembers() {
	for _, g := range s.objects {
		l := s.byKey[g.key()]
		a, exists := s.accounts[g.address]
		if !g.present || !g.group || !exists || !a.Active || l.Address != g.address || !s.knows(g) {
			continue
		}
		wanted, rule, crossing := s.membersOf(g), "7 members", "R11 crossing"
		if slices.ContainsFunc(g.members, func(o *directoryObject) bool { return o.moved }) {
			rule, crossing = "R16 moved: members", "R16 moved: members"
		}
		for _, m := range s.extras[notesOf(&a).mark] {
			if l.Origin == account.Linked && !slices.Contains(a.Members, m) {
				s.violate("7 local members", "%s has lost its local member %s", short(a.Address), m)
			}
		}
		for _, m := range wanted.must {
			if !slices.Contains(a.Members, m) {
				s.violate(rule, "%s is not a member of %s, which has %v", short(m), short(a.Address), a.Members)
			}
		}
		for _, m := range wanted.crossing {
			if !slices.Contains(a.Members, m) {
				s.violate(crossing, "%s, of the other base, is not a member of %s, which has %v", short(m), short(a.Address), a.Members)
			}
		}
		for _, m := range a.Members {
			isLocal := strings.HasSuffix(m, "@elsewhere.example")
			if !isLocal && !slices.Contains(slices.Concat(wanted.must, wanted.may, wanted.crossing), m) {
				s.violate(rule, "%s is a member of %s", short(m), short(a.Address))
			}
		}
	}
}

// membersOf finds out whose addresses the alias of a group has.
func (s *finalState) membersOf(g *directoryObject) (m membership) {
	for id := range s.held { // they keep their memberships
		for _, l := range s.byKey {
			if l.Source == id {
				m.may = append(m.may, l.Address)
			}
		}
	}
	for _, o := range g.members {
		if !o.present || o == g {
			continue
		}
		a := s.accounts[o.address]
		if o.resource != g.resource {
			for _, nested := range o.members { // a group of the other base may be expanded instead
				m.may = append(m.may, nested.address)
			}
		}
		switch {
		case !s.knows(o):
			m.may = append(m.may, o.address, s.byKey[o.key()].Address)
		case o.off && !a.Active, !a.Active && !notesOf(&a).maybe:
		case o.off, notesOf(&a).maybe:
			m.may = append(m.may, o.address)
		case o.resource != g.resource:
			m.crossing = append(m.crossing, o.address)
		default:
			m.must = append(m.must, o.address)
		}
	}
	return m
}
