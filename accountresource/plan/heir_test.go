package plan_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/plan"
)

// The row of a leaver goes with the account: a newcomer who gets the address joins anew.
func TestR12_AnHeirOfAnAddressIsAMemberOfHisOwn(t *testing.T) {
	s := newScene()
	s.linked("ann", "bob")
	s.links = append(s.links, aliasLink("both", "both@example.com"), aliasLink("old", "old@example.com"))
	s.local = append(s.local, aliasOf("both@example.com", "ann@example.com", "bob@example.com"),
		aliasOf("old@example.com", "ann@example.com", "bob@example.com"))
	s.policy.Groups, s.policy.Removal = &plan.GroupPolicy{}, plan.Removal{Delete: true, Max: 9}
	s.wants([2]string{"ann", "ann"}, [2]string{"heir", "bob"})
	assert.Empty(t, cmp.Diff([]string{"updated both +bob", "updated old -bob"}, shown(s.heirs())))

	// A run was cut off when the leaver's account was gone and the heir's was there.
	gone, come := s.links[1], link("heir", "bob@example.com")
	gone.State, gone.Address, gone.Home = account.Deleting, "deleting bob", "/home/bob@example.com/"
	gone.Intent = []account.Difference{{What: account.WhatAddress, Old: "bob@example.com"}}
	come.State, come.Home = account.Creating, "/home/bob@example.com-now/"
	s.links[1] = gone
	s.links = append(s.links, come)
	s.local[1].Home = come.Home
	s.local[2].Members, s.local[3].Members = []string{"ann@example.com"}, []string{"ann@example.com"}
	assert.Empty(t, cmp.Diff([]string{"updated both +bob"}, shown(s.heirs())))
}

// heirs plans a run in which bob has left, and gives the changes of the groups.
func (s *scene) heirs() []account.Change {
	b := plan.NewBuilder(s.policy)
	for _, l := range s.links {
		b.AddLink(l)
	}
	for _, a := range s.local {
		b.AddLocal(a)
	}
	for _, o := range s.objects {
		b.Add(o)
	}
	b.Listed(account.Mailbox, 2)
	b.Leaving([]account.SourceID{"bob"})
	b.Finish()
	b.AddGroup(group("both", "both@example.com", "ann", "heir"))
	b.AddGroup(group("old", "old@example.com", "ann"))
	_, changes := b.FinishGroups()
	return changes
}
