//go:build integration

package integration_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/directory/fakead"
	"github.com/mailpanel/account-resource/accountresource/resource"
	runs "github.com/mailpanel/account-resource/accountresource/run"
)

// incrementalSizes are the numbers of users of BenchmarkIncremental, or those in BENCH_USERS with commas between.
func incrementalSizes(b *testing.B) []int {
	b.Helper()
	sizes := []int{1_000, 10_000, 100_000}
	if text := os.Getenv("BENCH_USERS"); text != "" {
		sizes = nil
		for _, n := range strings.Split(text, ",") {
			size, err := strconv.Atoi(n)
			require.NoError(b, err)
			sizes = append(sizes, size)
		}
	}
	return sizes
}

// usersPerGroup is how many users a benchmark has for each of its groups, which have membersEach members.
const usersPerGroup = 50

// BenchmarkIncremental measures runs after a first one, at growing numbers of users with a group for each fifty: medians of
// five, in milliseconds. The floor is what no such run can do without, measured beside it: to connect, to ask the directory what
// changed, and one transaction that writes a row of the mail store and one of the module. It prints how each grows.
func BenchmarkIncremental(b *testing.B) {
	for _, store := range []struct {
		name string
		open func(*testing.B) *benchStore
	}{{"MariaDB", mariaDBForBench}, {"PostgreSQL", postgreSQLForBench}, {"OpenLDAP", openLDAPForBench}} {
		var names []string
		took := make(map[string][]float64)
		b.Run(store.name, func(b *testing.B) {
			for _, users := range incrementalSizes(b) {
				b.Run(fmt.Sprint(users), func(b *testing.B) {
					for b.Loop() {
						m := &measured{took: make(map[string]float64)}
						incremental(b, store.open(b), users, m)
						for _, name := range m.names {
							b.ReportMetric(m.took[name], name+"-ms")
							took[name] = append(took[name], m.took[name])
						}
						names = m.names
						b.ReportMetric(0, "ns/op")
					}
				})
			}
		})
		for _, name := range names {
			all := took[name]
			fmt.Printf("%-10s %-28s %8.1f ms, the last %.2f times the first\n", store.name, name, all, all[len(all)-1]/all[0])
		}
	}
}

// measured are medians in milliseconds, in the order in which they were taken.
type measured struct {
	names []string
	took  map[string]float64
}

// median measures something five times; each has its own preparation.
func (m *measured) median(name string, once func(n int) time.Duration) {
	var all []time.Duration
	for n := range 5 {
		all = append(all, once(n))
	}
	slices.Sort(all)
	m.names = append(m.names, name)
	m.took[name] = float64(all[2].Microseconds()) / 1e3
}

func incremental(b *testing.B, mail *benchStore, users int, m *measured) {
	d := newBenchDirectory(b, users, mail.domain)
	groups := users / usersPerGroup
	for i := range groups {
		d.addGroup(b, mail.domain, i, membersEach)
	}
	r := newBenchRunner(b, d, mail)
	r.groups = true
	ordinary := d.bind
	d.bind.BindDN, d.bind.BindPassword = d.ad.AdminDN(), resource.NewSecret(fakead.AdminPassword)
	r.connect(b, d.connection(mail.domain))
	all := users + groups + benchGroups
	r.once(b, runs.Run{Outcome: runs.Succeeded, Mode: runs.Full, Counts: map[account.Action]int{account.ActionCreated: all}})
	if mail.settle != nil {
		mail.settle(b)
	}
	require.NoError(b, d.ad.Delete(d.ad.People()[users-1])) // tombstones are trusted once one was seen
	r.once(b, runs.Run{Outcome: runs.Succeeded, Mode: runs.Incremental})
	nothing := runs.Run{Outcome: runs.Succeeded, Mode: runs.Incremental, Counts: map[account.Action]int{}}

	m.median("floor", func(int) time.Duration { return d.askChanged(b) + writeOne(b, mail) })
	m.median("nothing", func(int) time.Duration { return r.once(b, nothing) })
	person := func(n int) string { return d.ad.People()[users/2+7*n] }
	m.median("changed", func(n int) time.Duration {
		require.NoError(b, d.ad.Modify(person(n), fakead.Attributes{"telephoneNumber": {"+1"}}))
		return r.once(b, counted(account.ActionUpdated))
	})
	m.median("renamed-in-three-groups", func(n int) time.Duration {
		for i := range 3 {
			dn := d.groupDN(3*n + i)
			require.NoError(b, d.ad.Modify(dn, fakead.Attributes{"member": append(d.members(3*n+i, membersEach), person(n))}))
		}
		r.once(b, runs.Run{Outcome: runs.Succeeded, Mode: runs.Incremental, Counts: map[account.Action]int{account.ActionUpdated: 3}})
		require.NoError(b, d.ad.Modify(person(n), fakead.Attributes{"userPrincipalName": {fmt.Sprintf("renamed%d@%s", n, mail.domain)}}))
		return r.once(b, counted(account.ActionRenamed))
	})
	m.median("new-group-of-50", func(n int) time.Duration {
		d.addGroup(b, mail.domain, groups+n, 50)
		return r.once(b, counted(account.ActionCreated))
	})
	m.median("removed", func(n int) time.Duration {
		require.NoError(b, d.ad.Delete(person(10+n)))
		return r.once(b, runs.Run{Outcome: runs.Succeeded, Mode: runs.Incremental})
	})

	d.bind = ordinary
	r.connect(b, d.connection(mail.domain))
	r.once(b, runs.Run{Outcome: runs.Succeeded, Mode: runs.Full, Counts: map[account.Action]int{}})
	m.median("listing-of-identities", func(int) time.Duration { return d.listIdentities(b) })
	m.median("nothing-without-tombstones", func(int) time.Duration { return r.once(b, nothing) })
}

