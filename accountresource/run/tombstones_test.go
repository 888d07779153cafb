package run_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// listings returns how many listings of everybody's identity a run makes.
func (r *harness) listings() int {
	r.t.Helper()
	r.people.listings = 0
	require.Equal(r.t, run.Incremental, r.once().Mode)
	return r.people.listings
}

// A container of deleted objects may be shown without what is in it.
func TestR13_TombstonesAreTrustedOnceOneWasSeen(t *testing.T) {
	r := counting(t, 40)
	r.tables.mark.Tombstones = false
	assert.Equal(t, 1, r.listings(), "nobody has been deleted yet")
	r.take("id0001")
	assert.Equal(t, 1, r.listings())
	assert.Zero(t, r.listings(), "there was a tombstone of somebody who was linked")
	r.now = r.now.Add(59 * time.Minute)
	assert.Zero(t, r.listings())
	r.now = r.now.Add(time.Minute)
	assert.Equal(t, 1, r.listings(), "once an hour")
	assert.Zero(t, r.listings())

	r.res.Revision++ // perhaps with another bind account
	r.once()
	assert.Equal(t, 1, r.listings(), "other settings")
}

func TestR13_WhoLeavesWithoutATombstoneIsNoticed(t *testing.T) {
	r := counting(t, 40)
	r.tables.mark.Tombstones = false
	r.people.tombless = true
	r.take("id0001")
	assert.Equal(t, map[account.Action]int{account.ActionDeleted: 1}, r.once().Counts, "as deleted objects are shown, they say")

	r.tables.mark.Tombstones = true // as they were until now
	r.take("id0002")
	assert.Empty(t, r.once().Counts)
	r.now = r.now.Add(time.Hour)
	assert.Equal(t, map[account.Action]int{account.ActionDeleted: 1}, r.once().Counts, "an hour later")
	r.take("id0003")
	assert.Equal(t, map[account.Action]int{account.ActionDeleted: 1}, r.once().Counts, "they are not trusted any more")
}
