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

// A creation is cut off or refused, and then the directory changes: the next runs end where those of a directory that
// was so from the beginning do. No address is blocked, and no mailbox is nobody's.
func TestR19_TheDirectoryChangesAfterACreationThatWasCutOff(t *testing.T) {
	ann := func() account.Object { return user("a", "ann@example.com", "Ann") }
	for name, change := range map[string]func(*harness){
		"nothing":  func(*harness) {},
		"deleted":  func(r *harness) { r.people.objects = r.people.objects[1:] },
		"disabled": func(r *harness) { r.people.objects[0].Disabled = true },
		"renamed":  func(r *harness) { r.people.objects[0].Mail = []string{"anna@example.com"} },
		"another name": func(r *harness) {
			r.people.objects[0].Profile[account.Name] = "Ann Smith"
		},
		"renamed and disabled": func(r *harness) {
			r.people.objects[0].Mail, r.people.objects[0].Disabled = []string{"anna@example.com"}, true
		},
		"made again": func(r *harness) { r.people.objects[0].ID = "b" },
		"address given to another": func(r *harness) {
			r.people.objects[0].Mail = []string{"anna@example.com"}
			r.people.objects = append(r.people.objects, user("new", "ann@example.com", "New"))
		},
	} {
		for _, deletes := range []bool{true, false} {
			for _, cut := range []string{"Claim after", "Apply before", "Apply after", "Settle before", "refused"} {
				t.Run(fmt.Sprintf("%s, %s, deletes %t", name, cut, deletes), func(t *testing.T) {
					start := func() *harness {
						r := newHarness(t)
						r.res.Settings.Replication.Delete = deletes
						r.people.objects = append([]account.Object{ann()}, users(2)...)
						return r
					}
					r := start()
					switch cut {
					case "refused":
						r.mail.Refuse("ann@example.com", errors.New("locked"))
						r.once()
						r.mail.Refuse("ann@example.com", nil)
					case "Claim after":
						r.cut("Claim", "after", 1)
					case "Apply before":
						r.cut("Apply", "before", 1)
					case "Apply after":
						r.cut("Apply", "after", 1)
					case "Settle before":
						r.cut("Settle", "before", 1)
					}
					_, made := find(r, "ann@example.com")
					r.now = r.now.Add(time.Hour)
					change(r)
					for range 3 {
						assert.Equal(t, run.Succeeded, r.once().Outcome)
					}
					writes := r.mail.Writes()
					r.once()
					assert.Equal(t, writes, r.mail.Writes(), "nothing is left to do")

					want := start()
					if made && name != "nothing" {
						want.once() // it was there before the directory changed
						want.now = want.now.Add(time.Hour)
					}
					change(want)
					want.once()
					want.once()
					assert.Empty(t, cmp.Diff(states(want), states(r)))
					for source, l := range r.tables.links {
						assert.Equal(t, account.Confirmed, l.State, source)
						here, exists := find(r, l.Address)
						assert.True(t, exists, "%s has no account", l.Address)
						assert.Equal(t, l.Home, here.Home, "the link knows the mailbox of %s", l.Address)
					}
				})
			}
		}
	}
}

func find(r *harness, address string) (account.Account, bool) {
	for _, a := range accounts(r) {
		if a.Address == address {
			return a, true
		}
	}
	return account.Account{}, false
}

// states are the accounts, each with the object that it is linked to.
func states(r *harness) map[string]string {
	owners := map[string]account.SourceID{}
	for source, l := range r.tables.links {
		owners[l.Address] = source
	}
	all := map[string]string{}
	for _, a := range accounts(r) {
		all[a.Address] = fmt.Sprintf("%s %q active=%t of %q", a.Kind, a.Profile[account.Name], a.Active, owners[a.Address])
	}
	return all
}

// dirChange is what becomes of two people in the directory.
type dirChange func(ann, bob *account.Object)

