package run_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

func TestR9_AnAccountGoesOffAndOnWithItsOwnForwardings(t *testing.T) {
	r := newHarness(t)
	ann, bob := user("a", "ann@example.com", "Ann"), user("b", "bob@example.com", "Bob")
	directory := func() { r.people.objects = []account.Object{ann, bob} }
	directory()
	r.once()
	r.mail.AddAlias("sales@example.com", "ann@example.com", "bob@example.com")
	r.forward("ann", "home")
	r.forward("bob", "ann")

	ann.Disabled = true
	directory()
	assert.Equal(t, []string{"disabled ann@example.com"}, r.log(r.once()))
	assert.False(t, r.account("ann@example.com").Active)
	assert.False(t, r.carries("ann", "ann") || r.carries("ann", "home"), "mail to it is refused at the door")
	assert.True(t, r.carries("sales", "ann") && r.carries("bob", "ann"), "rows of others are theirs")

	ann.Disabled = false
	directory()
	assert.Equal(t, []string{"enabled ann@example.com"}, r.log(r.once()))
	assert.True(t, r.account("ann@example.com").Active)
	assert.True(t, r.carries("ann", "ann") && r.carries("ann", "home") && r.carries("sales", "ann"))
	assert.Empty(t, r.once().Counts)
}

// What an admin switches on here while the directory has it disabled is no change for an incremental run; a full one
// switches it off again, and what the directory enables comes on.
func TestR9_AnAccountThatWasSwitchedOnHere(t *testing.T) {
	off := func(t *testing.T) (r *harness, ann account.Object) {
		r = counting(t, 2) // an empty listing is not believed
		ann = r.people.objects[0]
		r.forward("u0000", "home")
		disabled := ann
		disabled.Disabled = true
		r.put(disabled)
		r.incremental()
		assert.False(t, r.carries("u0000", "home"))
		r.switchOn(ann.Mail[0])
		return r, ann
	}
	t.Run("and is enabled there", func(t *testing.T) {
		r, ann := off(t)
		r.put(ann)
		assert.Equal(t, map[account.Action]int{account.ActionEnabled: 1}, r.incremental().Counts, "its forwardings were not on")
		assert.True(t, r.carries("u0000", "home"))
		assert.Empty(t, r.tables.links[ann.ID].Off)
	})
	t.Run("and stays disabled there", func(t *testing.T) {
		r, ann := off(t)
		r.now = r.now.Add(25 * time.Hour) // then everything is read
		assert.Equal(t, []string{"disabled " + ann.Mail[0]}, r.log(r.once()))
		r.put(ann)
		r.incremental()
		assert.True(t, r.account(ann.Mail[0]).Active && r.carries("u0000", "home"))
	})
	t.Run("and has left", func(t *testing.T) {
		r, ann := off(t)
		r.res.Settings.Replication.Delete = false
		r.take(ann.ID)
		r.once()
		assert.False(t, r.account(ann.Mail[0]).Active)
		r.put(ann)
		r.once()
		assert.True(t, r.account(ann.Mail[0]).Active && r.carries("u0000", "home"))
	})
}

// A run is cut off before the account was switched off, and then the directory has changed its mind: nobody has seen it
// off, and nobody reads that it came on.
func TestR19_DisabledAndWantedAgain(t *testing.T) {
	r := counting(t, 1)
	ann := r.people.objects[0]
	off := ann
	off.Disabled = true
	r.put(off)
	r.cut("Apply", "before", 1)
	r.put(ann)
	got := r.once()
	assert.Empty(t, got.Counts)
	assert.True(t, r.account(ann.Mail[0]).Active)
	assert.Equal(t, account.Confirmed, r.tables.links[ann.ID].State)
	assert.Empty(t, r.tables.links[ann.ID].Off)
}

// cut runs once with a port that fails at its nth call.
func (r *harness) cut(method, when string, nth int) run.Run {
	faulty := &cutting{tables: r.tables, backend: r.mail, method: method, when: when, nth: nth, err: errors.New("cut off")}
	r.config.Backend, r.config.Links, r.config.Journal = faulty, faulty, faulty
	defer func() { r.config.Backend, r.config.Links, r.config.Journal = r.mail, r.tables, r.tables }()
	return r.once()
}

