package run_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// A member who is off when the group loses him does not get its mail when he is enabled again.
func TestR12_WhoComesBackIsAMemberOfHisGroupsOfToday(t *testing.T) {
	for _, cut := range []bool{false, true} {
		r := newHarness(t)
		r.res.Settings.Replication.Groups = true
		ann, bob := user("a", "ann@example.com", "Ann"), user("b", "bob@example.com", "Bob")
		team := account.Object{ID: "team", Kind: account.Group, DN: "CN=team", Mail: []string{"team@example.com"}, Members: []account.SourceID{"a", "b"}}
		r.people.objects = []account.Object{ann, bob, team}
		r.once()

		ann.Disabled = true
		r.people.objects = []account.Object{ann, bob, team}
		if cut { // she is off, and the alias has not followed
			r.config.BatchSize = 1
			r.cut("Apply", "before", 2)
			assert.True(t, r.carries("team", "ann"))
		}
		r.once()
		assert.Equal(t, []string{"bob@example.com"}, r.account("team@example.com").Members)
		team.Members = []account.SourceID{"b"}
		r.people.objects = []account.Object{ann, bob, team}
		r.once()
		ann.Disabled = false
		r.people.objects = []account.Object{ann, bob, team}
		r.once()
		assert.Equal(t, []string{"bob@example.com"}, r.account("team@example.com").Members)
		assert.True(t, r.carries("ann", "ann"))
	}
}

// A group that was gone comes back, and the forwardings that lead to its alias are still there, whatever is renamed.
func TestR16_WhatLedToAnAliasComesBackByTodaysNames(t *testing.T) {
	for name, change := range map[string]func(bob, team, crew *account.Object){
		"nobody is renamed": func(_, _, _ *account.Object) {},
		"who forwards is":   func(bob, _, _ *account.Object) { bob.Mail = []string{"robert@example.com"} },
		"the alias is":      func(_, team, _ *account.Object) { team.Mail = []string{"club@example.com"} },
		"both are": func(bob, team, _ *account.Object) {
			bob.Mail, team.Mail = []string{"robert@example.com"}, []string{"bob@example.com"}
		},
		"another alias that forwards is": func(_, _, crew *account.Object) { crew.Mail = []string{"staff@example.com"} },
	} {
		t.Run(name, func(t *testing.T) {
			r := newHarness(t)
			r.res.Settings.Replication.Groups = true
			bob := user("b", "bob@example.com", "Bob")
			group := func(id string) account.Object {
				return account.Object{ID: account.SourceID(id), Kind: account.Group, DN: "CN=" + id, Mail: []string{id + "@example.com"}, Members: []account.SourceID{"b"}}
			}
			team, crew := group("team"), group("crew")
			r.people.objects = []account.Object{bob, team, crew}
			r.once()
			r.forward("bob", "team")
			r.forward("elsewhere", "team")
			r.people.objects = []account.Object{bob, crew}
			r.once()
			assert.NotEmpty(t, r.tables.links["team"].Off)
			change(&bob, &team, &crew)
			r.people.objects = []account.Object{bob, team, crew}
			r.once()
			r.once()
			var around []account.Route
			for _, route := range r.mail.Routes() {
				if route.Address == team.Mail[0] || route.Forwarding == team.Mail[0] {
					around = append(around, route)
				}
			}
			assert.ElementsMatch(t, []account.Route{
				{Address: bob.Mail[0], Forwarding: team.Mail[0]},
				{Address: "elsewhere@example.com", Forwarding: team.Mail[0]},
				{Address: team.Mail[0], Forwarding: bob.Mail[0]},
			}, around)
			assert.Empty(t, r.tables.links["team"].Off)
		})
	}
}

// Members that a group loses while it is away do not come back with its alias.
func TestR12_AGroupComesBackWithTheMembersOfToday(t *testing.T) {
	r := newHarness(t)
	r.res.Settings.Replication.Groups = true
	ann, bob := user("a", "ann@example.com", "Ann"), user("b", "bob@example.com", "Bob")
	group := func(id string, members ...account.SourceID) account.Object {
		return account.Object{ID: account.SourceID(id), Kind: account.Group, DN: "CN=" + id, Mail: []string{id + "@example.com"}, Members: members}
	}
	r.people.objects = []account.Object{ann, bob, group("team", "a", "b"), group("crew", "a")}
	r.once()
	r.people.objects = []account.Object{ann, bob, group("crew", "a")}
	r.once()
	assert.False(t, r.account("team@example.com").Active || r.carries("team", "ann"))
	r.people.objects = []account.Object{ann, bob, group("team", "b"), group("crew", "a")}
	assert.Equal(t, []string{"enabled team@example.com"}, r.log(r.once()))
	assert.Equal(t, []string{"bob@example.com"}, r.account("team@example.com").Members)
	assert.Empty(t, r.once().Counts)
}
