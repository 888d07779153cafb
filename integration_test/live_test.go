//go:build integration

package integration_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"
)

// live is a panel that follows a unit of the directory at once, with its first run made.
func live(tb testing.TB, store mailStore, binary string) (*people, *source, []string) {
	tb.Helper()
	who := newPeople(tb)
	var dns []string
	for n := range 4 {
		name := fmt.Sprintf("live%d", n)
		dns = append(dns, who.add(name+" "+unique(), name+"@"+store.hosted(), attributes{"displayName": "Before"}))
	}
	p := startBinary(tb, binary, store.settings())
	s := p.connected("samba", sambaConnection(who.directory, who.unit, store.hosted()))
	s.replicate()
	s.saved("replication", values{"live": "on", "interval": "10080", "delete": "on"})
	eventually(tb, "the panel watches", func() bool { return s.status().Run != nil && s.status().Run.Outcome != "" })
	return who, s, dns
}

// What happens in the directory is here by itself, on every store: changes, newcomers, new addresses, leavers.
func TestLiveChangesArriveOnEveryStore(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, store mailStore) {
		t.Parallel()
		who, s, dns := live(t, store, binaries.panel(t, true))
		at := func(name string) string { return name + "@" + store.hosted() }
		who.change(dns[0], attributes{"displayName": "Changed"})
		s.p.eventually("a change", func() bool { return store.active()[at("live0")] == "Changed" })
		who.add("newcomer "+unique(), at("newcomer"), attributes{"displayName": "Newcomer"})
		s.p.eventually("a newcomer", func() bool { return store.active()[at("newcomer")] == "Newcomer" })
		who.change(dns[1], attributes{"userPrincipalName": at("renamed")})
		s.p.eventually("a new address", func() bool {
			active := store.active()
			return active[at("renamed")] != "" && active[at("live1")] == ""
		})
		who.change(dns[2], attributes{"userAccountControl": accountDisabled})
		s.p.eventually("somebody disabled", func() bool { return store.active()[at("live2")] == "" })
		require.NoError(t, who.conn.Del(ldap.NewDelRequest(dns[3], nil)))
		s.p.eventually("somebody deleted", func() bool { return store.active()[at("live3")] == "" })
	})
}

// liveChanges is how many changes BenchmarkLive makes on each store.
const liveChanges = 200

// BenchmarkLive measures from sending a modification to the directory to reading it in the mail store, one after the other.
func BenchmarkLive(b *testing.B) {
	for _, c := range []struct {
		name string
		open func(testing.TB) mailStore
	}{
		{"MariaDB", func(tb testing.TB) mailStore { return newMail(tb) }},
		{"PostgreSQL", func(tb testing.TB) mailStore { return newPostgresMail(tb) }},
		{"OpenLDAP", func(tb testing.TB) mailStore { return newTree(tb) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				store := c.open(b)
				who, _, dns := live(b, store, binaries.panel(b, false))
				var took []time.Duration
				for n := range liveChanges {
					name := fmt.Sprintf("Change %d", n)
					began := time.Now()
					who.change(dns[0], attributes{"displayName": name})
					for store.active()["live0@"+store.hosted()] != name {
						require.Less(b, time.Since(began), patience)
						time.Sleep(time.Millisecond)
					}
					took = append(took, time.Since(began))
				}
				slices.Sort(took)
				b.ReportMetric(float64(took[len(took)/2].Milliseconds()), "p50-ms")
				b.ReportMetric(float64(took[len(took)*99/100].Milliseconds()), "p99-ms")
				b.ReportMetric(float64(took[len(took)-1].Milliseconds()), "max-ms")
				b.ReportMetric(0, "ns/op")
			}
		})
	}
}
