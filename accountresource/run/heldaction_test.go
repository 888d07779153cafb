package run_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// oneHeld is a harness of which one removal is held: a deletion or a disabling.
func oneHeld(t *testing.T, deletes bool) *harness {
	t.Helper()
	r := counting(t, 30)
	s := &r.res.Settings.Replication
	s.Delete, s.MaxRemovals = deletes, 0
	r.take("id0004")
	require.Equal(t, 1, r.incremental().Counts[account.ActionHeld])
	r.people.touched = nil
	s.MaxRemovals = 20
	return r
}

// removalOf is what a removal is called that deletes, or disables.
func removalOf(deletes bool) account.Action {
	if deletes {
		return account.ActionDeleted
	}
	return account.ActionDisabled
}

func TestR15_ADecisionIsForTheActionThatWasHeld(t *testing.T) {
	for _, deletes := range []bool{false, true} {
		for _, d := range []run.Decision{"", run.Confirmed, run.Dismissed} {
			t.Run(string(removalOf(deletes))+" "+string(d), func(t *testing.T) {
				r := oneHeld(t, deletes)
				assert.Equal(t, removalOf(deletes), r.tables.held[0].Action)
				r.decide(d)

				r.now = r.now.Add(time.Hour)
				r.res.Settings.Replication.Delete = !deletes
				r.res.Revision++
				assert.Equal(t, []string{"held u0004@example.com reason_held_anew"}, r.log(r.once()))
				assert.True(t, r.account("u0004@example.com").Active)
				require.Len(t, r.tables.held, 1)
				anew := r.tables.held[0]
				assert.Equal(t, removalOf(!deletes), anew.Action)
				assert.Empty(t, anew.Decision)
				assert.Equal(t, r.now, anew.Since)

				r.incremental()
				require.Len(t, r.tables.held, 1, "it waits, though the guard would let it pass")
				r.decide(run.Confirmed)
				assert.Equal(t, map[account.Action]int{removalOf(!deletes): 1}, r.incremental().Counts)
			})
		}
	}
}

// Settings that were changed and changed back before a run saw them leave a decision as it is.
func TestR15_ADecisionStandsWhereTheActionIsTheSameAgain(t *testing.T) {
	for _, d := range []run.Decision{run.Confirmed, run.Dismissed} {
		r := oneHeld(t, true)
		r.decide(d)
		r.res.Revision += 2
		got := r.once()
		assert.Equal(t, d == run.Confirmed, got.Counts[account.ActionDeleted] == 1)
		assert.Zero(t, got.Counts[account.ActionHeld])
	}
}
