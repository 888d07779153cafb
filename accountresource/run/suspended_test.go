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

// People who are off, or go off or on, while addresses change hands: what their links remember follows once, however
// often the renaming is begun.
func TestR19_WhatIsSwitchedOffFollowsARenamingThatIsCutOff(t *testing.T) {
	people := func(a, b, c, d, e account.Object) []account.Object { return []account.Object{a, b, c, d, e} }
	prepare := func(r *rig) {
		a, b, c := user("a", "a@example.com", "A"), user("b", "b@example.com", "B"), user("c", "c@example.com", "C")
		d, e := user("d", "d@example.com", "D"), user("e", "e@example.com", "E")
		r.people.objects = people(a, b, c, d, e)
		r.once()
		r.mail.AddAlias("team@example.com", "a@example.com", "d@example.com", "e@example.com")
		r.mail.AddAlias("boss@example.com", "b@example.com")
		r.mail.AddRoute(account.Route{Address: "e@example.com", Forwarding: "c@example.com"}, true)
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
	back := func(r *rig) {
		for i := range r.people.objects {
			r.people.objects[i].Disabled = false
		}
		r.once()
	}
	want := newRig(t)
	prepare(want)
	want.once()
	back(want)
	assert.Len(t, want.account("b@example.com").Routes, 2, "to himself, and from the team")

	for _, method := range []string{"Claim", "Settle", "Apply"} {
		for _, when := range []string{"before", "after"} {
			for _, cuts := range []int{1, 2} {
				t.Run(fmt.Sprintf("%s %s %d", method, when, cuts), func(t *testing.T) {
					r := newRig(t)
					prepare(r)
					for range cuts {
						faulty := &cutting{
							ledger: r.ledger, backend: r.mail, method: method, when: when, nth: 1, err: errors.New("cut off"),
						}
						r.config.Backend, r.config.Links, r.config.Journal = faulty, faulty, faulty
						assert.Equal(t, run.Failed, r.once().Outcome)
						r.config.Backend, r.config.Links, r.config.Journal = r.mail, r.ledger, r.ledger
						if when == "after" && method == "Settle" {
							break // it is done
						}
					}
					r.once()
					back(r)
					assert.Empty(t, cmp.Diff(accounts(want), accounts(r)))
					assert.Empty(t, cmp.Diff(want.ledger.links, r.ledger.links))
					assert.Empty(t, cmp.Diff(diffs(want), diffs(r)), "log rows: nothing twice, nothing lost, nothing made up")
				})
			}
		}
	}
}

// diffs are what the log of all runs says of each account's changes.
func diffs(r *rig) map[string]int {
	seen := map[string]int{}
	for _, row := range r.ledger.runs {
		for _, e := range r.ledger.entries[row.ID] {
			seen[fmt.Sprint(e.Action, " ", e.Address, " ", e.Diff)]++
		}
	}
	return seen
}

// Ann and Bob have swapped addresses in a run that was cut off. The next one switches Carl off, to whom Ann forwards, and only
// writes down the swap.
func TestR19_WhoGoesOffBesideARenamingThatHasHappened(t *testing.T) {
	r := newRig(t)
	ann, bob, carl := user("a", "ann@example.com", "Ann"), user("b", "bob@example.com", "Bob"), user("c", "carl@example.com", "Carl")
	directory := func() { r.people.objects = []account.Object{ann, bob, carl} }
	directory()
	r.once()
	r.mail.AddRoute(account.Route{Address: "ann@example.com", Forwarding: "carl@example.com"}, true)
	ann.Mail, bob.Mail = bob.Mail, ann.Mail
	directory()
	faulty := &cutting{ledger: r.ledger, backend: r.mail, method: "Apply", when: "after", nth: 1, err: errors.New("cut off")}
	r.config.Backend, r.config.Links, r.config.Journal = faulty, faulty, faulty
	r.once()
	r.config.Backend, r.config.Links, r.config.Journal = r.mail, r.ledger, r.ledger
	for _, off := range []bool{true, false} {
		carl.Disabled = off
		directory()
		r.once()
	}
	assert.Contains(t, r.account("bob@example.com").Routes, account.Route{Address: "bob@example.com", Forwarding: "carl@example.com"})
	assert.Equal(t, []account.Route{{Address: "ann@example.com", Forwarding: "ann@example.com"}}, r.account("ann@example.com").Routes)
}
