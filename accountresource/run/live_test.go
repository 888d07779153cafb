package run_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// live is a live run within bounds.
func (r *harness) live(b run.Bounds) run.Look {
	r.t.Helper()
	look, err := run.New(r.config).Live(r.t.Context(), r.res, b)
	require.NoError(r.t, err)
	return look
}

func TestR21_ALiveRunThatFindsNothingLeavesNoRow(t *testing.T) {
	r := counting(t, 9)
	r.people.usn += 5 // of no concern
	look := r.live(run.Bounds{})
	assert.True(t, look.Empty)
	assert.EqualValues(t, discarded, r.tables.runs[len(r.tables.runs)-1].Outcome)
	assert.Equal(t, r.people.usn, r.tables.mark.USN, "it is not looked at again")

	o := r.people.objects[3]
	o.Profile[account.Name] = "Other"
	r.put(o)
	look = r.live(run.Bounds{})
	assert.False(t, look.Empty)
	assert.Equal(t, run.Live, look.Run.Trigger)
	assert.Equal(t, []string{"updated u0003@example.com"}, r.log(look.Run))
	assert.Equal(t, run.Succeeded, r.tables.runs[len(r.tables.runs)-1].Outcome)
}

// Where deleted objects cannot be seen, identities are listed only where the counter moved further than the changes that are shown, and
// not oftener than the bounds allow. What was left is owed.
func TestR13_ALiveRunListsOnlyWhereSomebodyMayBeMissing(t *testing.T) {
	r := counting(t, 9)
	r.people.tombstones, r.tables.mark.Tombstones = false, false
	listings := func(b run.Bounds) (int, run.Look) {
		r.people.listings = 0
		look := r.live(b)
		return r.people.listings, look
	}
	o := r.people.objects[3]
	o.Profile[account.Name] = "Other"
	r.put(o)
	r.people.touched = []run.ChangedObject{{ID: o.ID, Kind: account.User, DN: o.DN}}
	n, look := listings(run.Bounds{List: true})
	assert.Zero(t, n, "every change is shown")
	assert.False(t, look.Owes || look.Listed)

	r.take("id0001")
	r.people.touched = nil // the account is shown no tombstones
	n, look = listings(run.Bounds{})
	assert.Zero(t, n, "not yet again")
	assert.True(t, look.Owes)
	assert.True(t, look.Empty)
	assert.True(t, r.account("u0001@example.com").Active)
	n, look = listings(run.Bounds{List: true, Owed: true})
	assert.Equal(t, 1, n)
	assert.True(t, look.Listed)
	assert.Equal(t, []string{"deleted u0001@example.com reason_left"}, r.log(look.Run))

	r.take("id0002")
	r.people.touched = nil
	n, look = listings(run.Bounds{List: true})
	assert.Equal(t, 1, n, "at once, where it may")
	assert.Equal(t, map[account.Action]int{account.ActionDeleted: 1}, look.Run.Counts)
}

// Reading everything is left to the schedule, unless the bounds allow it.
func TestR17_ALiveRunLeavesTheWholeDirectoryToTheSchedule(t *testing.T) {
	r := counting(t, 9)
	r.now = r.now.Add(25 * time.Hour)
	r.put(user("new", "new@example.com", "New"))
	look := r.live(run.Bounds{})
	assert.True(t, look.Postponed)
	assert.EqualValues(t, discarded, r.tables.runs[len(r.tables.runs)-1].Outcome)
	assert.Less(t, r.tables.mark.USN, r.people.usn, "nothing is forgotten")
	look = r.live(run.Bounds{Full: true})
	assert.False(t, look.Postponed)
	assert.Equal(t, run.Full, look.Run.Mode)
	assert.Equal(t, []string{"created new@example.com"}, r.log(look.Run))
}

// A live run that only finds something to hold stays in the history, and is closed.
func TestR21_ALiveRunThatHoldsSomethingStays(t *testing.T) {
	r := counting(t, 9)
	r.people.tombstones, r.tables.mark.Tombstones = false, false
	r.res.Settings.Replication.MaxRemovals = 1
	r.take("id0001")
	r.take("id0002")
	r.people.touched = nil
	look := r.live(run.Bounds{List: true})
	assert.False(t, look.Empty)
	assert.Equal(t, map[account.Action]int{account.ActionHeld: 2}, look.Run.Counts)
	assert.Equal(t, run.Succeeded, r.tables.runs[len(r.tables.runs)-1].Outcome)
}
