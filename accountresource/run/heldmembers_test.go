package run_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// withHeld is a harness with an alias, of whose members a user, who moderates it, and a group have left and are held.
func withHeld(t *testing.T, deletes bool) *harness {
	t.Helper()
	r := withAliases(t)
	s := &r.res.Settings
	s.Groups.Moderator, s.Replication.Delete = true, deletes
	r.res.Revision++
	r.put(account.Object{ID: "sub", Kind: account.Group, DN: "CN=sub", Mail: []string{"sub@example.com"}})
	r.changeTeam(func(team *account.Object) {
		team.Members, team.Manager = append(team.Members, "sub"), "id0001"
	})
	r.once()
	require.Equal(t, []string{"sub", "u0001", "u0002", "u0003", "u0004"}, r.team())
	require.Equal(t, []string{"u0001@example.com"}, r.account("team@example.com").Moderators)

	s.Replication.MaxRemovals = 0
	r.take("sub")
	r.take("id0001")
	r.people.touched = append(r.people.touched, run.ChangedObject{ID: "sub", Kind: account.Group, Deleted: true})
	r.changeTeam(func(team *account.Object) { // as a directory does whose members are deleted
		team.Manager = ""
		team.Members = slices.DeleteFunc(slices.Clone(team.Members), func(id account.SourceID) bool { return id == "sub" || id == "id0001" })
	})
	require.Equal(t, 2, r.incremental().Counts[account.ActionHeld])
	r.people.touched = nil
	return r
}

func (r *harness) changeTeam(change func(*account.Object)) {
	team := r.people.objects[slices.IndexFunc(r.people.objects, func(o account.Object) bool { return o.ID == "team" })]
	change(&team)
	r.put(team)
}

func (r *harness) decide(d run.Decision) {
	for i := range r.tables.held {
		r.tables.held[i].Decision = d
	}
}

func TestR15_WhatIsHeldKeepsItsMembershipsUntilItIsConfirmed(t *testing.T) {
	for name, deletes := range map[string]bool{"delete": true, "disable": false} {
		t.Run(name, func(t *testing.T) {
			r := withHeld(t, deletes)
			all := []string{"sub", "u0001", "u0002", "u0003", "u0004"}
			assert.Equal(t, all, r.team())
			for _, d := range []run.Decision{"", run.Dismissed} {
				r.decide(d)
				for _, mode := range []run.Mode{run.Incremental, run.Full} {
					if mode == run.Full {
						r.res.Revision++
					}
					r.changeTeam(func(*account.Object) {})
					require.Equal(t, mode, r.once().Mode)
					assert.Equal(t, all, r.team(), "%s after %q", mode, d)
				}
			}
			assert.Equal(t, []string{"u0001@example.com"}, r.account("team@example.com").Moderators)

			r.decide(run.Confirmed)
			r.incremental()
			assert.Equal(t, []string{"u0002", "u0003", "u0004"}, r.team(), "confirmed")
		})
	}
}

// A run that cannot tell whether an object is gone does not take it out of its aliases either.
func TestR15_WhatIsHeldKeepsItsMembershipsWhenARunCannotTellWhetherItIsGone(t *testing.T) {
	for name, set := range map[string]func(*harness){
		"another server":    func(r *harness) { r.people.invocation = "dc2" },
		"a listing in part": func(r *harness) { r.people.partial, r.res.Revision = true, r.res.Revision+1 },
		"asking once more":  func(r *harness) { r.people.doubtful = true },
	} {
		for _, d := range []run.Decision{"", run.Dismissed, run.Confirmed} {
			r := withHeld(t, true)
			r.decide(d)
			set(r)
			r.once()
			assert.Equal(t, []string{"sub", "u0001", "u0002", "u0003", "u0004"}, r.team(), "%s, %q", name, d)
		}
	}
}

// An object that leaves the scope by being switched off and put elsewhere is still shown, and still held.
func TestR15_WhatWasMovedAwayAndDisabledIsHeldWithItsMemberships(t *testing.T) {
	r := withAliases(t)
	r.res.Settings.Replication.MaxRemovals = 0
	moved := r.people.objects[1]
	moved.Disabled = true
	r.take("id0001")
	moved.USN = r.people.usn
	r.people.outside, r.people.touched = []account.Object{moved}, nil
	require.Equal(t, 1, r.incremental().Counts[account.ActionHeld])
	assert.Equal(t, []string{"u0001", "u0002", "u0003", "u0004"}, r.team())
}

// Nothing keeps the address of an object that came back, and left the group meanwhile.
func TestR12_WhatComesBackIsAMemberOfTheGroupsOfToday(t *testing.T) {
	r := withHeld(t, true)
	r.put(users(2)[1])
	r.incremental()
	assert.Equal(t, []string{"sub", "u0002", "u0003", "u0004"}, r.team())
}
