package run_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// withMobiles is a harness with n users who have a mobile number, which the mail store stores, and a title, which it does not.
func withMobiles(t *testing.T, n int) *harness {
	t.Helper()
	r := counting(t, n)
	r.res.Settings.Replication.MaxRemovals, r.res.Settings.Replication.MaxRemovalPercent = 1000, 100 // rule R23 is tested by itself
	for i := range n {
		o := user(fmt.Sprintf("id%04d", i), fmt.Sprintf("u%04d@example.com", i), fmt.Sprintf("User %d", i))
		o.Profile[account.Mobile], o.Profile[account.Title] = "+1", "Chief"
		r.put(o)
	}
	r.once()
	return r
}

// hide has users from a number on show neither of them, as where the bind account lost the right to read them.
func (r *harness) hide(from int) {
	for i := from; i < len(r.people.objects); i++ {
		o := r.people.objects[i]
		o.Profile[account.Mobile], o.Profile[account.Title] = "", ""
		r.put(o)
	}
}

// mobiles counts the accounts that have a mobile number, and the links that keep a title.
func (r *harness) mobiles() (stored, kept int) {
	for _, a := range accounts(r) {
		if a.Profile[account.Mobile] != "" {
			stored++
		}
	}
	for _, l := range r.tables.links {
		if l.ExtraProfile[account.Title] != "" {
			kept++
		}
	}
	return stored, kept
}

func TestR22_AnAttributeThatNobodyShowsIsClearedNowhere(t *testing.T) {
	for name, c := range map[string]struct {
		users, from int
		want        int // accounts that keep their values
	}{
		"nobody shows it":        {24, 0, 24},
		"one still shows it":     {24, 1, 1},
		"a handful does not":     {24, 20, 20},
		"too few to doubt of it": {19, 0, 0},
	} {
		for _, mode := range []run.Mode{run.Incremental, run.Full} {
			r := withMobiles(t, c.users)
			r.hide(c.from)
			if c.from == 0 {
				renamed := r.people.objects[3]
				renamed.Mail = []string{"moved@example.com"}
				r.put(renamed)
			}
			if mode == run.Full {
				r.res.Revision++
			}
			got := r.once()
			assert.Equal(t, mode, got.Mode, name)
			stored, kept := r.mobiles()
			assert.Equal(t, []int{c.want, c.want}, []int{stored, kept}, "%s, %s run", name, mode)
			var rows []string
			for _, e := range r.tables.entries[got.ID] {
				if e.Action == account.ActionIgnored {
					rows = append(rows, e.Reason.Key+" "+e.Reason.Args["Count"])
				}
			}
			if c.want == c.users {
				assert.Equal(t, []string{"reason_attribute_unreadable 24", "reason_attribute_unreadable 24"}, rows, "%s, %s run", name, mode)
				assert.Equal(t, 1, got.Counts[account.ActionRenamed], "the rest is done")
			} else {
				assert.Empty(t, rows, "%s, %s run", name, mode)
			}
		}
	}
}

// A field that nobody shows any more stays as it is also where its objects change one at a time.
func TestR22_AnAttributeThatIsLostOneByOneIsClearedNowhere(t *testing.T) {
	r := withMobiles(t, 24)
	for i := range r.people.objects {
		r.people.objects[i].Profile[account.Mobile] = "" // unreadable, which changes no object
	}
	for i := range 5 {
		o := r.people.objects[i]
		o.Profile[account.Name] = "Other"
		r.put(o)
		assert.Equal(t, 1, r.incremental().Counts[account.ActionUpdated])
	}
	stored, _ := r.mobiles()
	assert.Equal(t, 24, stored)
}

// A bind account that may not read the change counters of objects sees no change: everything is read.
func TestR22_R17_CountersThatCannotBeReadAreNotFollowed(t *testing.T) {
	r := counting(t, 9)
	for i := range r.people.objects {
		r.people.objects[i].USN = 0
	}
	for n := range 3 {
		r.people.objects[n].Profile[account.Name] = "Other"
		got := r.once()
		assert.Equal(t, run.Full, got.Mode)
		assert.Equal(t, []string{fmt.Sprintf("updated u%04d@example.com", n)}, r.log(got))
	}
	r.people.objects = nil // an empty scope has none to show
	r.once()
	assert.Equal(t, run.Incremental, r.once().Mode)
}
