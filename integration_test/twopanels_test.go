//go:build integration

package integration_test

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/directory/fakead"
)

// PANELS_SECONDS is how long two panels work on one resource.
const defaultSeconds = 10

const refused = "already running"

// Two processes of the panel are pressed to replicate the same resource, again and again, while the directory goes on
// changing: each run belongs to one of them, no two overlap, and nothing is done twice.
func TestR20_TwoPanelsOnOneResource(t *testing.T) {
	t.Parallel()
	duration := time.Duration(number(t, "PANELS_SECONDS", defaultSeconds)) * time.Second
	d, r := newPair(t)
	one, two := r.join(t, shortLease*10), r.join(t, shortLease*10)
	changes, stop := &atomic.Int64{}, make(chan struct{})
	var going sync.WaitGroup
	going.Go(func() {
		for n := int64(0); ; n++ {
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
			}
			if err := oneMore(d, r.store.hosted(), n); err != nil {
				t.Error(err)
				return
			}
			changes.Store(n + 1)
		}
	})
	begun, refusals := make([][]int64, 2), make([]int, 2)
	until := time.Now().Add(duration)
	for i, s := range []*source{one, two} {
		f := s.tab("connection").to(s.path("/replicate"))
		going.Go(func() {
			for time.Now().Before(until) {
				answer := s.p.submit(f)
				switch answer.status {
				case http.StatusOK:
					begun[i] = append(begun[i], answer.shownRun(t))
				case http.StatusConflict:
					refusals[i]++
					assert.Contains(t, answer.text, refused)
				default:
					t.Errorf("%d: %s", answer.status, answer.text)
					return
				}
			}
		})
	}
	<-time.After(time.Until(until))
	close(stop)
	going.Wait()
	one.idle()
	last := one.awaited(one.begun())
	require.Equal(t, "succeeded", last.Outcome)

	ofTwo := map[int64]int{}
	for i := range begun {
		assert.NotEmpty(t, begun[i], "each panel had its turn")
		for _, id := range begun[i] {
			ofTwo[id]++
		}
	}
	history := r.tables.rows("SELECT id, started, finished, outcome FROM account_resource_run ORDER BY id")
	assert.Len(t, history, len(ofTwo)+2, "the first run, those that a panel says it began, each once, and the last")
	spans := make([][2]int64, len(history))
	for i, row := range history {
		assert.Equal(t, "succeeded", row["outcome"], row)
		spans[i] = [2]int64{integer(t, row["started"]), integer(t, row["finished"])}
	}
	slices.SortFunc(spans, func(a, b [2]int64) int { return cmp.Compare(a[0], b[0]) })
	for i := range spans[1:] {
		assert.LessOrEqual(t, spans[i][1], spans[i+1][0], "a run begins before the one before it has ended")
	}
	assert.Empty(t, r.tables.rows("SELECT action, source_id, address, diff, COUNT(*) AS times FROM account_resource_log "+
		"GROUP BY action, source_id, address, diff HAVING COUNT(*) > 1"), "something is logged twice")
	assert.Empty(t, r.tables.rows("SELECT * FROM account_resource_log WHERE action IN ('conflict', 'held', 'failed')"))
	made := r.tables.count("SELECT COUNT(*) FROM account_resource_log") - r.settled
	assert.EqualValues(t, changes.Load(), made, "each change of the directory is a row of the log")
	t.Logf("%d and %d runs, %d and %d refusals, %d changes", len(begun[0]), len(begun[1]), refusals[0], refusals[1], made)
	assert.Positive(t, refusals[0]+refusals[1])
}

// One panel shows the run of the other, refuses to begin another, and takes over when the other has been killed.
func TestR20_APanelSeesTheRunsOfAnother(t *testing.T) {
	d, r := newPair(t)
	const lease = 2 * time.Second
	one, two := r.join(t, lease), r.join(t, lease)
	d.ad.Break(fakead.Fault{Delay: time.Hour})
	id := one.begun()
	for _, s := range []*source{one, two} {
		seen := s.status()
		require.NotNil(t, seen.Run)
		assert.True(t, seen.Running)
		assert.Equal(t, id, seen.Run.ID)
		assert.Nil(t, seen.Run.Finished)
		answer := s.p.submit(s.tab("connection").to(s.path("/replicate")))
		assert.Equal(t, http.StatusConflict, answer.status)
		assert.Contains(t, answer.text, refused)
	}
	// The run outlives its lease, as it renews it.
	<-time.After(lease + lease/2)
	assert.True(t, two.status().Running)

	require.NoError(t, one.p.command.Process.Kill())
	<-one.p.ended
	d.ad.Mend()
	assert.True(t, two.status().Running, "nobody can know yet")
	p := two.begun()
	assert.Equal(t, "succeeded", two.awaited(p).Outcome)
	assert.Equal(t, []row{{"outcome": "interrupted"}},
		r.tables.rows("SELECT outcome FROM account_resource_run WHERE id = "+strconv.FormatInt(id, 10)))
}

// newPair is a directory of a few people, and a resource on MariaDB that has followed it once.
func newPair(t *testing.T) (*benchDirectory, *replica) {
	t.Helper()
	mail := newMail(t)
	d := newBenchDirectory(t, 100, mail.domain)
	r := newReplica(t, d, mail)
	r.settle(100)
	return d, r
}

// join is the resource on one more panel.
func (r *replica) join(t *testing.T, lease time.Duration) *source {
	t.Helper()
	r.settings["PANEL_LEASE"] = lease.String()
	return &source{p: startPanel(t, r.settings, r.bind["bind_password"]), id: r.id}
}

// oneMore is a change of the directory that is like no other.
func oneMore(d *benchDirectory, domain string, n int64) error {
	if n%2 == 0 {
		return d.ad.Add(fmt.Sprintf("CN=More %05d,%s", n, d.ad.StaffOU()), fakead.Attributes{
			"objectClass": {"user"}, "userPrincipalName": {fmt.Sprintf("more%05d@%s", n, domain)}, "userAccountControl": {"66048"},
		})
	}
	// Somebody who came, so that no two changes of a person fall into one run.
	return d.ad.Add(fmt.Sprintf("CN=Team %05d,%s", n, d.ad.StaffOU()), fakead.Attributes{
		"objectClass": {"group"}, "mail": {fmt.Sprintf("group%05d@%s", n, domain)},
	})
}

func integer(t *testing.T, text string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(text, 10, 64)
	require.NoError(t, err)
	return n
}
