//go:build integration

package integration_test

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	difference "github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/directory"
	"github.com/mailpanel/account-resource/accountresource/directory/fakead"
	"github.com/mailpanel/account-resource/accountresource/resource"
	runs "github.com/mailpanel/account-resource/accountresource/run"
	"github.com/mailpanel/account-resource/accountresource/store"
	"github.com/mailpanel/account-resource/backends"
	"github.com/mailpanel/account-resource/backends/openldap"
)

// world is a directory in which something of every kind happens round by round, and a resource that follows it, while
// something goes wrong in between.
type world struct {
	t      *testing.T
	ad     *fakead.Server
	domain string
	random *rand.Rand
	people []*figure
	teams  []*team
	named  int // how many names have been given

	clean    backends.Backend          // the store without faults
	inTree   bool                      // it is OpenLDAP, where a mailbox needs no row to itself
	selfRow  func(address string) bool // reports whether that row is active, where there are any
	kept     *store.Store
	id       int64
	settings resource.Settings
	config   runs.Config // without faults
	executed int         // runs
	seen     int64       // the newest run of earlier rounds
	expected map[string]int
	homes    map[*figure]string // where the mail of those lies who were there before the round
}

// figure is somebody in the directory.
type figure struct {
	dn, local, name string
	off             bool
	changed         bool // in this round
}

// team is a group of the directory.
type team struct {
	dn, local string
	members   []*figure
}

// worldSize is how many people there are.
const worldSize = 26

func newWorld(t *testing.T, domain string, backend backends.Backend, tables *sql.DB) *world {
	t.Helper()
	ad, err := fakead.Start(fakead.Options{Domain: domain})
	require.NoError(t, err)
	t.Cleanup(func() { _ = ad.Close() })
	require.NoError(t, ad.Populate(0, 0))
	reader, err := ad.Reader("reader", "reader-Secret-1")
	require.NoError(t, err)
	w := &world{
		t: t, ad: ad, domain: domain, random: rand.New(rand.NewPCG(1, 2)), clean: backend,
		homes: map[*figure]string{}, settings: resource.Defaults(),
	}
	_, w.inTree = backend.(*openldap.Backend)
	w.kept = w.storeIn(tables)
	w.settings.Connection = resource.Connection{
		Domain: domain, Host: "127.0.0.1", Port: ad.Addr().Port, Timeout: 30, BaseDN: ad.StaffOU(),
		BindDN: reader, BindPassword: resource.NewSecret("reader-Secret-1"),
	}
	r := &w.settings.Replication
	r.Groups, r.Delete, r.KeepDays, r.MaxRemovals, r.MaxRemovalPercent = true, true, 30, 100_000, 100
	w.id, err = w.kept.Resources().Create(t.Context(), resource.Samba, w.settings)
	require.NoError(t, err)
	require.NoError(t, w.kept.Resources().SetEnabled(t.Context(), w.id, true))
	w.config = w.configOf(w.kept, backend)
	for range worldSize {
		w.comes(w.fresh())
	}
	for i := range 9 {
		w.founded(i)
	}
	w.settles(runs.Full)
	return w
}

// clock goes on by two seconds with each run. No two runs begin in the same second - mail directories carry it, and would
// have to be told apart where an address changes hands - and the lease of a run that could not give it back has expired.
func (w *world) clock() time.Time {
	return time.Now().Add(2 * time.Second * time.Duration(w.executed))
}

// storeIn are the module's tables by way of a pool.
func (w *world) storeIn(tables *sql.DB) *store.Store {
	w.t.Helper()
	kept, err := store.Open(w.t.Context(), tables, store.Options{Keys: [][32]byte{{}}, Logger: slog.New(slog.DiscardHandler), Clock: w.clock, LeaseClock: w.clock})
	require.NoError(w.t, err)
	return kept
}

// configOf is how runs work with the stores given.
func (w *world) configOf(kept *store.Store, backend backends.Backend) runs.Config {
	logger := slog.New(slog.DiscardHandler)
	return runs.Config{
		OpenReader: directory.Options{PageSize: 8, Logger: logger}.Open,
		Mail:       runs.Mail{Backend: backend, Storage: backends.DefaultStorage()},
		Store: runs.Store{
			Links: kept.Links(), Journal: kept.Runs(), Leases: kept.Leases(), Removals: kept.Removals(), Watermarks: kept.Watermarks(),
		},
		Timing: runs.Timing{LeaseTTL: 1500 * time.Millisecond},
		Owner:  "world", Logger: logger, Clock: w.clock, BatchSize: 7,
	}
}

func (w *world) fresh() string { w.named++; return fmt.Sprintf("p%05d", w.named) }

func (w *world) at(local string) string { return local + "@" + w.domain }

