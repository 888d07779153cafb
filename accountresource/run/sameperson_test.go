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

// recreated is a crowd in which the first user was deleted and made again as somebody with these recognizable values.
func (r *harness) recreated(logon, employee string) {
	o := user("again", "u0000@example.com", "User again")
	o.Logon, o.Profile[account.EmployeeID] = logon, employee
	r.take("id0000")
	r.put(o)
}

// Who is deleted in the directory and made again keeps the mailbox, also where leavers are deleted. Whoever else gets the address gets a
// mailbox of their own.
func TestR16_WhoIsMadeAgainKeepsTheMailbox(t *testing.T) {
	for name, c := range map[string]struct {
		logon, employee string
		same            bool
	}{
		"the same employee":                {"other", "0042", true},
		"the same logon name":              {"u0", "", true},
		"another employee, the same logon": {"u0", "7", false},
		"another":                          {"other", "7", false},
		"nothing known":                    {"", "", false},
	} {
		for _, deletes := range []bool{true, false} {
			for _, mode := range []run.Mode{run.Incremental, run.Full} {
				t.Run(fmt.Sprintf("%s, deletes %v, %s", name, deletes, mode), func(t *testing.T) {
					r := crowd(t)
					r.res.Settings.Replication.Delete = deletes
					r.change(0, func(o *account.Object) { o.Logon, o.Profile[account.EmployeeID] = "u0", "0042" })
					r.change(1, func(o *account.Object) { o.Profile[account.EmployeeID] = "1" }) // the attribute may be read
					once := func() run.Run {
						if mode == run.Full {
							r.res.Revision++
						}
						return r.once()
					}
					r.changeGroup("team", func(o *account.Object) { o.Members = append(o.Members, "id0000", "again") })
					once()
					was := r.account("u0000@example.com")
					r.recreated(c.logon, c.employee)
					got := once()
					here := r.account("u0000@example.com")
					if !c.same {
						if deletes {
							assert.NotEqual(t, was.Home, here.Home, "the mailbox of somebody else")
						} else {
							assert.Equal(t, 1, got.Counts[account.ActionHeld], "an admin decides")
							assert.False(t, here.Active)
						}
						return
					}
					assert.Equal(t, was.Home, here.Home)
					assert.True(t, here.Active)
					assert.Equal(t, "User again", here.Profile[account.Name])
					assert.Zero(t, got.Counts[account.ActionDeleted]+got.Counts[account.ActionDisabled]+got.Counts[account.ActionConflict])
					assert.Contains(t, r.team(), "u0000")
					assert.NotContains(t, r.tables.links, account.SourceID("id0000"))
					require.Contains(t, r.tables.links, account.SourceID("again"))
					assert.Equal(t, account.Created, r.tables.links["again"].Origin)
					assert.Empty(t, r.log(once()), "nothing is left to do")

					r.take("again")
					want := account.ActionDisabled
					if deletes {
						want = account.ActionDeleted
					}
					assert.Equal(t, 1, once().Counts[want])
				})
			}
		}
	}
}

// The same holds for whom an earlier run had switched off, and for groups.
func TestR16_WhoIsMadeAgainLaterKeepsTheMailbox(t *testing.T) {
	r := crowd(t)
	r.res.Settings.Replication.Delete = false
	r.change(0, func(o *account.Object) { o.Profile[account.EmployeeID] = "0042" })
	r.changeGroup("team", func(o *account.Object) { o.Logon = "team" })
	r.once()
	r.take("id0000")
	require.Equal(t, 1, r.once().Counts[account.ActionDisabled])
	r.recreated("new", "0042")
	got := r.once()
	assert.Equal(t, []string{"enabled u0000@example.com", "linked u0000@example.com reason_taken_back"}, r.log(got)[:2])
	assert.True(t, r.account("u0000@example.com").Active)

	team := r.team()
	r.take("team")
	r.put(account.Object{
		ID: "team2", Kind: account.Group, DN: "CN=team", Logon: "team", Mail: []string{"team@example.com"},
		Members: []account.SourceID{"id0020", "id0021", "id0022", "id0023", "id0024", "id0025", "id0026", "id0027", "id0028", "id0029", "id0030", "id0031"},
	})
	got = r.once()
	assert.Equal(t, run.Succeeded, got.Outcome)
	assert.Zero(t, got.Counts[account.ActionConflict]+got.Counts[account.ActionDisabled])
	assert.Equal(t, team, r.team())
	assert.Contains(t, r.tables.links, account.SourceID("team2"))
	assert.NotContains(t, r.tables.links, account.SourceID("team"))
	assert.Empty(t, r.log(r.once()))
}

