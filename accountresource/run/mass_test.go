package run_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// crowd is a harness with 40 users who have a mobile number, linked, and 2 aliases.
func crowd(t *testing.T) *harness {
	t.Helper()
	r := counting(t, 40)
	r.res.Settings.Replication.Groups = true
	for i := range 40 {
		r.change(i, func(o *account.Object) { o.Profile[account.Mobile] = "+1" })
	}
	r.put(account.Object{ID: "pair", Kind: account.Group, DN: "CN=pair", Mail: []string{"pair@example.com"}, Members: []account.SourceID{"id0030", "id0031"}})
	team := account.Object{ID: "team", Kind: account.Group, DN: "CN=team", Mail: []string{"team@example.com"}}
	for i := range 12 {
		team.Members = append(team.Members, account.SourceID(fmt.Sprintf("id%04d", 20+i)))
	}
	r.put(team)
	r.res.Revision++
	require.Equal(t, run.Succeeded, r.once().Outcome)
	return r
}

// change changes a user.
func (r *harness) change(i int, change func(*account.Object)) {
	id := account.SourceID(fmt.Sprintf("id%04d", i))
	o := r.people.objects[slices.IndexFunc(r.people.objects, func(o account.Object) bool { return o.ID == id })]
	change(&o)
	r.put(o)
}

func (r *harness) changeGroup(id account.SourceID, change func(*account.Object)) {
	o := r.people.objects[slices.IndexFunc(r.people.objects, func(o account.Object) bool { return o.ID == id })]
	change(&o)
	r.put(o)
}

// Many changes of a kind at once wait: five, which are more than a tenth of 42.
func TestR23_ManyChangesOfAKindAtOnceWaitForAnAdmin(t *testing.T) {
	off := func(r *harness, n int) {
		for i := range n {
			r.change(i, func(o *account.Object) { o.Disabled = true })
		}
	}
	for name, c := range map[string]struct {
		before, change func(r *harness, n int)
		action         account.Action
	}{
		"disabling": {nil, off, account.ActionDisabled},
		"enabling": {func(r *harness, n int) {
			for i := range n { // one after the other, slowly enough
				r.change(i, func(o *account.Object) { o.Disabled = true })
				r.incremental()
				r.now = r.now.Add(time.Hour)
			}
		}, func(r *harness, n int) {
			for i := range n {
				r.change(i, func(o *account.Object) { o.Disabled = false })
			}
		}, account.ActionEnabled},
		"clearing": {nil, func(r *harness, n int) {
			for i := range n {
				r.change(i, func(o *account.Object) { o.Profile[account.Mobile] = "" })
			}
		}, account.ActionUpdated},
		"renaming": {nil, func(r *harness, n int) {
			for i := range n {
				r.change(i, func(o *account.Object) { o.Mail = []string{fmt.Sprintf("new%d@example.com", i)} })
			}
		}, account.ActionRenamed},
		"renaming in a circle": {nil, func(r *harness, n int) {
			for i := range n {
				r.change(i, func(o *account.Object) { o.Mail = []string{fmt.Sprintf("u%04d@example.com", (i+1)%n)} })
			}
		}, account.ActionRenamed},
	} {
		for _, mode := range []run.Mode{run.Incremental, run.Full} {
			t.Run(fmt.Sprintf("%s, %s", name, mode), func(t *testing.T) {
				once := func(r *harness) run.Run {
					if mode == run.Full {
						r.res.Revision++
					}
					return r.once()
				}
				r := crowd(t)
				if c.before != nil {
					c.before(r, 4)
				}
				c.change(r, 4)
				assert.Equal(t, map[account.Action]int{c.action: 4}, once(r).Counts, "four are few")

				r = crowd(t)
				if c.before != nil {
					c.before(r, 5)
				}
				was := accounts(r)
				c.change(r, 5)
				got := once(r)
				assert.Equal(t, mode, got.Mode)
				assert.Equal(t, map[account.Action]int{account.ActionHeld: 5}, got.Counts)
				assert.Contains(t, r.log(got)[0], "reason_held_mass")
				assert.Equal(t, was, accounts(r), "nothing was changed")
				assert.Equal(t, map[account.Action]int{account.ActionHeld: 5}, once(r).Counts, "they wait")
				assert.Empty(t, r.log(r.tables.runs[len(r.tables.runs)-1]), "and are not logged again")

				r.put(user("heir", "new0@example.com", "Heir"))
				r.decide(run.Dismissed)
				got = once(r)
				assert.Zero(t, got.Counts[account.ActionHeld])
				if c.action == account.ActionRenamed && name == "renaming" {
					assert.Equal(t, 1, got.Counts[account.ActionConflict], "the new address is kept")
				}
				r.take("heir")
				r.decide(run.Confirmed)
				got = once(r)
				assert.Equal(t, 5, got.Counts[c.action], "all are made once they are confirmed")
				assert.Empty(t, r.tables.held)
			})
		}
	}
}