func (w *world) comes(local string) *figure {
	w.t.Helper()
	f := &figure{dn: fmt.Sprintf("CN=P %05d %s,%s", w.named, local, w.ad.StaffOU()), local: local, name: "Name of " + local, changed: true}
	require.NoError(w.t, w.ad.Add(f.dn, fakead.Attributes{
		"objectClass": {"user"}, "userPrincipalName": {w.at(local)}, "userAccountControl": {"66048"}, "displayName": {f.name},
	}))
	w.people = append(w.people, f)
	return f
}

func (w *world) founded(i int) {
	w.t.Helper()
	g := &team{dn: fmt.Sprintf("CN=Team %d,%s", i, w.ad.StaffOU()), local: fmt.Sprintf("team%d", i)}
	require.NoError(w.t, w.ad.Add(g.dn, fakead.Attributes{"objectClass": {"group"}, "mail": {w.at(g.local)}}))
	for n := range 4 {
		g.members = append(g.members, w.people[(i*3+n)%len(w.people)])
	}
	w.teams = append(w.teams, g)
	w.enrol(g)
}

// enrol writes a team's members into the directory.
func (w *world) enrol(g *team) {
	w.t.Helper()
	dns := make([]string, len(g.members))
	for i, f := range g.members {
		dns[i] = f.dn
	}
	require.NoError(w.t, w.ad.Modify(g.dn, fakead.Attributes{"member": dns}))
}

// somebody is one of the people to whom nothing has happened in this round.
func (w *world) somebody(off bool) *figure {
	w.t.Helper()
	for _, i := range w.random.Perm(len(w.people)) {
		if f := w.people[i]; f.off == off && !f.changed {
			f.changed = true
			return f
		}
	}
	w.t.Fatal("nobody is left to whom nothing has happened")
	return nil
}

func (w *world) change(f *figure, attribute, value string) {
	w.t.Helper()
	require.NoError(w.t, w.ad.Modify(f.dn, fakead.Attributes{attribute: {value}}))
}

func (w *world) moves(f *figure, local string) {
	w.t.Helper()
	f.local = local
	w.change(f, "userPrincipalName", w.at(local))
}

func (w *world) leaves(f *figure) {
	w.t.Helper()
	require.NoError(w.t, w.ad.Delete(f.dn))
	is := func(other *figure) bool { return other == f }
	w.people = slices.DeleteFunc(w.people, is)
	for _, g := range w.teams {
		g.members = slices.DeleteFunc(g.members, is)
	}
	delete(w.homes, f)
}

// changesSomething has something of every kind happen, and writes down what the log must say of it.
func (w *world) changesSomething() {
	w.t.Helper()
	w.expected = map[string]int{}
	logs := func(a account.Action, f *figure) { w.expected[string(a)+" "+f.dn]++ }

	a, b := w.somebody(false), w.somebody(false) // they swap
	from := a.local
	w.moves(a, b.local)
	w.moves(b, from)
	c, d := w.somebody(false), w.somebody(false) // a chain
	from = c.local
	w.moves(c, d.local)
	w.moves(d, w.fresh())
	for _, f := range []*figure{a, b, c, d} {
		logs(account.ActionRenamed, f)
	}
	n := w.comes(from) // who takes what the chain left
	logs(account.ActionCreated, n)

	f := w.somebody(false)
	f.name = "Other " + w.fresh()
	w.change(f, "displayName", f.name)
	logs(account.ActionUpdated, f)
	f = w.somebody(false)
	f.off = true
	w.change(f, "userAccountControl", "66050")
	logs(account.ActionDisabled, f)
	if slices.ContainsFunc(w.people, func(f *figure) bool { return f.off && !f.changed }) {
		f = w.somebody(true)
		f.off = false
		w.change(f, "userAccountControl", "66048")
		logs(account.ActionEnabled, f)
	}
	leaver := w.somebody(false)
	w.leaves(leaver)
	logs(account.ActionDeleted, leaver)
	heir := w.comes(leaver.local)
	logs(account.ActionCreated, heir)
	for len(w.people) > worldSize {
		leaver := w.somebody(len(w.people)%2 == 0)
		w.leaves(leaver)
		logs(account.ActionDeleted, leaver)
	}
	g := w.teams[w.random.IntN(len(w.teams))]
	g.members = append(g.members, n)
	if len(g.members) > 5 {
		g.members = g.members[2:]
	}
	w.enrol(g)
	w.teams[0].members = []*figure{heir, w.people[0], w.people[1]}
	w.enrol(w.teams[0])
}

// runs replicates once with a configuration that may be at fault.
func (w *world) runs(config runs.Config, wanted runs.Mode) runs.Run {
	w.t.Helper()
	res, err := w.kept.Resources().Get(w.t.Context(), w.id)
	require.NoError(w.t, err)
	w.executed++
	ctx, cancel := context.WithTimeout(w.t.Context(), cmp.Or(5*config.Deadline, patience)) // for its beginning
	defer cancel()
	got, err := runs.New(config).Once(ctx, res, runs.Manual, wanted)
	if err != nil {
		return runs.Run{Outcome: runs.Failed, Error: account.Say(err.Error())}
	}
	return got
}

