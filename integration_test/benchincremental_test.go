//go:build integration

package integration_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/directory/fakead"
	"github.com/mailpanel/account-resource/accountresource/resource"
	runs "github.com/mailpanel/account-resource/accountresource/run"
)

// BenchmarkIncremental measures runs after a first one: with nothing changed, where deleted objects can be seen and
// where they cannot, and with one user changed. It fails where the statements of a run without changes grow with the
// number of users.
func BenchmarkIncremental(b *testing.B) {
	var fewest int
	for _, users := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint(users), func(b *testing.B) {
			for b.Loop() {
				statements := incremental(b, users)
				if fewest == 0 {
					fewest = statements
				}
				require.Equal(b, fewest, statements, "a run without changes asks more of the database where there are more users")
			}
		})
	}
}

func incremental(b *testing.B, users int) (statements int) {
	mail := newMail(b)
	d := newBenchDirectory(b, users, mail.domain)
	store := &benchStore{tables: mail.owner, domain: mail.domain, open: mail.open}
	r := newBenchRunner(b, d, store)
	ordinary := d.bind
	d.bind.BindDN, d.bind.BindPassword = d.ad.AdminDN(), resource.NewSecret(fakead.AdminPassword)
	r.connect(b, d.connection(mail.domain))
	first := r.once(b, runs.Run{Outcome: runs.Succeeded, Mode: runs.Full, Counts: map[account.Action]int{account.ActionCreated: users}})

	nothing := runs.Run{Outcome: runs.Succeeded, Mode: runs.Incremental, Counts: map[account.Action]int{}}
	var quiet time.Duration
	for n := range 5 { // the least of five, as each is a few milliseconds and others use the server too
		before := mail.statements(b)
		took := r.once(b, nothing)
		asked := mail.statements(b) - before
		if n == 0 {
			quiet, statements = took, asked
		}
		quiet, statements = min(quiet, took), min(statements, asked)
	}
	require.NoError(b, d.ad.Modify(d.ad.People()[users/2], fakead.Attributes{"telephoneNumber": {"+1"}}))
	one := r.once(b, runs.Run{Outcome: runs.Succeeded, Mode: runs.Incremental, Counts: map[account.Action]int{account.ActionUpdated: 1}})

	d.bind = ordinary
	r.connect(b, d.connection(mail.domain))
	r.once(b, runs.Run{Outcome: runs.Succeeded, Mode: runs.Full, Counts: map[account.Action]int{}})
	identities := r.once(b, nothing)

	b.ReportMetric(first.Seconds(), "first-s")
	b.ReportMetric(float64(quiet.Microseconds())/1e3, "quiet-ms")
	b.ReportMetric(float64(statements), "quiet-statements")
	b.ReportMetric(float64(one.Microseconds())/1e3, "one-changed-ms")
	b.ReportMetric(float64(identities.Microseconds())/1e3, "identities-ms")
	b.ReportMetric(0, "ns/op")
	return statements
}

// connect saves another connection, as an admin would.
func (r *benchRunner) connect(b *testing.B, c resource.Connection) {
	b.Helper()
	res, err := r.resources.Get(b.Context(), r.id)
	require.NoError(b, err)
	res.Settings.Connection = c
	require.NoError(b, r.resources.Save(b.Context(), res, res.Settings, c.BindPassword))
}

// statements is how many the server has been sent on this connection pool's account.
func (m *mail) statements(b *testing.B) int {
	b.Helper()
	var name string
	var count int
	require.NoError(b, m.owner.QueryRowContext(b.Context(), "SHOW GLOBAL STATUS LIKE 'Questions'").Scan(&name, &count))
	return count
}
