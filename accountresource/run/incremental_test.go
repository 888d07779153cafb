package run_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// counting is a harness whose directory counts changes, after its first run with n users.
func counting(t *testing.T, n int) *harness {
	t.Helper()
	r := newHarness(t)
	r.res.Settings.Replication.Delete = true
	r.people.invocation, r.people.tombstones, r.people.usn = "dc1", true, 100
	for _, o := range users(n) {
		r.put(o)
	}
	first := r.once()
	require.Equal(t, run.Full, first.Mode)
	require.Equal(t, run.Succeeded, first.Outcome)
	r.tables.mark.Tombstones = true // one was seen before
	return r
}

// put adds or replaces an object of the directory, which counts the change.
func (r *harness) put(o account.Object) {
	r.people.usn++
	o.USN = r.people.usn
	i := slices.IndexFunc(r.people.objects, func(other account.Object) bool { return other.ID == o.ID })
	if i < 0 {
		r.people.objects = append(r.people.objects, o)
		return
	}
	r.people.objects[i] = o
}

// take removes an object: what is left is a tombstone.
func (r *harness) take(id account.SourceID) {
	r.people.usn++
	r.people.objects = slices.DeleteFunc(r.people.objects, func(o account.Object) bool { return o.ID == id })
	r.people.touched = []run.ChangedObject{{ID: id, Kind: account.User, Deleted: true}}
}

// incremental is a run that must be one.
func (r *harness) incremental() run.Run {
	r.t.Helper()
	got := r.once()
	require.Equal(r.t, run.Incremental, got.Mode)
	require.Equal(r.t, run.Succeeded, got.Outcome, got.Error.Key)
	return got
}

func TestR17_ARunReadsWhatChangedOnly(t *testing.T) {
	r := counting(t, 9)
	r.people.asked, r.people.queries = nil, 0
	got := r.incremental()
	assert.Empty(t, got.Counts)
	assert.Equal(t, 2, r.people.queries, "what changed is asked for, and whether counters can be seen, and nothing more")
	assert.Zero(t, r.tables.calls["Links"]-1, "the links are not read")

	o := r.people.objects[3]
	o.Profile[account.Name] = "Other"
	r.put(o)
	got = r.incremental()
	assert.Equal(t, []string{"updated u0003@example.com"}, r.log(got))
	r.put(user("new", "new@example.com", "New"))
	assert.Equal(t, []string{"created new@example.com"}, r.log(r.incremental()))
	assert.Empty(t, r.people.asked, "nobody was listed as a whole")
	assert.Equal(t, r.people.usn, r.tables.mark.USN)
}

func TestR17_WhatNeedsAFullRun(t *testing.T) {
	for name, c := range map[string]struct {
		set  func(*harness)
		full bool
	}{
		"nothing":                  {func(*harness) {}, false},
		"changed settings":         {func(r *harness) { r.res.Revision++ }, true},
		"another server":           {func(r *harness) { r.people.invocation = "dc2" }, true},
		"a counter that went back": {func(r *harness) { r.people.usn-- }, true},
		"a day":                    {func(r *harness) { r.now = r.now.Add(24 * time.Hour) }, true},
		"almost a day":             {func(r *harness) { r.now = r.now.Add(24*time.Hour - time.Second) }, false},
		"a moved container": {func(r *harness) {
			r.people.touched = []run.ChangedObject{{ID: "ou", Kind: account.Other, Container: true}}
		}, true},
		"a run that was cut off":    {func(r *harness) { r.tables.mark.Open = true }, true},
		"a clock that went back":    {func(r *harness) { r.now = r.now.Add(-time.Hour) }, true},
		"too many things at a time": {func(r *harness) { r.people.touched = make([]run.ChangedObject, 20_001) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			r := counting(t, 3)
			c.set(r)
			want := run.Incremental
			if c.full {
				want = run.Full
			}
			assert.Equal(t, want, r.once().Mode)
			r.people.touched = nil
			assert.Equal(t, run.Incremental, r.once().Mode, "the one after it")
		})
	}
	r := counting(t, 3)
	got, err := run.New(r.config).Once(t.Context(), r.res, run.Manual, run.Full)
	require.NoError(t, err)
	assert.Equal(t, run.Full, got.Mode, "on demand")
}

func TestR13_WhoLeftIsNoticedByATombstoneOrByIdentities(t *testing.T) {
	for _, tombstones := range []bool{true, false} {
		t.Run(fmt.Sprintf("tombstones %t", tombstones), func(t *testing.T) {
			r := counting(t, 30)
			r.people.tombstones = tombstones
			r.take("id0004")
			got := r.incremental()
			assert.Equal(t, []string{"deleted u0004@example.com reason_left"}, r.log(got))
			assert.Len(t, r.tables.links, 29)
			r.people.touched = nil
			assert.Empty(t, r.incremental().Counts)
		})
	}
}

