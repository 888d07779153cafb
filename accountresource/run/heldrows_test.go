package run_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// shows fails unless a run, as it was returned and in the history, has so many rows of held removals, and says that so
// many wait.
func (r *harness) shows(got run.Run, rows, waiting int, when string) {
	r.t.Helper()
	n := 0
	for _, e := range r.tables.entries[got.ID] {
		if e.Action == account.ActionHeld {
			n++
		}
	}
	assert.Equal(r.t, rows, n, "rows, %s", when)
	assert.Equal(r.t, waiting, got.Counts[account.ActionHeld], "waiting, %s", when)
	assert.Equal(r.t, waiting, r.tables.runs[got.ID-1].Counts[account.ActionHeld], "waiting in the history, %s", when)
}

func TestR21_WhatIsHeldHasARowWhenThatBeginsAndWhenItChanges(t *testing.T) {
	r := counting(t, 40)
	r.res.Settings.Replication.MaxRemovals = 0
	for _, id := range []account.SourceID{"id0001", "id0002", "id0003"} {
		r.take(id)
	}
	r.people.tombstones = false // all three are noticed
	r.shows(r.incremental(), 3, 3, "they become held")
	r.shows(r.incremental(), 0, 3, "nobody has decided")
	r.res.Revision++
	r.shows(r.once(), 0, 3, "a full run")

	r.take("id0004")
	r.shows(r.incremental(), 1, 4, "another one")
	r.res.Settings.Replication.Delete = false
	r.res.Revision++
	r.shows(r.once(), 4, 4, "for another action")
	r.shows(r.incremental(), 0, 4, "for that action still")

	r.tables.held[0].Decision = run.Dismissed
	r.shows(r.incremental(), 0, 3, "one is dismissed")
	r.put(users(5)[4])
	r.shows(r.incremental(), 0, 2, "one came back")
	r.take("id0004")
	r.shows(r.incremental(), 1, 3, "and left again")

	var shown []account.Action
	require.NoError(t, run.New(r.config).Preview(t.Context(), r.res, func(c *account.Change) error {
		shown = append(shown, c.Action)
		return nil
	}))
	assert.Equal(t, []account.Action{account.ActionHeld, account.ActionHeld, account.ActionHeld}, shown, "a preview shows what waits")
}

// What waits when a run fails, or cannot tell whether it is gone, waits when it has ended.
func TestR21_WhatWaitsIsCountedHoweverARunEnds(t *testing.T) {
	for name, set := range map[string]func(*harness){
		"no directory":      func(r *harness) { r.people.probeErr = errors.New("password expired") },
		"a listing fails":   func(r *harness) { r.people.listErr, r.res.Revision = errors.New("connection lost"), r.res.Revision+1 },
		"a listing in part": func(r *harness) { r.people.partial, r.res.Revision = true, r.res.Revision+1 },
		"another server":    func(r *harness) { r.people.invocation = "dc2" },
		"nothing is kept":   func(r *harness) { r.tables.fail["Keep"] = errors.New("connection lost") },
	} {
		r := oneHeld(t, true)
		set(r)
		r.shows(r.once(), 0, 1, name)
	}
}
