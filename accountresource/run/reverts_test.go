package run_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// fully is a full run with one of the servers, which compares everything.
func (c *controllers) fully(server *people) run.Run {
	c.res.Revision++
	return c.on(server)
}

// What another server said within the last day, a server that lags does not take back: it waits (rule R24).
func TestR24_WhatAServerThatLagsTakesBackWaits(t *testing.T) {
	disabled := user("id0004", "u0004@example.com", "User 4")
	disabled.Disabled = true
	moved := user("id0005", "moved@example.com", "User 5")
	for name, change := range map[string]struct {
		to        account.Object
		held, row string
	}{
		"an enabling": {disabled, "held u0004@example.com reason_held_reverts", "enabled u0004@example.com"},
		"a rename":    {moved, "held moved@example.com reason_held_reverts", "renamed u0005@example.com"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newControllers(t, 30)
			c.on(c.dc2)
			c.tell(c.dc1, change.to)
			require.Len(t, c.log(c.on(c.dc1)), 1)
			assert.Equal(t, []string{change.held}, c.log(c.fully(c.dc2)))
			assert.Empty(t, c.log(c.on(c.dc2)), "it goes on waiting")

			c.tell(c.dc2, change.to)
			c.on(c.dc2)
			assert.Empty(t, c.tables.held, "nothing waits any more when the server has caught up")

			c.tell(c.dc1, user(string(change.to.ID), "u"+string(change.to.ID)[2:]+"@example.com", "User"))
			assert.Contains(t, c.log(c.on(c.dc1)), change.row, "the server that said it may take it back")
		})
	}
}

// After a day what another server said does not hold any more.
func TestR24_WhatWasSaidADayAgoMayBeTakenBack(t *testing.T) {
	c := newControllers(t, 30)
	c.on(c.dc2)
	o := user("id0004", "u0004@example.com", "User 4")
	o.Disabled = true
	c.tell(c.dc1, o)
	c.on(c.dc1)
	c.now = c.now.Add(25 * time.Hour)
	assert.Equal(t, []string{"enabled u0004@example.com"}, c.log(c.fully(c.dc2)))
	assert.Len(t, c.tables.mark.Said, 1, "what is old is forgotten")
}

// A database that answers for the first time may have been restored from before what another one said.
func TestR24_ANewDatabaseTakesNothingBackEither(t *testing.T) {
	c := newControllers(t, 30)
	o := user("id0004", "u0004@example.com", "User 4")
	o.Disabled = true
	c.tell(c.dc1, o)
	c.on(c.dc1)
	assert.Equal(t, []string{"held u0004@example.com reason_held_reverts"}, c.log(c.on(c.dc2)))
	assert.False(t, c.account("u0004@example.com").Active)
}
