package run_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/recovered"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// eventful is a harness before a run that uses every port: somebody is new, renamed, changed and gone, a group has a
// member from elsewhere, and an application keeps data.
func eventful(t *testing.T) *harness {
	t.Helper()
	r := counting(t, 9)
	r.res.Settings.Replication.Groups = true
	r.config.Applications, r.config.Tasks = []run.Application{&webmail{data: map[string]string{}}}, r.tables
	r.res.Settings.Replication.MaxRemovals = 5
	r.once()
	r.put(user("new", "new@example.com", "New"))
	r.put(user("id0001", "moved@example.com", "User 1"))
	r.put(user("id0002", "u0002@example.com", "Other Name"))
	r.take("id0003")
	r.people.outside = []account.Object{{ID: "o", Kind: account.Contact, DN: "CN=o", Mail: []string{"o@elsewhere.example"}}}
	group := account.Object{ID: "g", Kind: account.Group, DN: "CN=g", Mail: []string{"team@example.com"}, Members: []account.SourceID{"o", "id0004"}}
	r.put(group)
	return r
}

// ended checks that nothing is left of the run that panicked, and that the next one makes up for it.
func (r *harness) ended(call string, before run.Watermark, accounts int) {
	r.t.Helper()
	held, err := r.tables.Held(r.t.Context(), r.res.ID)
	require.NoError(r.t, err)
	assert.False(r.t, held, "%s: the lease is given back", call)
	for _, row := range r.tables.runs {
		assert.NotEmpty(r.t, row.Outcome, "%s: a run is open", call)
	}
	after := r.tables.mark
	after.Open = before.Open
	if call != "End" && call != "Release" && call != "Forget" { // these come after the watermark
		assert.Equal(r.t, before, after, "%s: the watermark does not move", call)
	}
	next := r.once()
	assert.Equal(r.t, run.Succeeded, next.Outcome, "%s: the next run", call)
	assert.Len(r.t, r.tables.links, accounts, call)
	assert.Empty(r.t, r.tables.tasks, call)
}

func TestAPanicInAnyCallEndsTheRunAsFailed(t *testing.T) {
	calls := []string{
		"OpenReader", "Probe", "List", "Touched", "LookUp", "GroupsOf", "HasNeighbours", "Close", "Fields", "Canonical", "Domains", "Domain", "Accounts",
		"Apply", "Acquire", "Release", "Links", "Known", "Of", "At", "Some", "Claims", "Unlinked", "SetUnlinked", "Count", "Claim", "Begin", "Mode", "Settle", "End", "Forget", "Waiting", "Keep",
		"Mark", "Open", "SetWatermark", "Pending", "Done",
	}
	called := map[string]bool{}
	for name, begin := range map[string]func(*testing.T) *harness{
		"incremental": eventful,
		"full": func(t *testing.T) *harness {
			r := eventful(t)
			r.res.Revision++
			return r
		},
		"several leave": func(t *testing.T) *harness {
			r := eventful(t)
			r.res.Settings.Replication.MaxRemovals, r.people.tombstones = 3, false
			for _, id := range []account.SourceID{"id0005", "id0006", "id0007", "id0008"} {
				r.take(id)
			}
			return r
		},
		"no alias concerned": func(t *testing.T) *harness {
			r := eventful(t)
			r.res.Settings.Replication.Groups = false
			return r
		},
		"nothing to do": func(t *testing.T) *harness {
			r := eventful(t)
			r.once()
			r.people.touched = nil
			return r
		},
	} {
		whole := begin(t)
		whole.once()
		linked := len(whole.tables.links)
		for _, call := range calls { // some are made at once, in any order: each is counted by itself
			for n := 1; ; n++ {
				r, trap := begin(t), &trap{}
				trap.on(r)
				before := r.tables.mark
				trap.set(n, call)
				result, err := run.New(r.config).Once(t.Context(), r.res, run.Manual, run.Incremental)
				sprung := trap.sprung != ""
				trap.set(0, "")
				label := fmt.Sprintf("%s, %s %d", name, call, n)
				if !sprung {
					require.NoError(t, err, label)
					assert.Equal(t, run.Succeeded, result.Outcome, label)
					break
				}
				called[call] = true
				switch call {
				case "Acquire", "Mark", "Begin":
					var fault *recovered.Error
					require.ErrorAs(t, err, &fault, label)
				case "Release", "Forget":
					require.NoError(t, err, label)
				default:
					require.NoError(t, err, label)
					assert.Equal(t, run.Failed, result.Outcome, label)
					assert.Equal(t, run.Failed, r.tables.runs[len(r.tables.runs)-1].Outcome, label)
					assert.Equal(t, "problem_panic", result.Error.Key, label)
				}
				r.ended(call, before, linked)
			}
		}
	}
	for _, call := range calls {
		assert.True(t, called[call], "no run called %s", call)
	}
}

