package run_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// Whatever makes an address unusable, status, profile and membership follow all the same, and nobody else gets the address.
func TestR25_AnAccountFollowsThoughItsAddressCannotBeUsed(t *testing.T) {
	for name, mail := range map[string][]string{
		"none": nil, "foreign": {"u0001@elsewhere.example"}, "two": {"new@example.com", "newer@example.com"}, "malformed": {"a b@example.com"},
	} {
		for _, mode := range []run.Mode{run.Incremental, run.Full} {
			t.Run(fmt.Sprintf("%s, %s", name, mode), func(t *testing.T) {
				r := crowd(t)
				once := func() run.Run {
					if mode == run.Full {
						r.res.Revision++
					}
					return r.once()
				}
				r.change(20, func(o *account.Object) { // a member of a team
					o.Mail, o.Disabled = mail, true
					o.Profile[account.Name] = "Renamed"
				})
				got := once()
				assert.Equal(t, run.Succeeded, got.Outcome)
				assert.Equal(t, 1, got.Counts[account.ActionDisabled])
				assert.Equal(t, 1, got.Counts[account.ActionIgnored])
				here := r.account("u0020@example.com")
				assert.False(t, here.Active)
				assert.Equal(t, "Renamed", here.Profile[account.Name])
				assert.NotContains(t, r.team(), "u0020", "it is off")
				if mode == run.Incremental {
					assert.Empty(t, r.log(once()), "the problem is logged when it begins")
				}

				r.put(user("heir", "u0020@example.com", "Heir"))
				got = once()
				assert.Equal(t, 1, got.Counts[account.ActionHeld])
				r.change(20, func(o *account.Object) { o.Disabled = false })
				once()
				assert.True(t, r.account("u0020@example.com").Active)
				assert.Contains(t, r.team(), "u0020")

				r.take("id0020") // it is no reason not to notice that the object is gone
				assert.Equal(t, 1, once().Counts[account.ActionDeleted])
			})
		}
	}
}

// One cause is one row, and a group keeps its alias with its members.
func TestR25_ManyUnusableAddressesAreOneRow(t *testing.T) {
	r := crowd(t)
	for i := range 25 {
		r.change(i, func(o *account.Object) { o.Mail = []string{fmt.Sprintf("u%04d@corp.local", i)} })
	}
	got := r.once()
	assert.Equal(t, map[account.Action]int{account.ActionIgnored: 1}, got.Counts)
	require.Equal(t, "reason_many_unusable", r.tables.entries[got.ID][0].Reason.Key)
	assert.Equal(t, map[string]string{"Count": "25", "Domains": "corp.local"}, r.tables.entries[got.ID][0].Reason.Args)
	assert.Empty(t, r.log(r.once()))

	r.changeGroup("team", func(o *account.Object) { o.Mail, o.Members = nil, append(o.Members, "id0001") })
	got = r.once()
	assert.Equal(t, []string{"ignored team@example.com reason_no_address", "updated team@example.com"}, r.log(got))
	assert.Contains(t, r.team(), "u0001")
}
