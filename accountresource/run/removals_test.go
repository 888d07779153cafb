package run_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
	"github.com/mailpanel/account-resource/backends"
)

// crowded is a harness whose n users are linked.
func crowded(t *testing.T, n int) *harness {
	t.Helper()
	r := newHarness(t)
	r.people.objects = users(n)
	require.Equal(t, run.Succeeded, r.once().Outcome)
	return r
}

func TestR14_WhoLeftIsDisabledOrDeletedOrLeft(t *testing.T) {
	for name, c := range map[string]struct {
		delete, disable bool
		action          account.Action
	}{
		"disable": {false, true, account.ActionDisabled}, "delete": {true, true, account.ActionDeleted}, "leave": {false, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := crowded(t, 6)
			s := &r.res.Settings.Replication
			s.Delete, s.DisableRemoved, s.KeepDays = c.delete, c.disable, 30
			r.people.objects = r.people.objects[1:]
			got := r.once()
			assert.Equal(t, run.Succeeded, got.Outcome)
			want := map[account.Action]int{}
			if c.action != "" {
				want[c.action] = 1
			}
			assert.Equal(t, want, got.Counts)
			assert.Empty(t, r.once().Counts, "once is enough")
			if c.delete {
				deleted := r.mail.DeletedMailboxes()
				require.Len(t, deleted, 1)
				assert.Equal(t, "2026-06-05", deleted[0].Until, "today and thirty days")
				assert.NotContains(t, r.tables.links, account.SourceID("id0000"))
				return
			}
			assert.Equal(t, !c.disable, r.account("u0000@example.com").Active)

			r.people.objects = users(6) // rule R16: back again
			back := r.once()
			assert.True(t, r.account("u0000@example.com").Active)
			assert.Equal(t, c.disable, back.Counts[account.ActionEnabled] == 1)
			assert.Zero(t, back.Counts[account.ActionCreated])
		})
	}
}

func TestR4_WhatWasThereBeforeIsNeverDeleted(t *testing.T) {
	r := newHarness(t)
	r.mail.AddAccount(account.Account{Address: "u0000@example.com", Kind: account.Mailbox, Active: true, Home: "/old/"})
	r.people.objects = users(6)
	r.once()
	r.res.Settings.Replication.Delete = true
	r.people.objects = r.people.objects[1:]
	assert.Equal(t, map[account.Action]int{account.ActionDisabled: 1}, r.once().Counts)
	assert.False(t, r.account("u0000@example.com").Active)
}

func TestR13_OnlyWhoIsSurelyGoneIsRemoved(t *testing.T) {
	remove := func(r *harness) { r.people.objects = r.people.objects[1:] }
	for name, trouble := range map[string]func(*harness){
		"the listing breaks off":             func(r *harness) { remove(r); r.people.listErr = errors.New("size limit exceeded") },
		"asking once more fails":             func(r *harness) { remove(r); r.people.scopeErr = errors.New("busy") },
		"it is there when it is asked for":   func(r *harness) { r.people.hiding = r.people.objects[:1]; remove(r) },
		"the listing is not complete":        func(r *harness) { remove(r); r.people.partial = true },
		"the directory answers with nothing": func(r *harness) { r.people.objects = nil },
		"the directory cannot be probed":     func(r *harness) { remove(r); r.people.probeErr = errors.New("password expired") },
	} {
		t.Run(name, func(t *testing.T) {
			r := crowded(t, 6)
			r.res.Settings.Replication.Delete = true
			r.res.Settings.Replication.MaxRemovals, r.res.Settings.Replication.MaxRemovalPercent = 100, 100
			trouble(r)
			got := r.once()
			assert.Zero(t, got.Counts[account.ActionDeleted]+got.Counts[account.ActionDisabled])
			for i := range 6 {
				assert.True(t, r.account(users(6)[i].Mail[0]).Active)
			}
		})
	}
}

func TestR15_TooManyRemovalsAreHeldUntilAnAdminDecides(t *testing.T) {
	r := crowded(t, 40)
	r.res.Settings.Replication.Delete = true
	r.people.objects = append(r.people.objects[5:], user("new", "new@example.com", "New")) // 5 of 40 are 12.5 %
	got := r.once()
	assert.Equal(t, map[account.Action]int{account.ActionHeld: 5, account.ActionCreated: 1}, got.Counts, "everything else goes on")
	require.Len(t, r.tables.held, 5)
	since := r.tables.held[0].Since
	assert.Equal(t, "u0000@example.com", r.tables.held[0].Address)

	r.now = r.now.Add(time.Hour)
	assert.Equal(t, 5, r.once().Counts[account.ActionHeld])
	assert.Equal(t, since, r.tables.held[0].Since)

	r.tables.held[0].Decision, r.tables.held[1].Decision = run.Confirmed, run.Dismissed
	got = r.once() // three are left undecided: fewer than the guard lets pass, and still they wait
	assert.Equal(t, map[account.Action]int{account.ActionDeleted: 1, account.ActionHeld: 3}, got.Counts)
	assert.True(t, r.account("u0001@example.com").Active, "dismissed")
	require.Len(t, r.tables.held, 4)

	r.people.objects = append(r.people.objects, users(5)[1:]...)
	assert.Empty(t, r.once().Counts)
	assert.Empty(t, r.tables.held, "they came back")
}