func TestAPanicBesideTheRunEndsIt(t *testing.T) {
	for _, call := range []string{"Renew", "Progress"} {
		r, trap := newHarness(t), &trap{}
		trap.on(r)
		r.config.LeaseTTL = 30 * time.Millisecond
		if call == "Progress" {
			r.config.LeaseTTL = time.Hour
		}
		var log bytes.Buffer
		r.config.Logger = slog.New(slog.NewTextHandler(&log, nil))
		r.people.objects = users(40)
		r.people.between = func(n int) {
			if n == 20 {
				trap.mu.Lock()
				trap.name = call
				trap.mu.Unlock()
				<-r.people.context.Done()
			}
		}
		result := r.once()
		assert.Equal(t, run.Failed, result.Outcome, call)
		assert.Equal(t, "problem_panic", result.Error.Key, call)
		assert.Equal(t, 1, strings.Count(log.String(), "stack="), "%s: it is logged once", call)
		r.people.between = nil
		r.ended(call, run.Watermark{}, 40)
	}
}

func TestALogThatPanicsLeavesNothingBehind(t *testing.T) {
	for n, done := 1, false; !done; n++ {
		r, trap := eventful(t), &trap{}
		before := r.tables.mark
		r.config.Logger = slog.New(&trappedLog{trap})
		trap.set(n, "")
		result, err := run.New(r.config).Once(t.Context(), r.res, run.Manual, run.Incremental)
		if done = trap.sprung == ""; done {
			continue
		}
		call := trap.sprung
		trap.set(0, "")
		switch call {
		case "WithAttrs": // when it begins
			var fault *recovered.Error
			require.ErrorAs(t, err, &fault, call)
		case "Handle replication ended":
			require.NoError(t, err, call)
			assert.Equal(t, run.Succeeded, result.Outcome, "everything was done")
			call = "End"
		default:
			require.NoError(t, err, call)
			assert.Equal(t, run.Failed, result.Outcome, call)
			assert.Equal(t, "problem_panic", result.Error.Key, call)
		}
		r.ended(call, before, 10)
	}
}

func TestTheLogHasTheStackOfAPanic(t *testing.T) {
	r, trap := newHarness(t), &trap{name: "Apply"}
	trap.on(r)
	var log bytes.Buffer
	r.config.Logger = slog.New(slog.NewTextHandler(&log, nil))
	r.people.objects = users(3)
	assert.Equal(t, "problem_panic", r.once().Error.Key)
	assert.Contains(t, log.String(), "boom in Apply")
	assert.Contains(t, log.String(), "trap_test.go:", "the stack")
}