// An object out of scope changed, since it was moved; one that only seems to be missing is there when it is asked for.
func TestR13_WhoMovedOutOfScopeLeft(t *testing.T) {
	r := counting(t, 30)
	r.people.usn++
	moved := r.people.objects[7]
	moved.USN = r.people.usn
	r.people.objects = slices.Delete(r.people.objects, 7, 8)
	r.people.outside = []account.Object{moved}
	assert.Equal(t, []string{"deleted u0007@example.com reason_left"}, r.log(r.incremental()))

	r.people.tombstones, r.people.outside = false, nil
	hiding := r.people.objects[5]
	r.people.objects, r.people.hiding = slices.Delete(r.people.objects, 5, 6), []account.Object{hiding}
	got := r.once()
	assert.Equal(t, run.Incremental, got.Mode)
	assert.Equal(t, run.Partial, got.Outcome, "a listing that misses an object was not whole (rule R21)")
	assert.Empty(t, got.Counts, "a listing may miss whom it should not")
	assert.Len(t, r.tables.links, 29)
}

func TestR13_WhatCannotBeAskedRemovesNobody(t *testing.T) {
	for name, set := range map[string]func(*harness){
		"what changed":        func(r *harness) { r.people.touchErr = errors.New("busy") },
		"identities":          func(r *harness) { r.people.listErr = errors.New("connection lost") },
		"identities, in part": func(r *harness) { r.people.partial = true },
		"asking once more":    func(r *harness) { r.people.scopeErr = errors.New("connection lost") },
	} {
		t.Run(name, func(t *testing.T) {
			r := counting(t, 30)
			r.people.tombstones = false
			mark := r.tables.mark
			set(r)
			r.take("id0004")
			got := r.once()
			assert.Zero(t, got.Counts[account.ActionDeleted]+got.Counts[account.ActionDisabled])
			assert.Len(t, r.tables.links, 30)
			if got.Outcome == run.Failed {
				assert.Empty(t, cmp.Diff(mark, r.tables.mark), "the mark stays")
			}
			*r.people = people{
				objects: r.people.objects, touched: r.people.touched, invocation: r.people.invocation, usn: r.people.usn,
			}
			assert.Equal(t, []string{"deleted u0004@example.com reason_left"}, r.log(r.once()), "the next clean run")
		})
	}
}

// A server that is behind does not know the newest people yet: nobody is removed at its first word.
func TestR17_AServerThatWasNotAskedBeforeIsDoubted(t *testing.T) {
	r := counting(t, 30)
	r.take("id0004")
	r.people.invocation = "dc2"
	first := r.once()
	assert.Equal(t, run.Full, first.Mode)
	assert.Equal(t, []string{"ignored u0004@example.com reason_missing_elsewhere"}, r.log(first))
	tombstone := r.people.touched
	r.people.touched = nil
	assert.Empty(t, r.incremental().Counts, "it has never shown the object")
	r.people.touched = tombstone
	assert.Equal(t, []string{"deleted u0004@example.com reason_left"}, r.log(r.incremental()), "a tombstone shows that it left")

	r.take("id0005")
	back := user("id0005", "u0005@example.com", "User 5")
	r.people.invocation = "dc3"
	r.once()
	r.people.touched = nil
	r.put(back)
	assert.Empty(t, r.incremental().Counts, "it is there after all")
}

func TestR15_WhenAllWhoAreLinkedAreGoneNobodyIsRemoved(t *testing.T) {
	r := counting(t, 2)
	r.take("id0000")
	r.people.touched = append(r.people.touched, run.ChangedObject{ID: "id0001", Kind: account.User, Deleted: true})
	r.people.objects = nil
	got := r.incremental()
	assert.Equal(t, []string{"held u0000@example.com reason_held_empty", "held u0001@example.com reason_held_empty"}, r.log(got))
}

// What is held is looked at in every run, until an admin decides.
func TestR15_WhatIsHeldWaitsThroughIncrementalRuns(t *testing.T) {
	r := counting(t, 30)
	r.res.Settings.Replication.MaxRemovals = 1
	r.take("id0004")
	r.people.objects = slices.DeleteFunc(r.people.objects, func(o account.Object) bool { return o.ID == "id0005" })
	r.people.touched = append(r.people.touched, run.ChangedObject{ID: "id0005", Kind: account.User, Deleted: true})
	assert.Equal(t, 2, r.incremental().Counts[account.ActionHeld])
	r.people.touched = nil
	assert.Equal(t, 2, r.incremental().Counts[account.ActionHeld], "nobody has decided")
	assert.Len(t, r.tables.held, 2)
	r.tables.held[0].Decision, r.tables.held[1].Decision = run.Confirmed, run.Dismissed
	assert.Equal(t, []string{"deleted u0004@example.com reason_left"}, r.log(r.incremental()))
	assert.Empty(t, r.incremental().Counts, "what was dismissed stays, and is not said again")
	assert.Len(t, r.tables.held, 1)
}