func TestR15_TheNumberCountsWhateverThePercentage(t *testing.T) {
	for most, want := range map[int]account.Action{3: account.ActionHeld, 4: account.ActionDisabled} {
		r := crowded(t, 30)
		s := &r.res.Settings.Replication
		s.MaxRemovals, s.MaxRemovalPercent = most, 100
		r.people.objects = r.people.objects[4:]
		assert.Equal(t, map[account.Action]int{want: 4}, r.once().Counts)
	}
}

func TestR8_ALeaversAddressGoesToANewcomerInOneRun(t *testing.T) {
	r := crowded(t, 6)
	r.res.Settings.Replication.Delete = true
	r.now = r.now.Add(time.Hour)
	r.people.objects = append([]account.Object{user("new", "u0000@example.com", "New")}, r.people.objects[1:]...)
	got := r.once()
	assert.Equal(t, map[account.Action]int{account.ActionDeleted: 1, account.ActionCreated: 1}, got.Counts)
	assert.Equal(t, "New", r.account("u0000@example.com").Profile[account.Name])
	assert.Empty(t, r.once().Counts)
}

func TestAnAdministratorIsNotRemoved(t *testing.T) {
	r := crowded(t, 6)
	r.res.Settings.Replication.Delete = true
	boss := r.account("u0000@example.com")
	boss.Role = account.DomainAdmin
	r.mail.AddAccount(boss)
	r.people.objects = r.people.objects[1:]
	assert.Equal(t, []string{"ignored u0000@example.com reason_administrator_left"}, r.log(r.once()))
}

func TestR19_ARemovalCutOffAnywhereIsFinished(t *testing.T) {
	cut := errors.New("cut off")
	for _, method := range []string{"Claim", "Settle", "Apply"} {
		for _, when := range []string{"before", "after"} {
			r := crowded(t, 8)
			r.res.Settings.Replication.Delete = true
			r.now = r.now.Add(time.Hour)
			r.people.objects = append(r.people.objects[2:], user("new", "u0000@example.com", "New"))
			faulty := &cutting{tables: r.tables, backend: r.mail, method: method, when: when, nth: 1, err: cut}
			r.config.Backend, r.config.Links, r.config.Journal = faulty, faulty, faulty
			assert.Equal(t, run.Failed, r.once().Outcome, method)
			r.config.Backend, r.config.Links, r.config.Journal = r.mail, r.tables, r.tables
			assert.Equal(t, run.Succeeded, r.once().Outcome)
			assert.Len(t, r.mail.DeletedMailboxes(), 2, "%s %s", method, when)
			assert.Equal(t, "New", r.account("u0000@example.com").Profile[account.Name])
			assert.Len(t, r.tables.links, 7)
			var deleted int
			for _, row := range r.tables.runs[1:] {
				deleted += row.Counts[account.ActionDeleted]
			}
			assert.Equal(t, 2, deleted, "log rows: nothing twice, nothing lost")
			assert.Empty(t, r.once().Counts)
		}
	}
}

func TestR14_AGroupThatLeftTakesItsAliasAlong(t *testing.T) {
	r := newHarness(t)
	r.res.Settings.Replication.Groups, r.res.Settings.Replication.Delete = true, true
	team := account.Object{ID: "team", Kind: account.Group, DN: "CN=team", Mail: []string{"team@example.com"}, Members: []account.SourceID{"id0000"}}
	rest := account.Object{ID: "rest", Kind: account.Group, DN: "CN=rest", Mail: []string{"rest@example.com"}}
	r.people.objects = append(users(6), team, rest)
	assert.Equal(t, 8, r.once().Counts[account.ActionCreated])
	r.people.objects = append(users(6), rest)
	assert.Equal(t, []string{"deleted team@example.com reason_left"}, r.log(r.once()))
	for a, err := range r.mail.Accounts(t.Context(), "example.com", backends.Query{}) {
		require.NoError(t, err)
		assert.NotEqual(t, "team@example.com", a.Address)
	}
}
