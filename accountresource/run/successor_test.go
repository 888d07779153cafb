package run_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// What an admin decided on a newcomer is finished by the run behind one that was cut off, whichever call that was, and whether existing
// accounts are linked or left alone.
func TestR19_R16_WhoseMailboxANewcomerGetsThoughTheRunIsCutOff(t *testing.T) {
	for _, decision := range []run.Decision{run.Confirmed, run.PutAway} {
		for _, existing := range []string{"link", "leave"} {
			for _, method := range []string{"Claim", "Apply", "Settle"} {
				for _, when := range []string{"before", "after"} {
					for nth := 1; nth <= 4; nth++ {
						t.Run(fmt.Sprintf("%s, %s, %s %s %d", decision, existing, when, method, nth), func(t *testing.T) {
							r := crowd(t)
							r.res.Settings.Replication.Delete = false
							r.res.Settings.Replication.ExistingAccounts = resource.ExistingPolicy(existing)
							was := r.account("u0000@example.com")
							r.recreated("other", "")
							require.Equal(t, 1, r.once().Counts[account.ActionHeld])
							require.False(t, r.account("u0000@example.com").Active, "its object is gone")
							r.decide(decision)
							r.cut(method, when, nth)
							r.now = r.now.Add(time.Minute)
							r.once()
							here, link := r.account("u0000@example.com"), r.tables.links["again"]
							assert.True(t, here.Active)
							assert.Equal(t, "User again", here.Profile[account.Name])
							assert.Equal(t, account.Created, link.Origin)
							if decision == run.Confirmed {
								assert.Equal(t, was.Home, here.Home)
								assert.NotContains(t, r.tables.links, account.SourceID("id0000"))
							} else {
								assert.NotEqual(t, was.Home, here.Home)
								aside := r.account("u0000.old@example.com")
								assert.Equal(t, was.Home, aside.Home)
								assert.False(t, aside.Active)
							}
							assert.Empty(t, r.tables.held)
							assert.Empty(t, r.log(r.once()))
						})
					}
				}
			}
		}
	}
}