// A run that is cut off anywhere between the release of the old link and the new one ends where an unbroken one would have.
func TestR19_WhoIsMadeAgainKeepsTheMailboxThoughTheRunIsCutOff(t *testing.T) {
	for _, deletes := range []bool{true, false} {
		for _, method := range []string{"Claim", "Apply", "Settle"} {
			for _, when := range []string{"before", "after"} {
				for nth := 1; nth <= 3; nth++ {
					t.Run(fmt.Sprintf("deletes %v, %s %s %d", deletes, when, method, nth), func(t *testing.T) {
						r := crowd(t)
						r.res.Settings.Replication.Delete = deletes
						r.change(0, func(o *account.Object) { o.Logon = "u0" })
						r.once()
						was := r.account("u0000@example.com")
						r.recreated("u0", "")
						r.cut(method, when, nth)
						r.now = r.now.Add(time.Minute)
						r.once()
						here := r.account("u0000@example.com")
						assert.Equal(t, was.Home, here.Home)
						assert.True(t, here.Active)
						assert.Equal(t, "User again", here.Profile[account.Name])
						assert.NotContains(t, r.tables.links, account.SourceID("id0000"))
						require.Contains(t, r.tables.links, account.SourceID("again"))
						assert.Equal(t, account.Created, r.tables.links["again"].Origin)
						assert.Empty(t, r.log(r.once()))
					})
				}
			}
		}
	}
}

// A directory that is built anew is no reason to hand over everybody unseen, and what it says of their status is guarded like that of
// anybody.
func TestR16_R23_ManyWhoAreMadeAgainWaitForAnAdmin(t *testing.T) {
	made := func(t *testing.T, n int, disabled bool) *harness {
		r := crowd(t)
		for i := range n {
			r.change(i, func(o *account.Object) { o.Logon = fmt.Sprintf("u%d", i) })
		}
		r.once()
		for i := range n {
			o := user(fmt.Sprintf("again%d", i), fmt.Sprintf("u%04d@example.com", i), fmt.Sprintf("Again %d", i))
			o.Logon, o.Disabled, o.Profile[account.Mobile] = fmt.Sprintf("u%d", i), disabled, "+1"
			r.take(account.SourceID(fmt.Sprintf("id%04d", i)))
			r.put(o)
		}
		return r
	}
	for _, mode := range []run.Mode{run.Incremental, run.Full} {
		t.Run(string(mode), func(t *testing.T) {
			once := func(r *harness) run.Run {
				if mode == run.Full {
					r.res.Revision++
				}
				return r.once()
			}
			r := made(t, 6, false)
			before := accounts(r)
			got := once(r)
			assert.Equal(t, map[account.Action]int{account.ActionHeld: 6}, got.Counts)
			assert.Equal(t, "held u0000@example.com reason_held_mass", r.log(got)[0])
			assert.Equal(t, before, accounts(r))
			assert.Contains(t, r.tables.links, account.SourceID("id0000"))
			assert.Equal(t, map[account.Action]int{account.ActionHeld: 6}, once(r).Counts, "they wait")
			r.decide(run.Dismissed)
			assert.Empty(t, once(r).Counts)
			assert.Equal(t, before, accounts(r))
			r.decide(run.Confirmed)
			once(r)
			assert.Equal(t, "Again 0", r.account("u0000@example.com").Profile[account.Name])
			assert.NotContains(t, r.tables.links, account.SourceID("id0000"))
			assert.Empty(t, r.tables.held)

			r = made(t, 4, true) // few, and with one more too many are switched off
			r.change(10, func(o *account.Object) { o.Disabled = true })
			got = once(r)
			assert.Equal(t, 5, got.Counts[account.ActionHeld])
			assert.True(t, r.account("u0000@example.com").Active)
			r.decide(run.Confirmed)
			assert.Equal(t, 5, once(r).Counts[account.ActionDisabled])
			assert.Equal(t, account.Created, r.tables.links["again0"].Origin)
		})
	}
}