func TestR18_TheMarkMovesLastAndWhatFailedIsLookedAtAgain(t *testing.T) {
	r := counting(t, 9)
	before := r.tables.mark
	r.put(user("new", "new@example.com", "New"))
	r.mail.Refuse("new@example.com", errors.New("disk full"))
	got := r.once()
	assert.Equal(t, run.Partial, got.Outcome)
	assert.Greater(t, r.tables.mark.USN, before.USN)
	r.mail.Refuse("new@example.com", nil)
	assert.Equal(t, []string{"created new@example.com"}, r.log(r.incremental()), "though it did not change")
	assert.Empty(t, r.incremental().Counts)

	r.put(user("later", "later@example.com", "Later"))
	mark := r.tables.mark
	r.tables.after["Settle"] = errors.New("connection lost")
	assert.Equal(t, run.Failed, r.once().Outcome)
	assert.True(t, r.tables.mark.Open)
	assert.Equal(t, mark.USN, r.tables.mark.USN, "nobody knows what was done")
	again := r.once()
	assert.Equal(t, run.Full, again.Mode)
	assert.Empty(t, again.Counts)
	assert.Empty(t, r.incremental().Counts)
}

// Who has an address in conflict gets it when it is free, though nothing changes about him.
func TestR2_AConflictIsLookedAtAgain(t *testing.T) {
	r := counting(t, 3)
	r.put(user("rival", "u0001@example.com", "Rival"))
	assert.Equal(t, 1, r.incremental().Counts[account.ActionConflict])
	first := r.people.objects[1]
	first.Mail = []string{"moved@example.com"}
	r.put(first)
	assert.Equal(t, []string{"created u0001@example.com", "renamed moved@example.com"}, r.log(r.incremental()))
}

func TestR8_SwapsAndANewcomerWorkInAnIncrementalRun(t *testing.T) {
	r := counting(t, 20)
	a, b, leaver := r.people.objects[0], r.people.objects[1], r.people.objects[2]
	a.Mail, b.Mail = b.Mail, a.Mail
	r.put(a)
	r.put(b)
	r.take(leaver.ID)
	r.put(user("new", leaver.Mail[0], "New"))
	assert.ElementsMatch(t, []string{
		"renamed u0001@example.com", "renamed u0000@example.com", "deleted u0002@example.com reason_left", "created u0002@example.com",
	}, r.log(r.incremental()))
}

func TestAPreviewReadsEverythingAndMovesNoMark(t *testing.T) {
	r := counting(t, 9)
	mark := r.tables.mark
	r.take("id0004")
	var actions []account.Action
	require.NoError(t, run.New(r.config).Preview(t.Context(), r.res, func(c *account.Change) error {
		actions = append(actions, c.Action)
		return nil
	}))
	assert.Equal(t, []account.Action{account.ActionDeleted}, actions)
	assert.Empty(t, cmp.Diff(mark, r.tables.mark))
	assert.Contains(t, r.people.asked[1:], account.User)
}

func TestR17_TheDailyFullRunRepairsWhatWasChangedHereAndSaysSo(t *testing.T) {
	r := counting(t, 9)
	local := r.account("u0003@example.com")
	local.Profile[account.Name] = "Changed here"
	r.mail.AddAccount(local)
	o := r.people.objects[4]
	o.Profile[account.Name] = "Changed there"
	r.put(o)
	assert.Equal(t, []string{"updated u0004@example.com"}, r.log(r.incremental()))
	r.now = r.now.Add(25 * time.Hour)
	o.Profile[account.Name] = "Once more"
	r.put(o)
	got := r.once()
	assert.Equal(t, run.Full, got.Mode)
	assert.Equal(t, []string{"updated u0003@example.com reason_drift", "updated u0004@example.com"}, r.log(got))
	assert.Equal(t, "User 3", r.account("u0003@example.com").Profile[account.Name])
}

// Groups that are nowhere in scope say nothing about users.
func TestR15_AnEmptyListOfOneKindHoldsThatKindOnly(t *testing.T) {
	r := newHarness(t)
	r.res.Settings.Replication.Groups, r.res.Settings.Replication.Delete = true, true
	r.people.objects = users(9)
	r.once()
	r.people.objects = r.people.objects[1:]
	assert.Equal(t, []string{"deleted u0000@example.com reason_left"}, r.log(r.once()))
}
