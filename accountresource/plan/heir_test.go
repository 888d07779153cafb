package plan_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/plan"
)

// The row of a leaver goes with the account: a newcomer who gets the address joins anew.
func TestR12_AnHeirOfAnAddressIsAMemberOfHisOwn(t *testing.T) {
	s := newFixture()
	s.linked("ann", "bob")
	s.links = append(s.links, aliasLink("both", "both@example.com"), aliasLink("old", "old@example.com"))
	s.local = append(s.local, aliasOf("both@example.com", "ann@example.com", "bob@example.com"),
		aliasOf("old@example.com", "ann@example.com", "bob@example.com"))
	s.policy.Groups, s.policy.Removal = &plan.GroupPolicy{}, plan.Removal{Delete: true, Max: 9}
	s.wants([2]string{"ann", "ann"}, [2]string{"heir", "bob"})
	assert.Empty(t, cmp.Diff([]string{"updated both +bob", "updated old -bob"}, shown(s.heirs())))
}

// heirs returns the changes of groups in a run in which bob has left.
func (s *fixture) heirs() []account.Change {
	groups := []account.Object{group("both", "both@example.com", "ann", "heir"), group("old", "old@example.com", "ann")}
	return slices.DeleteFunc(s.run(groups, nil, []account.SourceID{"bob"}), func(c account.Change) bool {
		return c.Kind != account.Alias
	})
}