// confirms is an admin who looks at what is held, as it is where a listing had nobody in it, and finds it right.
func (w *world) confirms() {
	w.t.Helper()
	held, err := w.kept.Removals().Waiting(w.t.Context(), w.id)
	require.NoError(w.t, err)
	for _, h := range held {
		require.False(w.t, slices.ContainsFunc(w.people, func(f *figure) bool { return f.dn == h.DN }), "%s is held and there", h.DN)
		_, err := w.kept.Removals().Decide(w.t.Context(), w.id, runs.Confirmed, h.Action, []account.SourceID{h.Source})
		require.NoError(w.t, err)
	}
}

// settles is a run without faults, after which everything is as it shall be.
func (w *world) settles(wanted runs.Mode, because ...any) {
	w.t.Helper()
	got := w.runs(w.config, wanted)
	require.Equal(w.t, runs.Succeeded, got.Outcome, "%s %v after %v", got.Error, got.Counts, because)
	have, homes := w.state()
	require.Empty(w.t, difference.Diff(w.wanted(), have), "accounts as the directory wants them (-) and as they are (+), "+
		"after %v, in a run with %v (%s)", because, got.Counts, got.Mode)
	for _, f := range w.people {
		if home := homes[w.at(f.local)]; w.homes[f] == "" || w.homes[f] == home {
			w.homes[f] = home
		} else {
			require.Fail(w.t, "another mailbox", "%s had %s and has %s", f.dn, w.homes[f], home)
		}
		f.changed = false
	}
	if w.expected != nil {
		require.Empty(w.t, difference.Diff(w.expected, w.logged()), "log rows of the round: nothing twice, nothing lost, after %v", because)
	}
	all, _, err := w.kept.Runs().Runs(w.t.Context(), w.id, 1, 1)
	require.NoError(w.t, err)
	w.seen = all[0].ID
}

// wanted is what the mail store must have.
func (w *world) wanted() []string {
	var all []string
	for _, f := range w.people {
		all = append(all, fmt.Sprintf("%s %q %t", w.at(f.local), f.name, !f.off))
	}
	for _, g := range w.teams {
		var members []string
		for _, f := range g.members {
			if !f.off {
				members = append(members, f.local)
			}
		}
		slices.Sort(members)
		all = append(all, w.at(g.local)+" "+strings.Join(slices.Compact(members), ","))
	}
	slices.Sort(all)
	return all
}

// state is what it has, and where the mail of each address lies.
func (w *world) state() (all []string, homes map[string]string) {
	w.t.Helper()
	homes = map[string]string{}
	for a, err := range w.clean.Accounts(context.WithoutCancel(w.t.Context()), w.domain, backends.Query{Members: true}) {
		require.NoError(w.t, err)
		if a.Kind == account.Alias {
			for i := range a.Members {
				a.Members[i] = strings.TrimSuffix(a.Members[i], "@"+w.domain)
			}
			slices.Sort(a.Members)
			all = append(all, a.Address+" "+strings.Join(a.Members, ","))
			continue
		}
		homes[a.Address] = a.Home
		all = append(all, fmt.Sprintf("%s %q %t", a.Address, a.Profile[account.Name], a.Active))
		if w.selfRow != nil {
			require.Equal(w.t, a.Active, w.selfRow(a.Address), "the row of %s to itself", a.Address)
		}
	}
	slices.Sort(all)
	return all, homes
}

// nobodyIsLost looks for the mailbox of everybody who was there before the round and has not left.
func (w *world) nobodyIsLost(because string) {
	w.t.Helper()
	there := map[string]bool{}
	for a, err := range w.clean.Accounts(w.t.Context(), w.domain, backends.Query{}) {
		require.NoError(w.t, err)
		there[a.Home] = a.Active
	}
	for f, home := range w.homes {
		active, exists := there[home]
		require.True(w.t, exists, "%s is in the directory, and his mailbox %s is gone after %s", f.dn, home, because)
		if !f.off && !f.changed {
			require.True(w.t, active, "%s is switched off after %s", f.dn, because)
		}
	}
}

// logged are the log rows of mailboxes since the last round, those that say that something was done.
func (w *world) logged() map[string]int {
	w.t.Helper()
	all, _, err := w.kept.Runs().Runs(w.t.Context(), w.id, 1, 20)
	require.NoError(w.t, err)
	rows := map[string]int{}
	for _, r := range all {
		if r.ID <= w.seen {
			continue
		}
		page, err := w.kept.Runs().Entries(w.t.Context(), r.ID, runs.LogFilter{Page: 1, Size: 1000})
		require.NoError(w.t, err)
		entries := page.Entries
		require.Len(w.t, entries, page.Total)
		counts := map[account.Action]int{}
		for i := range entries {
			counts[entries[i].Action]++
			if entries[i].Kind == account.Mailbox && entries[i].Action.Writes() {
				rows[string(entries[i].Action)+" "+entries[i].DN]++
			}
		}
		assert.Equal(w.t, counts, r.Counts, "the counts of run %d are those of its rows", r.ID)
	}
	return rows
}
