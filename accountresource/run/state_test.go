package run_test

import (
	"context"
	"fmt"
	"iter"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
	"github.com/mailpanel/account-resource/backends"
)

// wholeReads counts what reads all links, and all accounts.
type wholeReads struct {
	*tables
	backends.Backend
	links, accounts int
}

func (w *wholeReads) Links(ctx context.Context, resource int64, domain string) iter.Seq2[account.Link, error] {
	w.links++
	return w.tables.Links(ctx, resource, domain)
}

func (w *wholeReads) Accounts(ctx context.Context, domain string, q backends.Query) iter.Seq2[account.Account, error] {
	if q.Addresses == nil && q.Homes == nil && q.Having == nil {
		w.accounts++
	}
	return w.Backend.Accounts(ctx, domain, q)
}

// Of keeps the links' apart from the backend's.
func (w *wholeReads) Of(ctx context.Context, resource int64, ids []account.SourceID) ([]account.Link, error) {
	return w.tables.Of(ctx, resource, ids)
}

// An incremental run asks for the links and accounts that its objects have to do with, and ends as one that reads all of them.
func TestR17_AnIncrementalRunAsksForWhatItsObjectsHaveToDoWith(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*harness)
		all    bool // with groups, all is read
	}{
		"another name":    {func(r *harness) { r.put(user("id0003", "u0003@example.com", "Other")) }, false},
		"nothing here":    {func(r *harness) { r.put(user("id0003", "u0003@example.com", "User 3")) }, false},
		"no address":      {func(r *harness) { r.put(user("new", "", "New")) }, false},
		"a newcomer":      {func(r *harness) { r.put(user("new", "New@Example.com", "New")) }, false},
		"a taken address": {func(r *harness) { r.put(user("new", "u0004@example.com", "New")) }, false},
		"an account that is here": {func(r *harness) {
			r.mail.AddAccount(account.Account{Address: "here@example.com", Kind: account.Mailbox, Active: true, Home: "/here/"})
			r.put(user("new", "here@example.com", "New"))
		}, false},
		"a rename": {func(r *harness) { r.put(user("id0003", "moved@example.com", "User 3")) }, false},
		"a swap": {func(r *harness) {
			r.put(user("id0003", "u0004@example.com", "User 3"))
			r.put(user("id0004", "u0003@example.com", "User 4"))
		}, false},
		"a disabling": {func(r *harness) {
			o := user("id0003", "u0003@example.com", "User 3")
			o.Disabled = true
			r.put(o)
		}, false},
		"a leaver": {func(r *harness) { r.take("id0003") }, false},
		"a leaver and an heir": {func(r *harness) {
			r.take("id0003")
			r.put(user("new", "u0003@example.com", "New"))
		}, false},
		"an account that was deleted by hand": {func(r *harness) {
			r.mail.Remove("u0003@example.com")
			r.put(user("id0003", "u0003@example.com", "User 3"))
		}, false},
		"a removal that the guard holds": {func(r *harness) {
			r.res.Settings.Replication.MaxRemovals = 0
			r.take("id0003")
		}, false},
		"a contact was deleted": {func(r *harness) {
			r.people.touch(run.ChangedObject{ID: "gone", Kind: account.Contact, Deleted: true})
		}, true},
		"a group of the directory changed": {func(r *harness) { r.changeTeam(func(*account.Object) {}) }, false},
		"a member joins and another leaves": {func(r *harness) {
			r.changeTeam(func(g *account.Object) { g.Members = []account.SourceID{"id0005", "id0006", "sub"} })
		}, false},
		"a group gets another address and name": {func(r *harness) {
			r.changeTeam(func(g *account.Object) { g.Mail, g.Profile[account.Name] = []string{"crew@example.com"}, "Crew" })
		}, false},
		"a group loses its address": {func(r *harness) { r.changeTeam(func(g *account.Object) { g.Mail = nil }) }, false},
		"a group in a group changes": {func(r *harness) {
			r.put(account.Object{ID: "sub", Kind: account.Group, DN: "CN=sub", Members: []account.SourceID{"id0007", "team"}})
		}, false},
		"a group in a group leaves": {func(r *harness) {
			r.take("sub")
			r.people.touch(run.ChangedObject{ID: "sub", Kind: account.Group, Deleted: true})
			r.changeTeam(func(g *account.Object) { g.Members = []account.SourceID{"id0003"} })
		}, true}, // it had no account, so nobody knows what it was in
		"an alias in an alias changes": {func(r *harness) {
			r.put(account.Object{ID: "unit", Kind: account.Group, DN: "CN=unit", Mail: []string{"unit2@example.com"}, Members: []account.SourceID{"id0001"}})
		}, false},
		"an alias in an alias leaves": {func(r *harness) {
			r.take("unit")
			r.people.touch(run.ChangedObject{ID: "unit", Kind: account.Group, Deleted: true})
		}, false},
		"a new group": {func(r *harness) {
			r.put(account.Object{
				ID: "new", Kind: account.Group, DN: "CN=new", Mail: []string{"new@example.com"},
				Members: []account.SourceID{"id0001", "id0002", "outside", "nobody", "team"},
			})
		}, false},
		"a new group at a person's address": {func(r *harness) {
			r.put(account.Object{ID: "new", Kind: account.Group, DN: "CN=new", Mail: []string{"u0001@example.com"}})
		}, false},
		"somebody outside moves": {func(r *harness) {
			r.people.outside[0].Mail, r.people.outside[0].External = nil, []string{"moved@elsewhere.example"}
			r.people.usn++
			r.people.outside[0].USN = r.people.usn
		}, false},
		"the manager is disabled": {func(r *harness) {
			o := user("id0008", "u0008@example.com", "User 8")
			o.Disabled = true
			r.put(o)
		}, false},
		"a person has another primary group": {func(r *harness) {
			o := user("id0002", "u0002@example.com", "User 2")
			o.Primary = 1105
			r.put(o)
			r.changeTeam(func(*account.Object) {}) // as the directory has it
		}, false},
	} {
		for _, groups := range []bool{false, true} {
			replicate := func(all bool) (*harness, *wholeReads, run.Run) {
				r := counting(t, 9)
				r.res.Settings.Replication.Groups = groups
				r.res.Settings.Groups.Moderator = true
				r.people.tombstones = true
				r.people.outside = []account.Object{{ID: "outside", Kind: account.User, DN: "CN=outside", External: []string{"out@elsewhere.example"}}}
				r.put(account.Object{ID: "unit", Kind: account.Group, DN: "CN=unit", Mail: []string{"unit@example.com"}, Members: []account.SourceID{"id0001"}})
				r.put(account.Object{ID: "sub", Kind: account.Group, DN: "CN=sub", Members: []account.SourceID{"id0004", "team"}})
				r.put(account.Object{
					ID: "team", Kind: account.Group, DN: "CN=team", Mail: []string{"team@example.com"}, Primary: 1105, Manager: "id0008",
					Members: []account.SourceID{"id0003", "sub", "unit", "outside"},
				})
				r.res.Revision++
				r.once()
				r.tables.mark.Tombstones = true
				c.change(r)
				r.config.Storage.AppendTimestamp = !all
				w := &wholeReads{tables: r.tables, Backend: r.mail}
				r.config.Links, r.config.Backend = w, w
				return r, w, r.incremental()
			}
			asking, whole, got := replicate(false)
			reading, _, want := replicate(true)
			assert.Equal(t, groups && c.all, whole.accounts > 0, "%s, groups %t: all accounts were read", name, groups)
			assert.Equal(t, groups && c.all, whole.links > 0, "%s, groups %t: all links were read", name, groups)
			assert.Empty(t, cmp.Diff(reading.log(want), asking.log(got)), "%s, groups %t", name, groups)
			assert.Empty(t, cmp.Diff(states(reading), states(asking)), "%s, groups %t", name, groups)
		}
	}
}

