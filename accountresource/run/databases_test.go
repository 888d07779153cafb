package run_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// controllers are a harness whose directory has two servers, of which the first was replicated from. Each has its own objects and
// counter; deleted objects cannot be seen.
type controllers struct {
	*harness
	dc1, dc2 *people
}

func newControllers(t *testing.T, n int) *controllers {
	t.Helper()
	c := &controllers{harness: counting(t, n)}
	c.people.tombstones = false
	c.dc1 = c.people
	c.dc2 = &people{invocation: "dc2", usn: 5000, objects: slices.Clone(c.dc1.objects)}
	return c
}

// on runs with one of the servers.
func (c *controllers) on(server *people) run.Run {
	c.t.Helper()
	c.people, c.config.OpenReader = server, server.open
	c.now = c.now.Add(time.Minute)
	got := c.once()
	require.Equal(c.t, run.Succeeded, got.Outcome, got.Error.Key)
	return got
}

// tell has a server know an object.
func (c *controllers) tell(server *people, o account.Object) {
	was := c.people
	c.people = server
	c.put(o)
	c.people = was
}

// forget has a server know an object no more, and show no tombstone of it.
func (c *controllers) forget(server *people, id account.SourceID) {
	server.usn++
	server.objects = slices.DeleteFunc(server.objects, func(o account.Object) bool { return o.ID == id })
}

// A name or balancer may lead to another server every time: each has its own watermark, and who leaves is removed.
func TestR24_RunsOnAlternatingServersAreIncremental(t *testing.T) {
	c := newControllers(t, 30)
	full := 0
	servers := []*people{c.dc2, c.dc1}
	for i := range 100 {
		if i == 50 {
			c.forget(c.dc1, "id0004")
			c.forget(c.dc2, "id0004")
		}
		if c.on(servers[i%2]).Mode == run.Full {
			full++
		}
	}
	assert.Equal(t, 1, full, "the first run on the second server reads everything")
	assert.NotContains(t, c.tables.links, account.SourceID("id0004"), "who has left is removed")
	assert.Len(t, c.tables.links, 29)
}

// What a database has never shown cannot have left it, however often it is asked.
func TestR24_WhoIsNewIsNotRemovedByAServerThatLags(t *testing.T) {
	c := newControllers(t, 30)
	c.on(c.dc2)
	c.tell(c.dc1, user("new", "new@example.com", "New"))
	assert.Equal(t, []string{"created new@example.com"}, c.log(c.on(c.dc1)))
	for range 5 {
		assert.Empty(t, c.log(c.on(c.dc2)))
	}
	c.res.Revision++ // a full run says so once, and no more
	assert.Empty(t, c.log(c.on(c.dc2)))
	c.res.Revision++
	assert.Empty(t, c.log(c.on(c.dc2)))
	assert.Contains(t, c.tables.links, account.SourceID("new"))

	c.tell(c.dc2, user("new", "new@example.com", "New"))
	c.on(c.dc2)
	c.forget(c.dc2, "new")
	assert.Equal(t, []string{"deleted new@example.com reason_left"}, c.log(c.on(c.dc2)), "it has shown the object by now")
}

// A server that was restored has another database, which may be older than the links: in the first run on it nobody is removed.
func TestR24_ARestoredServerRemovesNobodyWhomItNeverShowed(t *testing.T) {
	c := newControllers(t, 30)
	c.forget(c.dc2, "id0004")
	c.forget(c.dc2, "id0005")
	first := c.on(c.dc2)
	assert.Equal(t, run.Full, first.Mode)
	assert.Equal(t, []string{
		"ignored u0004@example.com reason_missing_elsewhere", "ignored u0005@example.com reason_missing_elsewhere",
	}, c.log(first))
	assert.Empty(t, c.log(c.on(c.dc2)))
	c.forget(c.dc2, "id0006")
	assert.Equal(t, []string{"deleted u0006@example.com reason_left"}, c.log(c.on(c.dc2)), "it has shown this one")
	assert.Len(t, c.tables.links, 29)
}

// A counter that went back under the same name is that of a database that was restored.
func TestR24_ACounterThatWentBackDoubtsWhoIsMissing(t *testing.T) {
	c := newControllers(t, 30)
	c.forget(c.dc1, "id0004")
	c.dc1.usn = 50
	assert.Equal(t, []string{"ignored u0004@example.com reason_missing_elsewhere"}, c.log(c.on(c.dc1)))
	assert.Contains(t, c.tables.links, account.SourceID("id0004"))
}