// changeTwice links two people, changes them in the directory and calls between, then changes them again and runs once
// more. It returns what between returned.
func changeTwice(t *testing.T, first, then dirChange, deletes bool, between func(*harness) bool) (r *harness, met bool) {
	r = newHarness(t)
	r.config.BatchSize = 1
	r.res.Settings.Replication.Delete = deletes
	ann, bob := user("a", "ann@example.com", "Ann"), user("b", "bob@example.com", "Bob")
	shown := func(change dirChange) {
		ann.ID, bob.ID = "a", "b"
		change(&ann, &bob)
		r.people.objects = users(2)
		for _, o := range []account.Object{ann, bob} {
			if o.ID != "" {
				r.people.objects = append(r.people.objects, o)
			}
		}
		r.now = r.now.Add(time.Hour)
	}
	shown(func(_, _ *account.Object) {})
	r.once()
	shown(first)
	met = between(r)
	shown(then)
	r.once()
	return r, met
}

// Two people are linked, something happens to them in a run that is cut off, and then the directory changes once more:
// one run ends where it would if the run before had done all it wanted, or nothing, and the next has nothing to do.
func TestR19_TheDirectoryChangesAfterARunThatWasCutOff(t *testing.T) {
	all := func(several ...dirChange) dirChange {
		return func(ann, bob *account.Object) {
			for _, happens := range several {
				happens(ann, bob)
			}
		}
	}
	to := func(address string) dirChange {
		return func(ann, _ *account.Object) { ann.Mail = []string{address + "@example.com"} }
	}
	swap := func(ann, bob *account.Object) { ann.Mail, bob.Mail = bob.Mail, ann.Mail }
	off := func(ann, _ *account.Object) { ann.Disabled = true }
	gone := func(ann, _ *account.Object) { ann.ID = "" }
	named := func(ann, _ *account.Object) { ann.Profile[account.Name] = "Ann Smith" }
	firsts := map[string]dirChange{
		"renamed": to("anna"), "disabled": off, "deleted": gone, "updated": named, "swapped": swap,
		"renamed and disabled": all(to("anna"), off), "swapped and disabled": all(swap, off),
		"swapped and updated": all(swap, named),
	}
	thens := map[string]dirChange{
		"nothing": all(), "back at the old address": to("ann"), "renamed again": to("anne"), "disabled": off,
		"enabled": func(ann, _ *account.Object) { ann.Disabled = false },
		"gone":    gone, "updated": named, "swapped": swap,
		"the other is gone":                   func(_, bob *account.Object) { bob.ID = "" },
		"the other is off":                    func(_, bob *account.Object) { bob.Disabled = true },
		"the other has an address of its own": func(_, bob *account.Object) { bob.Mail = []string{"robert@example.com"} },
	}
	for first, happens := range firsts {
		for then, follows := range thens {
			for _, deletes := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s, then %s, deletes %t", first, then, deletes), func(t *testing.T) {
					seen, _ := changeTwice(t, happens, follows, deletes, func(r *harness) bool { r.once(); return true })
					unseen, _ := changeTwice(t, happens, follows, deletes, func(*harness) bool { return true })
					for _, cut := range cuts() {
						r, met := changeTwice(t, happens, follows, deletes, func(r *harness) bool {
							return r.cut(cut.method, cut.when, cut.nth).Outcome == run.Failed
						})
						if !met {
							continue
						}
						if !cmp.Equal(states(unseen), states(r)) {
							assert.Empty(t, cmp.Diff(states(seen), states(r)), "%v", cut)
						}
						for source, l := range r.tables.links {
							here, exists := find(r, l.Address)
							assert.Equal(t, account.Confirmed, l.State, "%v: link of %s", cut, source)
							assert.True(t, exists && (here.Active || (l.Off != "")), "%v: link of %s", cut, source)
						}
						writes := r.mail.Writes()
						r.once()
						assert.Equal(t, writes, r.mail.Writes(), "%v: a second run has nothing to do", cut)
					}
				})
			}
		}
	}
}

type cutAt struct {
	method, when string
	nth          int
}

// cuts are the places where a run of two changes can be cut off.
func cuts() (all []cutAt) {
	for _, method := range []string{"Claim", "Apply", "Settle"} {
		for _, when := range []string{"before", "after"} {
			for nth := 1; nth <= 2; nth++ {
				all = append(all, cutAt{method, when, nth})
			}
		}
	}
	return all
}
