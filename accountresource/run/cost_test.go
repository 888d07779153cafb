package run_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// lookingUp is a reader that notes whom it looks up.
type lookingUp struct {
	run.Reader
	asked *[]account.SourceID
}

func (r *lookingUp) LookUp(ctx context.Context, ids []account.SourceID) ([]account.Object, error) {
	*r.asked = append(*r.asked, ids...)
	return r.Reader.LookUp(ctx, ids)
}

// Members of groups that are no alias's, such as all computers of the domain, are not looked up; those of groups nested in one
// that is an alias are, however deep.
func TestR11_MembersOfGroupsWithoutAnAddressAreNotLookedUp(t *testing.T) {
	r := newHarness(t)
	r.res.Settings.Replication.Groups = true
	var asked []account.SourceID
	r.config.OpenReader = func(s resource.Settings) (run.Reader, error) {
		reader, err := r.people.open(s)
		return &lookingUp{reader, &asked}, err
	}
	group := func(id account.SourceID, members ...account.SourceID) account.Object {
		return account.Object{ID: id, Kind: account.Group, DN: "CN=" + string(id), Members: members}
	}
	computers := group("computers")
	for i := range 20_000 {
		computers.Members = append(computers.Members, account.SourceID(fmt.Sprintf("computer%05d", i)))
	}
	team := group("team", "id0001", "deeper", "contact")
	team.Mail = []string{"team@example.com"}
	r.people.objects = append(users(3), computers, group("deepest", "id0002", "another"), group("deeper", "deepest", "deeper"), team)
	require.Equal(t, run.Succeeded, r.once().Outcome)
	assert.ElementsMatch(t, []account.SourceID{"contact", "another"}, asked)
	assert.Equal(t, []string{"u0001", "u0002"}, r.team())
}

// In a large domain somebody out of scope is touched in nearly every run (lastLogonTimestamp): that does not have every group read.
func TestR12_WhoIsTouchedOutOfScopeHasNotEveryGroupRead(t *testing.T) {
	r := withAliases(t)
	for i := range 5 {
		r.people.usn++
		o := user(fmt.Sprintf("outside%d", i), "somebody@elsewhere.example", "Somebody")
		o.USN = r.people.usn
		r.people.outside = append(r.people.outside, o)
		r.people.asked = nil
		got := r.incremental()
		assert.Empty(t, r.people.asked, "nobody is listed as a whole")
		assert.Empty(t, got.Counts)
	}
}