// Over 24 hours and three complete listings, the absence of what a database never showed is held as a disabling (rule R13).
func TestR13_WhatADatabaseNeverShowedIsHeldAsADisabling(t *testing.T) {
	c := newControllers(t, 30)
	c.forget(c.dc2, "id0004")
	c.on(c.dc2)
	c.on(c.dc2)
	c.now = c.now.Add(25 * time.Hour)
	assert.Equal(t, []string{"held u0004@example.com reason_held_never_shown"}, c.log(c.on(c.dc2)))
	require.Len(t, c.tables.held, 1)
	assert.Equal(t, account.ActionDisabled, c.tables.held[0].Action, "never a deletion")
	c.tables.held[0].Decision = run.Confirmed
	assert.Equal(t, []string{"disabled u0004@example.com reason_left"}, c.log(c.on(c.dc2)))
	assert.Empty(t, c.log(c.on(c.dc2)))
	assert.Contains(t, c.tables.links, account.SourceID("id0004"))
}

// A database that cannot be identified for one run does not make the links look as if there had never been another.
func TestR24_OneUnreadableDatabaseForgetsNothing(t *testing.T) {
	c := newControllers(t, 30)
	c.on(c.dc2)
	c.tell(c.dc1, user("new", "new@example.com", "New"))
	c.on(c.dc1)
	c.dc2.invocation = ""
	for range 2 {
		c.on(c.dc2)
		assert.Contains(t, c.tables.links, account.SourceID("new"))
	}
	c.dc2.invocation = "dc2"
	assert.Empty(t, c.log(c.on(c.dc2)))
	assert.Equal(t, run.Incremental, c.on(c.dc1).Mode)
	assert.Contains(t, c.tables.links, account.SourceID("new"))
}

// What a run that was cut off has linked is not known: another server than its own has not shown that for certain.
func TestR24_WhatACutOffRunLinkedIsNotMissedElsewhere(t *testing.T) {
	for name, first := range map[string]bool{"another run": false, "the first run": true} {
		t.Run(name, func(t *testing.T) {
			c := newControllers(t, 30)
			if !first {
				c.on(c.dc2)
			}
			before := c.tables.mark
			c.tell(c.dc1, user("new", "new@example.com", "New"))
			c.on(c.dc1)
			c.tables.mark = before
			if first {
				c.tables.mark = run.Watermark{Invocation: "dc1"}
			} else {
				c.tables.mark = before.Others[0]
				before.Others = nil
				c.tables.mark.Others = []run.Watermark{before}
			}
			c.tables.mark.Open = true
			c.on(c.dc2)
			assert.Contains(t, c.tables.links, account.SourceID("new"))
			c.on(c.dc2)
			assert.Contains(t, c.tables.links, account.SourceID("new"))
		})
	}
}

// The first run on a server says on which, before it writes: one that is cut off is followed by one on another server.
func TestR24_TheFirstRunSaysOnWhichDatabaseItIs(t *testing.T) {
	r := newHarness(t)
	r.people.invocation, r.people.usn, r.people.objects = "dc1", 100, users(3)
	r.tables.fail["Claim"] = assert.AnError
	assert.Equal(t, run.Failed, r.once().Outcome)
	assert.Equal(t, "dc1", r.tables.mark.Invocation)
	assert.True(t, r.tables.mark.Open)
}

// Whom a server that lags has never shown keeps the memberships that another one gave.
func TestR24_WhoIsNotShownYetKeepsMemberships(t *testing.T) {
	c := newControllers(t, 30)
	c.res.Settings.Replication.Groups = true
	c.res.Revision++
	group := func(members ...account.SourceID) account.Object {
		return account.Object{ID: "team", Kind: account.Group, DN: "CN=team", Mail: []string{"team@example.com"}, Members: members}
	}
	team := group("id0001")
	c.tell(c.dc1, team)
	c.tell(c.dc2, team)
	c.on(c.dc1)
	c.on(c.dc2)
	c.tell(c.dc1, user("new", "new@example.com", "New"))
	c.tell(c.dc1, group("id0001", "new"))
	c.on(c.dc1)
	c.tell(c.dc2, group("id0001", "id0002"))
	c.on(c.dc2)
	members := c.team()
	assert.Contains(t, members, "new")
	assert.Contains(t, members, "u0002")
}

// A preview does not announce removals that no run would make.
func TestR24_APreviewDoubtsAsARunDoes(t *testing.T) {
	c := newControllers(t, 30)
	c.forget(c.dc2, "id0004")
	c.config.OpenReader = c.dc2.open
	before := c.tables.mark
	var rows []string
	require.NoError(t, run.New(c.config).Preview(t.Context(), c.res, func(change *account.Change) error {
		rows = append(rows, string(change.Action)+" "+change.Address+" "+change.Reason.Key)
		return nil
	}))
	assert.Equal(t, []string{"ignored u0004@example.com reason_missing_elsewhere"}, rows)
	assert.Equal(t, before, c.tables.mark)
}