// What was held and is as before in the directory waits no more.
func TestR23_WhatIsTakenBackWaitsNoMore(t *testing.T) {
	r := crowd(t)
	for i := range 5 {
		r.change(i, func(o *account.Object) { o.Disabled = true })
	}
	require.Equal(t, 5, r.once().Counts[account.ActionHeld])
	for i := range 5 {
		r.change(i, func(o *account.Object) { o.Disabled = false })
	}
	assert.Empty(t, r.once().Counts)
	assert.Empty(t, r.tables.held)
}

// Those who are held stay in their aliases.
func TestR23_WhoseDisablingIsHeldStaysAMember(t *testing.T) {
	r := crowd(t)
	for i := range 6 {
		r.change(30-i, func(o *account.Object) { o.Disabled = true })
	}
	require.Equal(t, 6, r.once().Counts[account.ActionHeld])
	assert.Len(t, r.team(), 12)
	r.res.Revision++
	r.once()
	assert.Len(t, r.team(), 12)
}

// Existing accounts are linked one by one, or all at once when an admin has seen them.
func TestR23_LinksOfManyExistingAccountsWait(t *testing.T) {
	r := newHarness(t)
	for i := range 8 {
		r.mail.AddAccount(account.Account{
			Address: fmt.Sprintf("u%04d@example.com", i), Kind: account.Mailbox, Active: true, Home: fmt.Sprintf("/old/%d/", i),
		})
	}
	r.people.objects = users(20)
	got := r.once()
	assert.Equal(t, map[account.Action]int{account.ActionCreated: 12, account.ActionHeld: 8}, got.Counts)
	assert.Len(t, r.tables.links, 12)
	r.decide(run.Confirmed)
	assert.Equal(t, map[account.Action]int{account.ActionLinked: 8}, r.once().Counts)
}

// An alias that would lose most of its members, or all of several, waits; one that loses few, or whose members went, does not.
func TestR23_AnAliasThatWouldLoseMostOfItsMembersWaits(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*harness)
		team   int
		pair   int
		held   int
	}{
		"most":       {func(r *harness) { r.changeGroup("team", func(g *account.Object) { g.Members = g.Members[7:] }) }, 12, 2, 1},
		"half":       {func(r *harness) { r.changeGroup("team", func(g *account.Object) { g.Members = g.Members[6:] }) }, 6, 2, 0},
		"all of two": {func(r *harness) { r.changeGroup("pair", func(g *account.Object) { g.Members = nil }) }, 12, 2, 1},
		"one of two": {func(r *harness) { r.changeGroup("pair", func(g *account.Object) { g.Members = g.Members[1:] }) }, 12, 1, 0},
		"others instead": {func(r *harness) {
			r.changeGroup("pair", func(g *account.Object) { g.Members = []account.SourceID{"id0001"} })
		}, 12, 1, 0},
		"both of two left":       {func(r *harness) { r.people.tombstones = false; r.take("id0030"); r.take("id0031") }, 10, 0, 0},
		"both of two are off":    {func(r *harness) { r.change(30, disabled); r.change(31, disabled) }, 10, 0, 0},
		"an attribute is hidden": {func(r *harness) { r.hideMembers() }, 12, 2, 2},
	} {
		for _, mode := range []run.Mode{run.Incremental, run.Full} {
			r := crowd(t)
			c.change(r)
			if mode == run.Full {
				r.res.Revision++
			}
			got := r.once()
			assert.Equal(t, mode, got.Mode)
			assert.Len(t, r.team(), c.team, "%s, %s", name, mode)
			assert.Len(t, r.membersOf("pair@example.com"), c.pair, "%s, %s", name, mode)
			assert.Equal(t, c.held, got.Counts[account.ActionHeld], "%s, %s", name, mode)
		}
	}
	r := crowd(t)
	r.changeGroup("pair", func(g *account.Object) { g.Members = nil })
	r.once()
	r.decide(run.Confirmed)
	assert.Equal(t, map[account.Action]int{account.ActionUpdated: 1}, r.once().Counts)
	assert.Empty(t, r.membersOf("pair@example.com"), "as the admin says")
}

func disabled(o *account.Object) { o.Disabled = true }

// hideMembers has every group show no member, as where the bind account lost the right to read them.
func (r *harness) hideMembers() {
	for _, id := range []account.SourceID{"team", "pair"} {
		r.changeGroup(id, func(g *account.Object) { g.Members = nil })
	}
}