func counted(action account.Action) runs.Run {
	return runs.Run{Outcome: runs.Succeeded, Mode: runs.Incremental, Counts: map[account.Action]int{action: 1}}
}

func (d *benchDirectory) groupDN(i int) string {
	return fmt.Sprintf("CN=Group %d,%s", i, d.ad.StaffOU())
}

func (d *benchDirectory) members(i, n int) (members []string) {
	people := d.ad.People()
	for j := range n {
		members = append(members, people[(i*7+j)%len(people)])
	}
	return members
}

func (d *benchDirectory) addGroup(b testing.TB, domain string, i, members int) {
	b.Helper()
	require.NoError(b, d.ad.Add(d.groupDN(i), fakead.Attributes{
		"objectClass": {"group"}, "mail": {fmt.Sprintf("bench%d@%s", i, domain)}, "member": d.members(i, members),
	}))
}

// search asks the directory over a connection of its own, and returns how long that took.
func (d *benchDirectory) search(b *testing.B, base, filter string, attributes ...string) time.Duration {
	b.Helper()
	began := time.Now()
	conn, err := ldap.DialURL(d.url())
	require.NoError(b, err)
	defer conn.Close()
	require.NoError(b, conn.Bind(d.bind.BindDN, d.bind.BindPassword.Reveal()))
	root, err := conn.Search(ldap.NewSearchRequest("", ldap.ScopeBaseObject, ldap.NeverDerefAliases, 0, 0, false, "(objectClass=*)",
		[]string{"highestCommittedUSN"}, nil))
	require.NoError(b, err)
	filter = strings.ReplaceAll(filter, "NOW", root.Entries[0].GetAttributeValue("highestCommittedUSN"))
	_, err = conn.SearchWithPaging(ldap.NewSearchRequest(base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0,
		false, filter, attributes, nil), 1000)
	require.NoError(b, err)
	return time.Since(began)
}

func (d *benchDirectory) askChanged(b *testing.B) time.Duration {
	b.Helper()
	return d.search(b, d.bind.BaseDN, "(uSNChanged>=NOW)", "objectGUID", "objectClass")
}

func (d *benchDirectory) listIdentities(b *testing.B) time.Duration {
	b.Helper()
	users, groups := resource.Defaults().Users.Filter, resource.Defaults().Groups.Filter
	return d.search(b, d.bind.BaseDN, users, "objectGUID", "objectClass", "primaryGroupID") + d.search(b, d.bind.BaseDN, groups, "objectGUID")
}

// writeOne commits two transactions of a row each, one for the mail store and one for the module.
func writeOne(b *testing.B, mail *benchStore) time.Duration {
	b.Helper()
	_, err := mail.tables.ExecContext(b.Context(), "CREATE TABLE IF NOT EXISTS bench_floor (at BIGINT)")
	require.NoError(b, err)
	began := time.Now()
	for range 2 {
		tx, err := mail.tables.BeginTx(b.Context(), nil)
		require.NoError(b, err)
		_, err = tx.ExecContext(b.Context(), "INSERT INTO bench_floor (at) VALUES (1)")
		require.NoError(b, err)
		require.NoError(b, tx.Commit())
	}
	return time.Since(began)
}

// connect saves another connection, as an admin would.
func (r *benchRunner) connect(b *testing.B, c resource.Connection) {
	b.Helper()
	res, err := r.resources.Get(b.Context(), r.id)
	require.NoError(b, err)
	res.Settings.Connection = c
	require.NoError(b, r.resources.Save(b.Context(), res, res.Settings, c.BindPassword))
}
