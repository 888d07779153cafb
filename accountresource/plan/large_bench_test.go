package plan_test

import (
	"fmt"
	"testing"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/plan"
)

// A chain of renames at whose end somebody else has the address: each takes away the room of the one before.
func BenchmarkBlockedChain(b *testing.B) {
	s := newFixture()
	at := func(i int) string { return fmt.Sprintf("u%05d@example.com", i) }
	const n = 4000
	s.policy.Removal.Max = n // none of them waits
	for i := range n {
		id := fmt.Sprintf("id%05d", i)
		s.links = append(s.links, link(id, at(i)))
		s.local = append(s.local, mailbox(at(i), "N"))
		s.objects = append(s.objects, user(id, at(i+1), "N"))
	}
	s.local = append(s.local, account.Account{Address: at(n), Kind: account.Reserved})
	for b.Loop() {
		if got := len(s.build()); got != n {
			b.Fatal(got)
		}
	}
}

// Removals that are held stay in the aliases that they are in.
func BenchmarkHeldRemovals(b *testing.B) {
	s := newFixture()
	s.policy.Groups = &plan.GroupPolicy{}
	s.policy.Removal.Delete, s.policy.Removal.MaxPercent, s.policy.Removal.Max = true, 10, 100
	const n, groups, each = 8000, 400, 500
	at := func(i int) string { return fmt.Sprintf("u%05d@example.com", i) }
	var leaving []account.SourceID
	for i := range n {
		id := fmt.Sprintf("id%05d", i)
		s.links = append(s.links, link(id, at(i)))
		s.local = append(s.local, mailbox(at(i), "N"))
		leaving = append(leaving, account.SourceID(id))
	}
	var all []account.Object
	for g := range groups {
		address := fmt.Sprintf("g%03d@example.com", g)
		l := link("g"+address, address)
		l.Kind, l.Home = account.Alias, ""
		s.links = append(s.links, l)
		var members []string
		for i := range each {
			members = append(members, at((g*each+i)%n))
		}
		s.local = append(s.local, aliasOf(address, members...))
		all = append(all, account.Object{ID: l.Source, Kind: account.Group, DN: "CN=" + address, Mail: []string{address}})
	}
	for b.Loop() {
		if got := len(s.run(all, nil, leaving)); got < n {
			b.Fatal(got)
		}
	}
}
