package run_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
	"github.com/mailpanel/account-resource/backends"
	"github.com/mailpanel/account-resource/backends/backendtest"
	"github.com/mailpanel/account-resource/backends/memory"
)

// harness is a whole replication on memory.
type harness struct {
	t      *testing.T
	people *people
	mail   *memory.Backend
	tables *tables
	res    resource.Resource
	config run.Config
	now    time.Time
}

func newHarness(t *testing.T) *harness {
	t.Helper()
	r := &harness{t: t, people: &people{}, mail: memory.New(), now: time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)}
	clock := func() time.Time { return r.now }
	r.tables = newTables(clock)
	r.mail.AddDomain(account.Domain{Name: "example.com", Active: true, Quota: 1024})
	r.res = resource.Resource{ID: 7, Kind: resource.Samba, Enabled: true, Settings: resource.Defaults()}
	c := &r.res.Settings.Connection
	c.Domain, c.Host, c.BaseDN, c.BindDN = "example.com", "dc1", "DC=corp", "reader"
	c.BindPassword = resource.NewSecret("s3cret")
	r.config = run.Config{
		OpenReader: r.people.open, Mail: run.Mail{Backend: r.mail, Storage: backends.DefaultStorage()},
		Store: run.Store{Links: r.tables, Journal: r.tables, Leases: r.tables, Removals: r.tables, Watermarks: r.tables},
		Owner: "test", Logger: slog.New(slog.DiscardHandler), Clock: clock, BatchSize: 4,
	}
	return r
}

func (r *harness) once() run.Run {
	r.t.Helper()
	result, err := run.New(r.config).Once(r.t.Context(), r.res, run.Manual, run.Incremental)
	require.NoError(r.t, err)
	return result
}

// log are the rows of a run as "action address reason".
func (r *harness) log(of run.Run) []string {
	var lines []string
	for _, e := range r.tables.entries[of.ID] {
		lines = append(lines, strings.TrimSpace(string(e.Action)+" "+e.Address+" "+e.Reason.Key))
	}
	slices.Sort(lines)
	return lines
}

func (r *harness) account(address string) account.Account {
	r.t.Helper()
	q := backends.Query{Addresses: []string{address}, Members: true}
	for a, err := range r.mail.Accounts(r.t.Context(), "example.com", q) {
		require.NoError(r.t, err)
		return a
	}
	r.t.Fatalf("no account %s", address)
	return account.Account{}
}

// carries reports whether a forwarding row is there and active.
func (r *harness) carries(from, to string) bool {
	active, exists := r.mail.Route(account.Route{Address: from + "@example.com", Forwarding: to + "@example.com"})
	return exists && active
}

// forward makes a forwarding row by hand.
func (r *harness) forward(from, to string) {
	r.mail.AddRoute(account.Route{Address: from + "@example.com", Forwarding: to + "@example.com"}, true)
}

// switchOn is what an admin does who switches on an account that the directory has switched off.
func (r *harness) switchOn(address string) {
	here := r.account(address)
	here.Active, here.Members, here.Idle, here.Moderators = true, nil, nil, nil // these are rows of their own
	r.mail.AddAccount(here)
}

func user(id, address, name string) account.Object {
	return account.Object{
		ID: account.SourceID(id), Kind: account.User, DN: "CN=" + id, Mail: []string{address},
		Profile: account.Profile{account.Name: name},
	}
}

func users(n int) []account.Object {
	var all []account.Object
	for i := range n {
		all = append(all, user(fmt.Sprintf("id%04d", i), fmt.Sprintf("u%04d@example.com", i), fmt.Sprintf("User %d", i)))
	}
	return all
}

func TestAFullRunMakesMailboxesAndTheNextFindsNothingToDo(t *testing.T) {
	r := newHarness(t)
	r.people.objects = append(users(9), user("x", "x@other.example", "X"))
	first := r.once()
	assert.Equal(t, run.Succeeded, first.Outcome)
	assert.Equal(t, run.Full, first.Mode)
	assert.Empty(t, cmp.Diff(map[account.Action]int{account.ActionCreated: 9, account.ActionIgnored: 1}, first.Counts))
	got := r.account("u0003@example.com")
	assert.Equal(t, "User 3", got.Profile[account.Name])
	assert.Equal(t, "/var/vmail/vmail1/example.com/u/0/0/u0003-2026.05.06.07.08.09/", got.Home)
	assert.Equal(t, account.Confirmed, r.tables.links["id0003"].State)
	assert.Equal(t, 1, r.people.closed, "the connection is closed")

	claims, writes := r.tables.calls["Claim"], r.mail.Writes()
	second := r.once()
	assert.Equal(t, run.Succeeded, second.Outcome)
	assert.Empty(t, cmp.Diff(map[account.Action]int{account.ActionIgnored: 1}, second.Counts))
	assert.Equal(t, claims, r.tables.calls["Claim"])
	assert.Equal(t, writes, r.mail.Writes(), "nothing is written to the mail store")
}

