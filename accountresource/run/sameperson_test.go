package run_test

import (
	"fmt"
	"testing"

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
							assert.Equal(t, 1, got.Counts[account.ActionConflict])
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
	assert.Equal(t, []string{"enabled u0000@example.com"}, r.log(got)[:1])
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
