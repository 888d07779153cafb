//go:build integration

package integration_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/directory/fakead"
	runs "github.com/mailpanel/account-resource/accountresource/run"
)

// membersEach is how many members each group of the benchmark has.
const membersEach = 20

// BenchmarkGroups measures how the time of a full run with groups grows with the number of memberships: a tenth, a
// half and all of 2,000 groups with 20 members each, among ten times as many users.
func BenchmarkGroups(b *testing.B) {
	for _, groups := range []int{200, 1000, 2000} {
		b.Run(fmt.Sprintf("%d-groups", groups), func(b *testing.B) {
			for b.Loop() {
				mail := mariaDBForBench(b)
				d := newBenchDirectory(b, groups*10, mail.domain)
				people := d.ad.People()
				for i := range groups {
					var members []string
					for n := range membersEach {
						members = append(members, people[(i*7+n)%len(people)])
					}
					require.NoError(b, d.ad.Add(fmt.Sprintf("CN=Group %d,%s", i, d.ad.StaffOU()), fakead.Attributes{
						"objectClass": {"group"}, "mail": {fmt.Sprintf("group%d@%s", i, mail.domain)}, "member": members,
					}))
				}
				r := newBenchRunner(b, d, mail)
				r.groups = true
				all := groups*10 + groups + benchGroups
				first := r.once(b, runs.Run{Outcome: runs.Succeeded, Counts: map[account.Action]int{account.ActionCreated: all}})
				second := r.once(b, runs.Run{Outcome: runs.Succeeded, Counts: map[account.Action]int{}})
				b.ReportMetric(float64(first.Microseconds())/float64(groups*membersEach), "first-µs/membership")
				b.ReportMetric(float64(second.Microseconds())/float64(groups*membersEach), "second-µs/membership")
				b.ReportMetric(float64(first)/float64(time.Second), "first-s")
				b.ReportMetric(0, "ns/op")
			}
		})
	}
}