func TestAPanicInAnApplicationIsThatApplicationsFailure(t *testing.T) {
	r, trap := newHarness(t), &trap{}
	r.config.Applications, r.config.Tasks = []run.Application{&brokenApplication{trap}}, r.tables
	r.people.objects = []account.Object{user("a", "a@example.com", "A")}
	r.once()
	r.people.objects[0].Mail = []string{"b@example.com"}
	trap.name = "Rename"
	assert.Equal(t, run.Partial, r.once().Outcome, "mail does not wait for an application")
	assert.Len(t, r.tables.tasks, 1)
	last := r.once()
	assert.Equal(t, run.Succeeded, last.Outcome)
	assert.Empty(t, r.tables.tasks)
}

func TestAPanicInATestOrPreviewIsAnError(t *testing.T) {
	for _, call := range []string{"OpenReader", "Probe", "List", "Close", "Accounts"} {
		r, trap := newHarness(t), &trap{}
		trap.on(r)
		r.people.objects = users(3)
		runner := run.New(r.config)
		var fault *recovered.Error
		trap.name = call
		err := runner.Preview(t.Context(), r.res, func(*account.Change) error { return nil })
		require.ErrorAs(t, err, &fault, "preview, %s", call)
		require.NoError(t, runner.Preview(t.Context(), r.res, func(*account.Change) error { return nil }))
		if trap.name = call; call != "Accounts" {
			_, err = runner.Sample(t.Context(), r.res.Settings)
			require.ErrorAs(t, err, &fault, "connection test, %s", call)
		}
	}
	r := newHarness(t)
	r.people.objects = users(3)
	err := run.New(r.config).Preview(t.Context(), r.res, func(*account.Change) error { panic("boom in the page") })
	require.ErrorContains(t, err, "boom in the page")
}

// brokenApplication is an application whose calls may panic.
type brokenApplication struct{ trap *trap }

func (a *brokenApplication) Name() string { return "broken" }

func (a *brokenApplication) Rename(context.Context, []account.Move) error {
	a.trap.enter("Rename")
	return nil
}

func (a *brokenApplication) Delete(context.Context, []string) error {
	a.trap.enter("Delete")
	return nil
}

// A run that is stopped when everything is read, and before everything is made, has not come to its end.
func TestR18_ARunThatIsStoppedBeforeItsLastBatchesIsNotDone(t *testing.T) {
	r := newHarness(t)
	r.people.invocation, r.people.objects = "dc1", users(12) // three batches
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	listed := make(chan struct{})
	whole := sync.OnceFunc(func() { close(listed) })
	open := r.config.OpenReader
	r.config.OpenReader = func(s resource.Settings) (run.Reader, error) {
		reader, err := open(s)
		return &listedReader{reader, whole}, err
	}
	r.config.Links = &stoppingLinks{r.tables, sync.OnceFunc(func() {
		<-listed
		cancel()
		<-r.people.context.Done()
	})}
	result, err := run.New(r.config).Once(ctx, r.res, run.Manual, run.Incremental)
	require.NoError(t, err)
	require.Less(t, len(r.tables.links), 12)
	assert.Equal(t, run.Interrupted, result.Outcome)
	assert.Equal(t, "problem_run_stopped", result.Error.Key)
	assert.Zero(t, r.tables.mark.USN, "the watermark does not move past what was not made")
	assert.True(t, r.tables.mark.Open && r.tables.mark.Full.IsZero())
	for _, l := range r.tables.links {
		assert.Equal(t, account.Confirmed, l.State, "what was begun is finished")
	}
	r.once()
	assert.Len(t, r.tables.links, 12)
}

// listedReader says when its listing is over.
type listedReader struct {
	run.Reader
	listed func()
}

func (r *listedReader) List(ctx context.Context, q run.Query, each func(account.Object) error) (run.Listing, error) {
	defer r.listed()
	return r.Reader.List(ctx, q, each)
}

// stoppingLinks does something at the first claim.
type stoppingLinks struct {
	*tables
	first func()
}

func (l *stoppingLinks) Claim(ctx context.Context, lease run.Lease, links []account.Link) ([]error, error) {
	l.first()
	return l.tables.Claim(ctx, lease, links)
}
