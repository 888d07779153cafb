package run_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// neighbours are the bases of other resources.
type neighbours []string

func (n neighbours) Neighbours(context.Context, int64, string) ([]string, error) { return n, nil }

// movedAway has a user of a crowd move below a DN that is not in scope.
func (r *harness) movedAway(id account.SourceID, dn string) {
	for _, o := range r.people.objects {
		if o.ID == id {
			r.take(id)
			o.DN = dn
			r.people.outside = append(r.people.outside, o)
			return
		}
	}
}

// Who moves into the scope of another resource keeps the account until that one takes it over, which is not for ever: after a day it is
// removed like that of anybody who left, and at once where the object is gone altogether.
func TestR16_WhoMovesToAnotherResourceWaitsForThat(t *testing.T) {
	for name, c := range map[string]struct {
		bases  neighbours
		dn     string
		waits  bool
		mode   run.Mode
		vanish bool
	}{
		"into another, full":         {neighbours{"OU=Rome,DC=corp", "OU=Paris,DC=corp"}, "CN=u0,OU=Sales,ou=paris,dc=CORP", true, run.Full, false},
		"into another, incremental":  {neighbours{"OU=Paris,DC=corp"}, "CN=u0,OU=Sales,ou=paris,dc=CORP", true, run.Incremental, false},
		"and then gone, full":        {neighbours{"OU=Paris,DC=corp"}, "CN=u0,OU=Paris,DC=corp", true, run.Full, true},
		"and then gone, incremental": {neighbours{"OU=Paris,DC=corp"}, "CN=u0,OU=Paris,DC=corp", true, run.Incremental, true},
		"into none":                  {neighbours{"OU=Paris,DC=corp"}, "CN=u0,OU=Old,DC=corp", false, run.Full, false},
		"into one called like it":    {neighbours{"OU=Paris,DC=corp"}, `CN=u0\,OU=Paris,DC=corp`, false, run.Full, false},
		"there is no other":          {nil, "CN=u0,OU=Paris,DC=corp", false, run.Full, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := crowd(t)
			r.config.Neighbours, r.res.Settings.Replication.Delete = c.bases, false
			r.changeGroup("team", func(o *account.Object) { o.Members = append(o.Members, "id0000") })
			once := func() run.Run {
				if c.mode == run.Full {
					r.res.Revision++
				}
				return r.once()
			}
			once()
			r.movedAway("id0000", c.dn)
			got := once()
			if !c.waits {
				assert.Equal(t, 1, got.Counts[account.ActionDisabled])
				return
			}
			assert.Equal(t, 1, got.Counts[account.ActionIgnored])
			assert.Contains(t, r.log(got)[0], "reason_moves")
			for range 2 {
				r.now = r.now.Add(11 * time.Hour)
				assert.Empty(t, r.log(once()), "it waits, and is not logged again")
				r.config.Neighbours = neighbours{} // the other resource is switched off for a moment
			}
			assert.True(t, r.account("u0000@example.com").Active)
			assert.Contains(t, r.team(), "u0000", "it gets mail")

			r.put(user("heir", "u0000@example.com", "Heir"))
			assert.Equal(t, 1, once().Counts[account.ActionConflict], "the address is kept")
			r.take("heir")
			if c.vanish {
				r.people.outside = nil
			} else {
				r.now = r.now.Add(2 * time.Hour)
			}
			got = once()
			assert.Equal(t, 1, got.Counts[account.ActionDisabled], r.log(got))
			assert.False(t, r.account("u0000@example.com").Active)
			assert.NotContains(t, r.team(), "u0000")
			require.False(t, r.tables.links["id0000"].Released)
			assert.Empty(t, r.log(once()))

			back := user("id0000", "u0000@example.com", "User")
			back.Profile[account.Mobile] = "+1"
			r.put(back)
			assert.Equal(t, 1, once().Counts[account.ActionEnabled])
		})
	}
}