func TestR18_AFailedObjectStopsNobodyAndIsTriedAgain(t *testing.T) {
	r := newHarness(t)
	r.people.objects = users(9)
	r.mail.Refuse("u0004@example.com", errors.New("disk full"))
	first := r.once()
	assert.Equal(t, run.Partial, first.Outcome)
	assert.Equal(t, 8, first.Counts[account.ActionCreated])
	assert.Contains(t, r.log(first), "failed u0004@example.com reason_store_error")
	failed := r.tables.entries[first.ID][slices.IndexFunc(r.tables.entries[first.ID], func(e run.Entry) bool {
		return e.Action == account.ActionFailed
	})]
	assert.Contains(t, failed.Detail, "disk full")

	r.mail.Refuse("u0004@example.com", nil)
	second := r.once()
	assert.Equal(t, []string{"created u0004@example.com"}, r.log(second))
}

func TestAnAddressTakenMeanwhileIsAConflictAndLeavesNoClaim(t *testing.T) {
	r := newHarness(t)
	r.people.objects = []account.Object{user("a", "ann@example.com", "Ann")}
	r.people.between = func(int) {
		r.mail.AddAccount(account.Account{Address: "ann@example.com", Kind: account.Mailbox, Active: true, Home: "/other/"})
	}
	result := r.once()
	assert.Equal(t, []string{"conflict ann@example.com reason_address_in_use"}, r.log(result))
	assert.Empty(t, r.tables.links)
}

func TestR2_AClaimAnotherResourceWonIsAConflict(t *testing.T) {
	r := newHarness(t)
	r.people.objects = []account.Object{user("a", "ann@example.com", "Ann"), user("b", "bob@example.com", "Bob")}
	r.people.between = func(int) {
		r.tables.links["other"] = account.Link{Resource: 8, Source: "other", State: account.Confirmed, Local: account.Local{Address: "ann@example.com"}}
	}
	result := r.once()
	assert.Equal(t, []string{"conflict ann@example.com reason_linked_meanwhile", "created bob@example.com"}, r.log(result))
}

// touched are the rows of all runs but the first together.
func touched(r *harness) []string {
	var lines []string
	for _, row := range r.tables.runs[1:] {
		lines = append(lines, r.log(row)...)
	}
	slices.Sort(lines)
	return lines
}

func accounts(r *harness) []account.Account {
	var all []account.Account
	for a, err := range r.mail.Accounts(r.t.Context(), "example.com", backends.Query{}) {
		require.NoError(r.t, err)
		all = append(all, a)
	}
	return all
}

type backend = backends.Backend

func TestR20_OneRunAtATime(t *testing.T) {
	r := newHarness(t)
	runner := run.New(r.config)
	going, err := runner.Begin(t.Context(), r.res, run.Manual, run.Incremental)
	require.NoError(t, err)
	_, err = runner.Begin(t.Context(), r.res, run.Scheduled, run.Incremental)
	require.ErrorIs(t, err, run.ErrRunning)
	going.Do(t.Context())
	_, err = runner.Once(t.Context(), r.res, run.Scheduled, run.Incremental)
	require.NoError(t, err)
	assert.Len(t, r.tables.runs, 2, "a refused run is not in the history")

	r.res.Enabled = false
	_, err = runner.Begin(t.Context(), r.res, run.Manual, run.Incremental)
	require.ErrorIs(t, err, run.ErrDisabled)
}

func TestR20_ARunThatLostItsLeaseWritesNoMore(t *testing.T) {
	r := newHarness(t)
	r.people.objects = users(12)
	r.people.between = func(n int) {
		if n == 5 {
			r.tables.mu.Lock()
			r.tables.lease.Fence++ // another run took over
			r.tables.mu.Unlock()
		}
	}
	result := r.once()
	assert.Equal(t, run.Interrupted, result.Outcome)
	assert.Equal(t, "problem_lease_lost", result.Error.Key)
	assert.LessOrEqual(t, len(r.tables.links), 4)
}