// People who are off, or go off or on, while addresses change hands: their forwardings follow once, however often the
// renaming is begun.
func TestR19_ForwardingsFollowARenamingThatIsCutOff(t *testing.T) {
	people := func(a, b, c, d, e account.Object) []account.Object { return []account.Object{a, b, c, d, e} }
	prepare := func(r *harness) {
		r.res.Settings.Replication.MaxRemovalPercent = 100 // nearly everybody changes
		a, b, c := user("a", "a@example.com", "A"), user("b", "b@example.com", "B"), user("c", "c@example.com", "C")
		d, e := user("d", "d@example.com", "D"), user("e", "e@example.com", "E")
		r.people.objects = people(a, b, c, d, e)
		r.once()
		r.mail.AddAlias("team@example.com", "a@example.com", "d@example.com", "e@example.com")
		r.mail.AddAlias("boss@example.com", "b@example.com")
		r.forward("e", "c")
		a.Disabled, e.Disabled = true, true
		r.people.objects = people(a, b, c, d, e)
		r.once()
		r.now = r.now.Add(time.Hour)
		// A, who is off, and B swap; D, who goes off, leaves to E, who comes back, what he had; C goes where nobody was.
		a.Mail, b.Mail = b.Mail, a.Mail
		e.Mail, d.Mail, c.Mail = d.Mail, []string{"new@example.com"}, []string{"elsewhere@example.com"}
		d.Disabled, e.Disabled = true, false
		r.people.objects = people(a, b, c, d, e)
	}
	back := func(r *harness) {
		for i := range r.people.objects {
			r.people.objects[i].Disabled = false
		}
		r.once()
	}
	want := newHarness(t)
	prepare(want)
	want.once()
	assert.True(t, want.carries("d", "elsewhere") && !want.carries("new", "new") && want.carries("team", "new"))
	back(want)
	assert.True(t, want.carries("b", "b") && want.carries("team", "b"))

	for _, method := range []string{"Claim", "Settle", "Apply"} {
		for _, when := range []string{"before", "after"} {
			for _, cuts := range []int{1, 2} {
				t.Run(fmt.Sprintf("%s %s %d", method, when, cuts), func(t *testing.T) {
					r := newHarness(t)
					prepare(r)
					for range cuts {
						assert.Equal(t, run.Failed, r.cut(method, when, 1).Outcome)
						if when == "after" && method == "Settle" {
							break // it is done
						}
					}
					r.once()
					back(r)
					assert.Empty(t, cmp.Diff(accounts(want), accounts(r)))
					assert.Empty(t, cmp.Diff(want.mail.Routes(), r.mail.Routes()))
					assert.Empty(t, cmp.Diff(want.tables.links, r.tables.links))
					assert.Empty(t, cmp.Diff(diffs(want), diffs(r)), "log rows: nothing twice, nothing lost, nothing made up")
				})
			}
		}
	}
}

// diffs are what the log of all runs says of each account's changes.
func diffs(r *harness) map[string]int {
	seen := map[string]int{}
	for _, row := range r.tables.runs {
		for _, e := range r.tables.entries[row.ID] {
			seen[fmt.Sprint(e.Action, " ", e.Address, " ", e.Diff)]++
		}
	}
	return seen
}

// Ann and Bob have swapped addresses in a run that was cut off. The next one switches Carl off, to whom Ann forwards, and
// only writes down the swap.
func TestR19_DisablingBesideARenamingThatHasHappened(t *testing.T) {
	r := newHarness(t)
	ann, bob, carl := user("a", "ann@example.com", "Ann"), user("b", "bob@example.com", "Bob"), user("c", "carl@example.com", "Carl")
	directory := func() { r.people.objects = []account.Object{ann, bob, carl} }
	directory()
	r.once()
	r.forward("ann", "carl")
	ann.Mail, bob.Mail = bob.Mail, ann.Mail
	directory()
	r.cut("Apply", "after", 1)
	for _, off := range []bool{true, false} {
		carl.Disabled = off
		directory()
		r.once()
		assert.Equal(t, !off, r.carries("carl", "carl"))
	}
	assert.True(t, r.carries("bob", "carl") && r.carries("bob", "bob") && r.carries("ann", "ann"))
	assert.False(t, r.carries("ann", "carl"))
}
