package run_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// Changes that come one by one are held like those that come at once: what was made within the last hour counts too, of each
// kind by itself. Five of 42 are too many.
func TestR15_ChangesOfTheLastHourCountTogether(t *testing.T) {
	disable := func(r *harness, i int) { r.change(i, func(o *account.Object) { o.Disabled = true }) }
	for name, c := range map[string]struct {
		change func(r *harness, i int)
		action account.Action
	}{
		"removals":   {func(r *harness, i int) { r.take(account.SourceID(fmt.Sprintf("id%04d", i))) }, account.ActionDeleted},
		"disablings": {disable, account.ActionDisabled},
		"clearings": {func(r *harness, i int) {
			r.change(i, func(o *account.Object) { o.Profile[account.Mobile] = "" })
		}, account.ActionUpdated},
		"renames": {func(r *harness, i int) {
			r.change(i, func(o *account.Object) { o.Mail = []string{fmt.Sprintf("new%d@example.com", i)} })
		}, account.ActionRenamed},
	} {
		t.Run(name, func(t *testing.T) {
			r := crowd(t)
			for i := range 4 {
				c.change(r, i)
				require.Equal(t, map[account.Action]int{c.action: 1}, r.once().Counts)
				r.now = r.now.Add(10 * time.Minute)
			}
			c.change(r, 4)
			got := r.once()
			require.Equal(t, map[account.Action]int{account.ActionHeld: 1}, got.Counts, "the fifth within 40 minutes")
			assert.Equal(t, []string{"held u0004@example.com reason_held_hour"}, r.log(got))

			r.decide(run.Confirmed)
			require.Equal(t, map[account.Action]int{c.action: 1}, r.once().Counts)
			r.now = r.now.Add(21 * time.Minute) // the first is more than an hour ago: three count, and not the confirmed one
			c.change(r, 5)
			assert.Equal(t, map[account.Action]int{c.action: 1}, r.once().Counts)
			c.change(r, 6)
			assert.Equal(t, map[account.Action]int{account.ActionHeld: 1}, r.once().Counts)
		})
	}
}

// A hundred percent is no limit, however often the accounts change.
func TestR15_AHundredPercentIsNoLimit(t *testing.T) {
	r := crowd(t)
	r.res.Settings.Replication.MaxRemovals, r.res.Settings.Replication.MaxRemovalPercent = 1000, 100
	for n := range 60 { // of 42
		r.change(1, func(o *account.Object) { o.Mail = []string{fmt.Sprintf("new%d@example.com", n)} })
		require.Equal(t, map[account.Action]int{account.ActionRenamed: 1}, r.once().Counts)
	}
}

// One kind is nothing to another, and what an admin is to decide on says what would change.
func TestR15_EachKindCountsByItself(t *testing.T) {
	r := crowd(t)
	for i := range 4 {
		r.change(i, func(o *account.Object) { o.Disabled = true })
		r.change(10+i, func(o *account.Object) { o.Profile[account.Mobile] = "" })
	}
	assert.Equal(t, map[account.Action]int{account.ActionDisabled: 4, account.ActionUpdated: 4}, r.once().Counts)
	r.change(15, func(o *account.Object) { o.Mail = []string{"new@example.com"} })
	assert.Equal(t, map[account.Action]int{account.ActionRenamed: 1}, r.once().Counts)
	r.change(16, func(o *account.Object) { o.Profile[account.Mobile] = "" })
	assert.Equal(t, map[account.Action]int{account.ActionHeld: 1}, r.once().Counts)
	require.Len(t, r.tables.held, 1)
	assert.Equal(t, []account.Difference{{What: "mobile", Old: "+1", New: ""}}, r.tables.held[0].Diff)
}