func TestR21_HowARunEndedIsInTheHistory(t *testing.T) {
	for name, c := range map[string]struct {
		set     func(*harness)
		outcome run.Outcome
		why     string
	}{
		"directory refuses": {
			func(r *harness) { r.people.probeErr = resource.NewProblem("bind_password", "wrong_password", nil) },
			run.Failed, "problem_wrong_password",
		},
		"directory breaks off": {func(r *harness) { r.people.listErr = errors.New("connection reset") }, run.Failed, "problem_unexpected"},
		"domain not hosted":    {func(r *harness) { r.res.Settings.Connection.Domain = "other.example" }, run.Failed, "problem_domain_not_hosted"},
		"mail store is down": {
			func(r *harness) { r.config.Backend = backendtest.NewFaulty(r.mail).FailBefore(errors.New("gone")) },
			run.Failed, "problem_mail_store",
		},
		"mail store takes no changes": {
			func(r *harness) {
				r.config.Backend = backendtest.NewFaulty(r.mail).FailBefore(fmt.Errorf("%w: read-only", backends.ErrUnwritable))
			},
			run.Failed, "problem_mail_store_unwritable",
		},
		"fine": {func(*harness) {}, run.Succeeded, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := newHarness(t)
			r.people.objects = users(3)
			c.set(r)
			result := r.once()
			assert.Equal(t, c.outcome, result.Outcome)
			assert.Equal(t, c.why, result.Error.Key)
			kept := r.tables.runs[0]
			assert.Equal(t, c.outcome, kept.Outcome)
			assert.Equal(t, c.why, kept.Error.Key)
			assert.False(t, kept.Finished.IsZero())
			held, err := r.tables.Held(t.Context(), r.res.ID)
			require.NoError(t, err)
			assert.False(t, held, "the lease is given back")
		})
	}
}

func TestAStoppedPanelEndsTheRunBetweenBatches(t *testing.T) {
	r := newHarness(t)
	r.people.objects = users(40)
	ctx, cancel := context.WithCancel(t.Context())
	r.people.between = func(n int) {
		if n == 20 {
			cancel()
			<-r.people.context.Done()
		}
	}
	result, err := run.New(r.config).Once(ctx, r.res, run.Manual, run.Incremental)
	require.NoError(t, err)
	assert.Equal(t, run.Interrupted, result.Outcome)
	assert.Equal(t, "problem_run_stopped", result.Error.Key)
	for _, l := range r.tables.links {
		assert.Equal(t, account.Confirmed, l.State, "what was begun is finished")
	}
	r.people.between = nil
	r.once()
	assert.Len(t, r.tables.links, 40)
}

func TestAnAdminCancelsARunBetweenBatches(t *testing.T) {
	r := newHarness(t)
	r.people.objects = users(40)
	r.people.between = func(n int) {
		if n == 20 {
			r.tables.cancel()
			<-r.people.context.Done()
		}
	}
	result := r.once()
	assert.Equal(t, run.Interrupted, result.Outcome)
	assert.Equal(t, "problem_run_cancelled", result.Error.Key)
	assert.NotEmpty(t, r.tables.links)
	for _, l := range r.tables.links {
		assert.Equal(t, account.Confirmed, l.State, "what was begun is finished")
	}
	assert.Equal(t, len(r.tables.links), result.Counts[account.ActionCreated])
}

func TestARunSaysHowFarItIs(t *testing.T) {
	r := newHarness(t)
	r.people.objects = users(9)
	r.people.between = func(n int) {
		if n == 8 { // some have been read, and the first report was before
			require.Eventually(t, func() bool { return r.tables.reported().Objects >= 8 }, time.Minute, time.Millisecond)
		}
	}
	r.once()
	got := r.tables.reported()
	assert.Equal(t, run.Users, got.Phase)
	assert.Equal(t, "dc1.corp.example", got.Server)
}

func TestTheConnectionOfAResourceMustBeComplete(t *testing.T) {
	r := newHarness(t)
	r.res.Settings.Connection.Host = ""
	_, err := run.New(r.config).Begin(t.Context(), r.res, run.Manual, run.Incremental)
	assert.Equal(t, "host", resource.ProblemsOf(err)[0].Field)
}
