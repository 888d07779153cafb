package run_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// Who is off when the group loses him does not get its mail when he comes back, wherever a run was cut off.
func TestR12_WhoComesBackIsAMemberOfHisGroupsOfToday(t *testing.T) {
	for _, cut := range []bool{false, true} {
		r := newRig(t)
		r.res.Settings.Replication.Groups = true
		ann, bob := user("a", "ann@example.com", "Ann"), user("b", "bob@example.com", "Bob")
		team := account.Object{ID: "team", Kind: account.Group, DN: "CN=team", Mail: []string{"team@example.com"}, Members: []account.SourceID{"a", "b"}}
		r.people.objects = []account.Object{ann, bob, team}
		r.once()

		ann.Disabled = true
		r.people.objects = []account.Object{ann, bob, team}
		if cut { // she is off, and the alias has not followed
			faulty := &cutting{ledger: r.ledger, backend: r.mail, method: "Apply", when: "before", nth: 2, err: errors.New("cut off")}
			r.config.BatchSize = 1
			r.config.Backend, r.config.Links, r.config.Journal = faulty, faulty, faulty
			r.once()
			r.config.Backend, r.config.Links, r.config.Journal = r.mail, r.ledger, r.ledger
		}
		r.once()
		assert.NotContains(t, r.account("team@example.com").Routes, account.Route{Address: "team@example.com", Forwarding: "ann@example.com"})
		team.Members = []account.SourceID{"b"}
		r.people.objects = []account.Object{ann, bob, team}
		r.once()
		ann.Disabled = false
		r.people.objects = []account.Object{ann, bob, team}
		r.once()
		assert.Equal(t, []account.Route{{Address: "team@example.com", Forwarding: "bob@example.com"}}, r.account("team@example.com").Routes)
		assert.Equal(t, []account.Route{{Address: "ann@example.com", Forwarding: "ann@example.com"}}, r.account("ann@example.com").Routes)
	}
}

// A group that was gone comes back with the forwardings to its alias, whoever is renamed in the same run.
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
			r := newRig(t)
			r.res.Settings.Replication.Groups = true
			bob := user("b", "bob@example.com", "Bob")
			group := func(id string) account.Object {
				return account.Object{ID: account.SourceID(id), Kind: account.Group, DN: "CN=" + id, Mail: []string{id + "@example.com"}, Members: []account.SourceID{"b"}}
			}
			team, crew := group("team"), group("crew")
			r.people.objects = []account.Object{bob, team, crew}
			r.once()
			r.mail.AddRoute(account.Route{Address: "bob@example.com", Forwarding: "team@example.com"}, true)
			r.mail.AddRoute(account.Route{Address: "elsewhere@example.com", Forwarding: "team@example.com"}, true)
			r.people.objects = []account.Object{bob, crew}
			r.once()
			assert.True(t, r.ledger.links["team"].Disabled)
			change(&bob, &team, &crew)
			r.people.objects = []account.Object{bob, team, crew}
			r.once()
			r.once()
			assert.ElementsMatch(t, []account.Route{
				{Address: bob.Mail[0], Forwarding: team.Mail[0]},
				{Address: "elsewhere@example.com", Forwarding: team.Mail[0]},
				{Address: team.Mail[0], Forwarding: bob.Mail[0]},
			}, r.account(team.Mail[0]).Routes)
			assert.False(t, r.ledger.links["team"].Disabled)
			assert.Empty(t, r.ledger.links["team"].Suspended)
		})
	}
}
