package run_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// What an admin dismissed stays dismissed through every run that could not find out who is gone. Forgotten, it would be
// one removal among others, and be made by the next run.
func TestR15_ADecisionOutlivesARunThatCannotTellWhoIsGone(t *testing.T) {
	for name, set := range map[string]func(*harness){
		"another server":       func(r *harness) { r.people.invocation = "dc2" },
		"a listing in part":    func(r *harness) { r.people.partial, r.res.Revision = true, r.res.Revision+1 },
		"asking once more":     func(r *harness) { r.people.doubtful = true },
		"incremental, no news": func(*harness) {},
		"removal switched off": func(r *harness) {
			r.res.Settings.Replication.Delete, r.res.Settings.Replication.DisableRemoved = false, false
			r.res.Revision++
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := counting(t, 30)
			r.res.Settings.Replication.MaxRemovals = 0
			r.take("id0004")
			require.Equal(t, 1, r.incremental().Counts[account.ActionHeld])
			r.tables.held[0].Decision = run.Dismissed
			r.res.Settings.Replication.MaxRemovals = 20
			r.people.touched = nil

			usual := *r.people
			set(r)
			r.once()
			if assert.Len(t, r.tables.held, 1) {
				assert.Equal(t, run.Dismissed, r.tables.held[0].Decision)
			}
			r.people.partial, r.people.doubtful = usual.partial, usual.doubtful
			r.res.Settings.Replication.Delete, r.res.Settings.Replication.DisableRemoved = true, true
			r.res.Revision++
			for range 2 {
				assert.Zero(t, r.once().Counts[account.ActionDeleted])
			}
			assert.Len(t, r.tables.links, 30)
			assert.Len(t, r.tables.held, 1)
		})
	}
}

func TestR15_ADecisionOnAnAliasOutlivesRunsWithoutGroups(t *testing.T) {
	r := withAliases(t)
	r.put(account.Object{ID: "more", Kind: account.Group, DN: "CN=more", Mail: []string{"more@example.com"}})
	r.incremental()
	r.res.Settings.Replication.MaxRemovals = 0
	r.take("team")
	r.people.touched = []run.ChangedObject{{ID: "team", Kind: account.Group, Deleted: true}}
	require.Equal(t, 1, r.incremental().Counts[account.ActionHeld])
	r.tables.held[0].Decision = run.Dismissed
	r.res.Settings.Replication.MaxRemovals = 20
	r.people.touched = nil

	for _, groups := range []bool{false, true} {
		r.res.Settings.Replication.Groups = groups
		r.res.Revision++
		assert.Zero(t, r.once().Counts[account.ActionDeleted], "groups %t", groups)
	}
	assert.Len(t, r.tables.held, 1)
	assert.Contains(t, r.tables.links, account.SourceID("team"))
}

// A server that is first heard in a run with an incomplete listing has not said anything about who is gone yet.
func TestR17_DoubtOutlivesAnIncompleteListing(t *testing.T) {
	r := counting(t, 30)
	r.take("id0004")
	r.people.touched = nil
	r.people.invocation, r.people.partial = "dc2", true
	r.once()
	r.people.partial = false
	assert.Equal(t, []string{"ignored u0004@example.com reason_missing_elsewhere"}, r.log(r.once()))
	assert.Empty(t, r.log(r.once()), "it has never shown the object")
	assert.False(t, slices.ContainsFunc(r.people.objects, func(o account.Object) bool { return o.ID == "id0004" }))
}
