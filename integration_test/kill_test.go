//go:build integration

package integration_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// KILLS is how often each store's run is killed; with less than fullKills OpenLDAP, which is slow, has fewer people.
// KILL_SEED chooses the instants again that a failed test printed.
const defaultKills, fullKills = 12, 100

// A run that is killed at random instants, the panel started again each time, ends where an unbroken run ends: the
// same accounts, the same links, and one log row for everything that happened.
func TestR19_KilledAtAnyInstant(t *testing.T) {
	t.Parallel()
	kills := number(t, "KILLS", defaultKills)
	seed := number(t, "KILL_SEED", int(time.Now().UnixNano()%1_000_000))
	onEveryStore(t, func(t *testing.T, store mailStore) {
		t.Parallel()
		unit := 300
		if _, isTree := store.(*tree); isTree && kills < fullKills {
			unit = 60
		}
		d := newBenchDirectory(t, 3*unit, store.hosted())
		whole, broken := newReplica(t, d, twin(t, store)), newReplica(t, d, store)
		for _, r := range []*replica{whole, broken} {
			r.settle(3 * unit)
		}
		massChange(t, d, unit, store.hosted())
		began := time.Now()
		total := whole.life(nil)
		took := time.Since(began)
		t.Logf("%d changes in %s when nobody kills", total, took.Round(time.Millisecond))
		require.Greater(t, total, 12*unit)

		random := rand.New(rand.NewPCG(uint64(seed), 0))
		reach, underWay, halts := took/8, 0, make([]int, 11)
		for k := range kills {
			instant := time.Duration(random.Int64N(int64(reach)))
			done := broken.life(&instant)
			underWay += broken.tables.count("SELECT COUNT(*) FROM account_resource_run WHERE outcome = ''")
			halts[done*10/total]++
			// All lives together are to make one run: who is behind gets longer ones.
			if done*kills < total*(k+1) {
				reach = min(reach+reach*5/time.Duration(kills), 2*took)
			} else {
				reach = max(reach-reach*5/time.Duration(kills), took/50)
			}
		}
		broken.life(nil)
		t.Logf("%d kills (seed %d), %d of them while a run was going on; by how many tenths of it were done: %v",
			kills, seed, underWay, halts)
		assert.Greater(t, underWay, kills/2)
		differences := 0
		for what, diff := range whole.differences(broken) {
			differences++
			t.Errorf("%s after an unbroken run (-) and after %d kills (+):\n%s", what, kills, diff)
		}
		t.Logf("%d differences", differences)
	})
}

// number is a setting of the test.
func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err, name)
	return n
}

// replica is a store that follows the directory, by way of one panel process after the other.
type replica struct {
	t        *testing.T
	store    mailStore
	tables   *mail // of the module
	settings settings
	bind     values
	id       string // of the resource
	settled  int    // changes of its first run
}

// shortLease is how long a killed run blocks the next.
const shortLease = 300 * time.Millisecond

func newReplica(t *testing.T, d *benchDirectory, store mailStore) *replica {
	t.Helper()
	dsn, tables := moduleTables(t, store)
	r := &replica{t: t, store: store, tables: tables, settings: store.settings(), bind: fakeConnection(d, store.hosted())}
	r.settings["PANEL_DB"], r.settings["PANEL_LEASE"] = dsn, shortLease.String()
	return r
}

// fakeConnection is what an admin enters for a fake directory.
func fakeConnection(d *benchDirectory, domain string) values {
	return values{
		"domain": domain, "host": "127.0.0.1", "port": strconv.Itoa(d.bind.Port), "tls": "on", "timeout": "60",
		"base_dn": d.bind.BaseDN, "bind_dn": d.bind.BindDN, "bind_password": d.bind.BindPassword.Reveal(),
		"ca_certificate": string(d.ad.CA()),
	}
}

// start is a panel on the replica's databases, without the race detector: most of the lives are short.
func (r *replica) start() *panel {
	r.t.Helper()
	return startBinary(r.t, binaries.panel(r.t, false), r.settings, r.bind["bind_password"])
}

// settle makes the resource, and a first run of it.
func (r *replica) settle(people int) {
	r.t.Helper()
	p := r.start()
	s := p.connected("activedirectory", r.bind)
	s.saved("replication", values{
		"groups": "on", "delete": "on", "keep_days": "30", "max_removals": "100000", "max_removal_percent": "100",
	})
	r.id = s.id
	r.settled = people + benchGroups
	require.Equal(r.t, run{Created: r.settled}, s.succeeded().counts())
	require.Zero(r.t, p.stop())
}

// life is a panel process that is killed after a time, or lives until its run has ended. It gives the number of
// changes that the log has by then.
func (r *replica) life(ends *time.Duration) (changes int) {
	r.t.Helper()
	p := r.start()
	s := &source{p: p, id: r.id}
	id := s.begun()
	if ends != nil {
		<-time.After(*ends)
		require.NoError(r.t, p.command.Process.Kill())
		<-p.ended
	} else {
		last := s.awaited(id)
		require.Equal(r.t, "succeeded", last.Outcome, "%+v", last)
		require.Zero(r.t, p.stop())
	}
	return r.tables.count("SELECT COUNT(*) FROM account_resource_log WHERE "+madeChange) - r.settled
}

// begun presses Replicate Now until a run begins, and gives its number; the lease of one that was killed has to expire
// first. It asks for a full run.
func (s *source) begun() (id int64) {
	s.p.tb.Helper()
	f := s.tab("connection").to(s.path("/replicate")).set("mode", "full")
	s.p.eventually("a run begins", func() bool {
		d := s.p.submit(f)
		if d.status == http.StatusConflict {
			return false
		}
		require.Equal(s.p.tb, http.StatusOK, d.status, d.text)
		id = d.shownRun(s.p.tb)
		return true
	})
	return id
}

// shownRun is the run whose log a page shows.
func (d *document) shownRun(tb testing.TB) int64 {
	tb.Helper()
	id, err := strconv.ParseInt(d.query.Get("run"), 10, 64)
	require.NoError(tb, err, d.text)
	return id
}

// awaited waits for the end of a run, for as long as something happens in it.
func (s *source) awaited(id int64) *run {
	s.p.tb.Helper()
	var last status
	for seen := (run{}); ; seen = last.Run.counts() {
		s.p.eventually("the run ends, or goes on", func() bool {
			last = s.status()
			return last.Run != nil && last.Run.ID >= id && (last.Run.Finished != nil && !last.Running || last.Run.counts() != seen)
		})
		if last.Run.Finished != nil && !last.Running {
			return last.Run
		}
	}
}

// differences compare everything that two replicas have, by what it is.
func (r *replica) differences(other *replica) map[string]string {
	r.t.Helper()
	found := map[string]string{}
	mine, others := r.everything(), other.everything()
	for what := range mine {
		if diff := cmp.Diff(mine[what], others[what]); diff != "" {
			found[what] = fmt.Sprintf("%.4000s", diff)
		}
	}
	return found
}
