package run_test

import (
	"context"
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
	if q.Addresses == nil && q.Homes == nil {
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
		change  func(*harness)
		aliases bool // it may alter an alias: where groups are replicated, all is read
	}{
		"another name":    {func(r *harness) { r.put(user("id0003", "u0003@example.com", "Other")) }, false},
		"nothing here":    {func(r *harness) { r.put(user("id0003", "u0003@example.com", "User 3")) }, false},
		"no address":      {func(r *harness) { r.put(user("new", "", "New")) }, true},
		"a newcomer":      {func(r *harness) { r.put(user("new", "New@Example.com", "New")) }, true},
		"a taken address": {func(r *harness) { r.put(user("new", "u0004@example.com", "New")) }, true},
		"an account that is here": {func(r *harness) {
			r.mail.AddAccount(account.Account{Address: "here@example.com", Kind: account.Mailbox, Active: true, Home: "/here/"})
			r.put(user("new", "here@example.com", "New"))
		}, true},
		"a rename": {func(r *harness) { r.put(user("id0003", "moved@example.com", "User 3")) }, true},
		"a swap": {func(r *harness) {
			r.put(user("id0003", "u0004@example.com", "User 3"))
			r.put(user("id0004", "u0003@example.com", "User 4"))
		}, true},
		"a disabling": {func(r *harness) {
			o := user("id0003", "u0003@example.com", "User 3")
			o.Disabled = true
			r.put(o)
		}, true},
		"a leaver": {func(r *harness) { r.take("id0003") }, true},
		"a leaver and an heir": {func(r *harness) {
			r.take("id0003")
			r.put(user("new", "u0003@example.com", "New"))
		}, true},
		"an account that was deleted by hand": {func(r *harness) {
			r.mail.Remove("u0003@example.com")
			r.put(user("id0003", "u0003@example.com", "User 3"))
		}, true},
		"a removal that the guard holds": {func(r *harness) {
			r.res.Settings.Replication.MaxRemovals = 0
			r.take("id0003")
		}, true},
	} {
		for _, groups := range []bool{false, true} {
			replicate := func(all bool) (*harness, *wholeReads, run.Run) {
				r := counting(t, 9)
				if groups {
					r.res.Settings.Replication.Groups = true
					r.put(account.Object{ID: "g", Kind: account.Group, DN: "CN=g", Mail: []string{"team@example.com"}, Members: []account.SourceID{"id0003"}})
					r.res.Revision++
					r.once()
				}
				c.change(r)
				r.config.Storage.AppendTimestamp = !all
				w := &wholeReads{tables: r.tables, Backend: r.mail}
				r.config.Links, r.config.Backend = w, w
				return r, w, r.incremental()
			}
			asking, whole, got := replicate(false)
			reading, _, want := replicate(true)
			assert.Equal(t, groups && c.aliases, whole.accounts > 0, "%s, groups %t: all accounts were read", name, groups)
			assert.Equal(t, groups && c.aliases, whole.links > 0, "%s, groups %t: all links were read", name, groups)
			assert.Empty(t, cmp.Diff(reading.log(want), asking.log(got)), "%s, groups %t", name, groups)
			assert.Empty(t, cmp.Diff(states(reading), states(asking)), "%s, groups %t", name, groups)
		}
	}
}
