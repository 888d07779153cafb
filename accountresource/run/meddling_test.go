package run_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// forwarding is Ann, who forwards to somebody and is switched off with that.
func forwarding(t *testing.T) (r *rig, ann account.Object, route account.Route) {
	t.Helper()
	r = counting(t, 2) // who is alone cannot leave: an empty listing is not believed
	ann = r.people.objects[0]
	route = account.Route{Address: ann.Mail[0], Forwarding: "elsewhere@example.org"}
	r.mail.AddRoute(route, true)
	off := ann
	off.Disabled = true
	r.put(off)
	r.incremental()
	active, exists := r.mail.Route(route)
	assert.True(t, exists && !active)
	return r, ann, route
}

// switchOn is what an admin does who does not know what went off with the account.
func (r *rig) switchOn(address string) {
	here := r.account(address)
	here.Active = true
	r.mail.AddAccount(here)
}

func TestR9_WhatWentOffComesBackThoughSomebodySwitchedTheAccountOnHere(t *testing.T) {
	t.Run("before the directory did", func(t *testing.T) {
		r, ann, route := forwarding(t)
		r.switchOn(ann.Mail[0])
		r.put(ann)
		got := r.incremental()
		assert.Contains(t, r.account(ann.Mail[0]).Routes, route)
		assert.Equal(t, map[account.Action]int{account.ActionEnabled: 1}, got.Counts)
		assert.Empty(t, r.once().Counts)
	})
	t.Run("and the directory did not", func(t *testing.T) {
		r, ann, route := forwarding(t)
		r.switchOn(ann.Mail[0])
		r.now = r.now.Add(25 * time.Hour) // then everything is read
		r.once()
		assert.False(t, r.account(ann.Mail[0]).Active)
		r.put(ann)
		r.incremental()
		assert.Contains(t, r.account(ann.Mail[0]).Routes, route)
	})
	t.Run("and she left", func(t *testing.T) {
		r, ann, route := forwarding(t)
		r.res.Settings.Replication.Delete = false
		r.switchOn(ann.Mail[0])
		r.take(ann.ID)
		r.once()
		assert.False(t, r.account(ann.Mail[0]).Active)
		r.put(ann)
		r.once()
		assert.Contains(t, r.account(ann.Mail[0]).Routes, route)
	})
}

// OpenLDAP takes the routes away before the account, so that what was claimed may be half done when the directory has
// changed its mind. Nobody has seen the account off, and nobody reads that it came on.
func TestR19_SwitchedOffByHalfAndWantedAgain(t *testing.T) {
	r := counting(t, 1)
	ann := r.people.objects[0]
	route := account.Route{Address: "team@example.com", Forwarding: ann.Mail[0]}
	r.mail.AddAlias(route.Address, ann.Mail[0])
	off := ann
	off.Disabled = true
	r.put(off)
	faulty := &cutting{ledger: r.ledger, backend: r.mail, method: "Apply", when: "before", nth: 1, err: errors.New("cut off")}
	r.config.Backend, r.config.Links, r.config.Journal = faulty, faulty, faulty
	r.once()
	r.config.Backend, r.config.Links, r.config.Journal = r.mail, r.ledger, r.ledger
	r.mail.AddRoute(route, false)

	r.put(ann)
	got := r.once()
	assert.Contains(t, r.account(ann.Mail[0]).Routes, route)
	assert.Empty(t, got.Counts)
	assert.Equal(t, account.Confirmed, r.ledger.links[ann.ID].State)
}
