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
	for name, change := range map[string]func(*rig){
		"nothing":  func(*rig) {},
		"deleted":  func(r *rig) { r.people.objects = r.people.objects[1:] },
		"disabled": func(r *rig) { r.people.objects[0].Disabled = true },
		"renamed":  func(r *rig) { r.people.objects[0].Mail = []string{"anna@example.com"} },
		"another name": func(r *rig) {
			r.people.objects[0].Profile[account.Name] = "Ann Smith"
		},
		"renamed and disabled": func(r *rig) {
			r.people.objects[0].Mail, r.people.objects[0].Disabled = []string{"anna@example.com"}, true
		},
		"made again": func(r *rig) { r.people.objects[0].ID = "b" },
		"address given to another": func(r *rig) {
			r.people.objects[0].Mail = []string{"anna@example.com"}
			r.people.objects = append(r.people.objects, user("new", "ann@example.com", "New"))
		},
	} {
		for _, deletes := range []bool{true, false} {
			for _, cut := range []string{"Claim after", "Apply before", "Apply after", "Settle before", "refused"} {
				t.Run(fmt.Sprintf("%s, %s, deletes %t", name, cut, deletes), func(t *testing.T) {
					start := func() *rig {
						r := newRig(t)
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
					for source, l := range r.ledger.links {
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

func find(r *rig, address string) (account.Account, bool) {
	for _, a := range accounts(r) {
		if a.Address == address {
			return a, true
		}
	}
	return account.Account{}, false
}

// states are the accounts, each with the object that it is linked to.
func states(r *rig) map[string]string {
	owners := map[string]account.SourceID{}
	for source, l := range r.ledger.links {
		owners[l.Address] = source
	}
	all := map[string]string{}
	for _, a := range accounts(r) {
		all[a.Address] = fmt.Sprintf("%s %q active=%t of %q", a.Kind, a.Profile[account.Name], a.Active, owners[a.Address])
	}
	return all
}