// What an incremental run asks for does not depend on how many accounts there are.
func TestR17_AnIncrementalRunAsksAsMuchOfManyAccountsAsOfFew(t *testing.T) {
	for name, change := range map[string]func(*harness){
		"nothing":           func(*harness) {},
		"a name":            func(r *harness) { r.put(user("id0003", "u0003@example.com", "Other")) },
		"a member's rename": func(r *harness) { r.put(user("id0003", "moved@example.com", "User 3")) },
		"a new group": func(r *harness) {
			r.put(account.Object{ID: "new", Kind: account.Group, DN: "CN=new", Mail: []string{"new@example.com"}, Members: []account.SourceID{"id0001"}})
		},
		"a leaver": func(r *harness) { r.take("id0003") },
	} {
		asked := func(n int) (calls map[string]int, queries int) {
			r := counting(t, n)
			r.res.Settings.Replication.Groups = true
			for i := range n / 10 {
				id := fmt.Sprintf("team%04d", i)
				r.put(account.Object{
					ID: account.SourceID(id), Kind: account.Group, DN: "CN=" + id, Mail: []string{id + "@example.com"},
					Members: []account.SourceID{account.SourceID(fmt.Sprintf("id%04d", 3+i)), "id0001"},
				})
			}
			r.res.Revision++
			r.once()
			r.tables.mark.Tombstones = true
			change(r)
			w := &wholeReads{tables: r.tables, Backend: r.mail}
			r.config.Links, r.config.Backend = w, w
			clear(r.tables.calls)
			r.people.queries = 0
			assert.Equal(t, run.Succeeded, r.incremental().Outcome)
			assert.Zero(t, w.links+w.accounts, name)
			delete(r.tables.calls, "Renew") // by the clock
			delete(r.tables.calls, "Progress")
			return r.tables.calls, r.people.queries
		}
		few, queries := asked(50)
		many, queriesOfMany := asked(1000)
		assert.Empty(t, cmp.Diff(few, many), name)
		assert.Equal(t, queries, queriesOfMany, name)
	}
}
