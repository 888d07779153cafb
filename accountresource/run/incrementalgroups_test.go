package run_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
	"github.com/mailpanel/account-resource/backends"
)

func withAliases(t *testing.T) *harness {
	t.Helper()
	r := newHarness(t)
	r.res.Settings.Replication.Groups, r.res.Settings.Replication.Delete = true, true
	r.people.invocation, r.people.tombstones = "dc1", true
	for _, o := range users(9) {
		r.put(o)
	}
	r.put(account.Object{
		ID: "team", Kind: account.Group, DN: "CN=team", Mail: []string{"team@example.com"}, Primary: 1105,
		Members: []account.SourceID{"id0001", "id0002", "id0003", "nested"},
	})
	r.put(account.Object{ID: "nested", Kind: account.Group, DN: "CN=nested", Members: []account.SourceID{"id0004", "team"}, Primary: 1106})
	r.once()
	r.tables.mark.Tombstones = true // one was seen before
	require.Equal(t, []string{"u0001", "u0002", "u0003", "u0004"}, r.team())
	return r
}

// touchGroup has a group count as changed, as the directory does when somebody's primary group changes.
func (r *harness) touchGroup(id account.SourceID) {
	r.put(r.people.objects[slices.IndexFunc(r.people.objects, func(o account.Object) bool { return o.ID == id })])
}

// team are the members of the alias, without their domain.
func (r *harness) team() []string { return r.membersOf("team@example.com") }

func (r *harness) membersOf(alias string) []string {
	r.t.Helper()
	var names []string
	for a, err := range r.mail.Accounts(r.t.Context(), "example.com", backends.Query{
		Addresses: []string{alias}, Members: true,
	}) {
		require.NoError(r.t, err)
		for _, m := range a.Members {
			names = append(names, account.LocalPart(m))
		}
	}
	slices.Sort(names)
	return names
}

func TestR12_WhatHappensToAMemberShowsInTheAliasInTheSameIncrementalRun(t *testing.T) {
	r := withAliases(t)
	renamed := r.people.objects[1]
	renamed.Mail = []string{"other@example.com"}
	r.put(renamed)
	r.incremental()
	assert.Equal(t, []string{"other", "u0002", "u0003", "u0004"}, r.team())

	off := r.people.objects[2]
	off.Disabled = true
	r.put(off)
	r.incremental()
	assert.Equal(t, []string{"other", "u0003", "u0004"}, r.team())

	r.take("id0003")
	r.incremental()
	r.people.touched = nil
	assert.Equal(t, []string{"other", "u0004"}, r.team())

	off.Disabled = false
	r.put(off)
	r.incremental()
	assert.Equal(t, []string{"other", "u0002", "u0004"}, r.team())

	moved := r.people.objects[slices.IndexFunc(r.people.objects, func(o account.Object) bool { return o.ID == "id0007" })]
	moved.Primary = 1106
	r.people.objects[slices.IndexFunc(r.people.objects, func(o account.Object) bool { return o.ID == "id0007" })] = moved
	nested := r.people.objects[slices.IndexFunc(r.people.objects, func(o account.Object) bool { return o.ID == "nested" })]
	r.put(nested) // a group counts as changed when its primary members do
	r.incremental()
	assert.Equal(t, []string{"other", "u0002", "u0004", "u0007"}, r.team(), "by his primary group")
}

func TestR12_GroupsAreReadOnlyWhereAnAliasMayChange(t *testing.T) {
	r := withAliases(t)
	r.people.asked = nil
	o := r.people.objects[5]
	o.Profile[account.Name] = "Other"
	r.put(o)
	assert.Equal(t, map[account.Action]int{account.ActionUpdated: 1}, r.incremental().Counts)
	assert.Empty(t, r.people.asked)
	r.put(user("new", "new@example.com", "New"))
	r.incremental()
	assert.Empty(t, r.people.asked, "the groups of a newcomer are asked for")
	r.people.touch(run.ChangedObject{ID: "gone", Kind: account.Contact, Deleted: true})
	r.incremental()
	assert.Equal(t, []account.ObjectKind{account.Group}, r.people.asked, "nobody knows what a deleted contact was in")
}

func TestR13_AGroupThatLeftTakesItsAliasAlong(t *testing.T) {
	for _, tombstones := range []bool{true, false} {
		r := withAliases(t)
		r.people.tombstones = tombstones
		r.put(account.Object{ID: "more", Kind: account.Group, DN: "CN=more", Mail: []string{"more@example.com"}})
		r.incremental()
		r.take("team")
		r.people.touched = []run.ChangedObject{{ID: "team", Kind: account.Group, Deleted: true}}
		got := r.incremental()
		assert.Equal(t, []string{"deleted team@example.com reason_left"}, r.log(got), "tombstones %t", tombstones)
	}
}
