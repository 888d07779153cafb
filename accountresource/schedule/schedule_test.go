package schedule_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/schedule"
)

// panel is what a schedule sees of the panel around it.
type panel struct {
	t     *testing.T
	clock *clockwork.FakeClock
	runs  chan int64

	mu        sync.Mutex
	resources []resource.Resource
	last      map[int64]time.Time
	err       error

	fault  string      // the call that panics next
	faults chan string // those that did
	began  time.Time
	log    lockedBuffer
}

// enter panics in a call that is to.
func (p *panel) enter(call string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fault == call {
		p.fault = ""
		p.faults <- call
		panic("boom in " + call)
	}
}

// breaks makes a call panic once.
func (p *panel) breaks(call string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = call
}

// panicked waits for a call that panicked.
func (p *panel) panicked() {
	p.t.Helper()
	select {
	case <-p.faults:
	case <-time.After(10 * time.Second):
		p.t.Fatal("nothing panicked")
	}
}

// lockedBuffer is a log.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func start(t *testing.T, p *panel) *schedule.Schedule {
	t.Helper()
	p.t, p.clock, p.runs, p.faults = t, clockwork.NewFakeClock(), make(chan int64, 10), make(chan string, 10)
	p.began = p.clock.Now()
	if p.last == nil {
		p.last = map[int64]time.Time{}
	}
	s, err := schedule.Start(schedule.Config{
		Resources: func(context.Context) ([]resource.Resource, error) {
			p.enter("Resources")
			p.mu.Lock()
			defer p.mu.Unlock()
			return p.resources, p.err
		},
		LastRun: func(_ context.Context, id int64) (time.Time, error) {
			p.enter("LastRun")
			p.mu.Lock()
			defer p.mu.Unlock()
			return p.last[id], nil
		},
		Run: func(_ context.Context, id int64) {
			p.enter("Run")
			p.runs <- id
		},
		Logger:  slog.New(slog.NewTextHandler(&p.log, nil)),
		Clock:   p.clock,
		Refresh: 24 * time.Hour,
	})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close(context.Background())) })
	return s
}

// until moves the clock on to a moment that the schedule has named.
func (p *panel) until(moment time.Time) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 10*time.Second)
	defer cancel()
	require.NoError(p.t, p.clock.BlockUntilContext(ctx, 1))
	p.clock.Advance(moment.Sub(p.clock.Now()))
}

func (p *panel) ran() int64 {
	p.t.Helper()
	select {
	case id := <-p.runs:
		return id
	case <-time.After(10 * time.Second):
		p.t.Fatal("no run")
		return 0
	}
}

func minutely(id int64, enabled bool, minutes int) resource.Resource {
	r := resource.Resource{ID: id, Enabled: enabled, Settings: resource.Defaults()}
	r.Settings.Replication.Interval = minutes
	return r
}

func TestAResourceRunsByItsInterval(t *testing.T) {
	p := &panel{resources: []resource.Resource{minutely(1, true, 15), minutely(2, false, 15)}}
	s := start(t, p)
	begin := p.clock.Now()
	assert.WithinDuration(t, begin.Add(15*time.Minute), s.Next(1), 0)
	assert.Zero(t, s.Next(2), "a disabled resource is not scheduled")
	p.until(s.Next(1))
	assert.EqualValues(t, 1, p.ran())
	assert.Eventually(t, func() bool { return s.Next(1).Equal(begin.Add(30 * time.Minute)) }, 10*time.Second, time.Millisecond)
}

func TestARestartNeitherSkipsNorHurriesARun(t *testing.T) {
	p := &panel{resources: []resource.Resource{minutely(1, true, 15)}}
	p.last = map[int64]time.Time{1: clockwork.NewFakeClock().Now().Add(-5 * time.Minute)}
	s := start(t, p)
	assert.WithinDuration(t, p.clock.Now().Add(10*time.Minute), s.Next(1), time.Second)
}

// ago is when runs of resources began, before the start.
func ago(times map[int64]time.Duration) map[int64]time.Time {
	last := make(map[int64]time.Time, len(times))
	for id, t := range times {
		last[id] = clockwork.NewFakeClock().Now().Add(-t)
	}
	return last
}

func TestR17_AnOverdueResourceRunsSoonAfterARestart(t *testing.T) {
	p := &panel{
		resources: []resource.Resource{minutely(1, true, 15), minutely(2, true, 60), minutely(3, true, 1440), minutely(4, true, 15)},
		last:      ago(map[int64]time.Duration{1: 16 * time.Minute, 2: 5 * time.Hour, 3: 3000 * time.Hour, 4: 15 * time.Minute}),
	}
	s := start(t, p)
	at := map[time.Time]bool{}
	for id := int64(1); id <= 4; id++ {
		next := s.Next(id)
		assert.True(t, next.After(p.began), "resource %d", id)
		assert.LessOrEqual(t, next.Sub(p.began), time.Minute, "resource %d", id)
		at[next] = true
	}
	assert.Len(t, at, 4, "not all at the same moment")
	p.until(p.began.Add(time.Minute))
	ran := map[int64]bool{}
	for range 4 {
		ran[p.ran()] = true
	}
	assert.Len(t, ran, 4)
	assert.Eventually(t, func() bool { return s.Next(3).Sub(p.began) > 23*time.Hour }, 10*time.Second, time.Millisecond,
		"and then by its interval")
}

func TestR17_ARunDatedInTheFutureIsNotBelieved(t *testing.T) {
	p := &panel{
		resources: []resource.Resource{minutely(1, true, 15), minutely(2, true, 15)},
		last:      ago(map[int64]time.Duration{1: -24 * time.Hour, 2: -2 * time.Second}),
	}
	s := start(t, p)
	assert.LessOrEqual(t, s.Next(1).Sub(p.began), time.Minute, "the clock was set back by a day")
	assert.WithinDuration(t, p.began.Add(15*time.Minute), s.Next(2), time.Minute, "clocks of two machines differ by seconds")
	p.until(s.Next(1))
	assert.EqualValues(t, 1, p.ran())
}

func TestR17_ARunDatedInTheFutureDoesNotHoldUpTheNext(t *testing.T) {
	p := &panel{resources: []resource.Resource{minutely(1, true, 15)}}
	s := start(t, p)
	p.mu.Lock()
	p.last[1] = p.began.Add(48 * time.Hour) // the clock was set back while the panel runs
	p.mu.Unlock()
	p.until(s.Next(1))
	assert.EqualValues(t, 1, p.ran())
}

func TestChangesAreFollowed(t *testing.T) {
	p := &panel{resources: []resource.Resource{minutely(1, true, 15)}}
	s := start(t, p)
	change := func(resources ...resource.Resource) {
		p.mu.Lock()
		p.resources = resources
		p.mu.Unlock()
		require.NoError(t, s.Sync(t.Context()))
	}
	change(minutely(1, true, 60), minutely(2, true, 5))
	assert.WithinDuration(t, p.clock.Now().Add(time.Hour), s.Next(1), 0)
	assert.WithinDuration(t, p.clock.Now().Add(5*time.Minute), s.Next(2), 0)
	change(minutely(1, false, 60))
	assert.Zero(t, s.Next(1))
	assert.Zero(t, s.Next(2), "a deleted resource is not scheduled")

	p.mu.Lock()
	p.err = errors.New("database is gone")
	p.mu.Unlock()
	assert.ErrorContains(t, s.Sync(t.Context()), "database is gone")
}

func TestAResourceThatJustRanIsLetBe(t *testing.T) {
	p := &panel{resources: []resource.Resource{minutely(1, true, 15), minutely(2, true, 16)}}
	s := start(t, p)
	p.mu.Lock()
	p.last[1] = p.clock.Now().Add(14 * time.Minute) // another panel was quicker
	p.mu.Unlock()
	p.until(s.Next(1))
	p.until(p.clock.Now().Add(time.Minute))
	assert.EqualValues(t, 2, p.ran(), "the first run there is, is the other resource's")
}

func TestCloseEndsWhatGoesOn(t *testing.T) {
	s := start(t, &panel{})
	ended := make(chan error, 1)
	require.NoError(t, s.Go(func(ctx context.Context) {
		<-ctx.Done()
		ended <- ctx.Err()
	}))
	require.NoError(t, s.Close(t.Context()))
	assert.ErrorIs(t, <-ended, context.Canceled)
	assert.ErrorIs(t, s.Go(func(context.Context) {}), schedule.ErrClosed)
}

// The scheduler's own end waits for ever where it is asked for a second time just when it has come.
func TestCloseMayBeCalledAgain(t *testing.T) {
	for range 300 {
		s := start(t, &panel{})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		require.NoError(t, s.Close(ctx))
		require.NoError(t, s.Close(ctx))
		cancel()
	}
}

func TestCloseDoesNotWaitForEver(t *testing.T) {
	s := start(t, &panel{})
	release := make(chan struct{})
	require.NoError(t, s.Go(func(context.Context) { <-release }))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.ErrorIs(t, s.Close(ctx), context.Canceled)
	close(release)
}

// A fault in what the schedule calls ends neither the process nor the schedule.
func TestAPanicLeavesTheScheduleAsItIs(t *testing.T) {
	for _, fault := range []string{"LastRun", "Run"} {
		p := &panel{resources: []resource.Resource{minutely(1, true, 15), minutely(2, true, 16)}}
		s := start(t, p)
		p.breaks(fault)
		p.until(p.began.Add(15 * time.Minute))
		p.panicked()
		p.until(p.began.Add(16 * time.Minute))
		assert.EqualValues(t, 2, p.ran(), "%s: another resource", fault)
		assert.Eventually(t, func() bool { return s.Next(1).Equal(p.began.Add(30 * time.Minute)) }, 10*time.Second, time.Millisecond,
			"%s: the same resource has its next time", fault)
		require.NoError(t, s.Close(t.Context()))
		assert.Contains(t, p.log.String(), "boom in "+fault)
		assert.Contains(t, p.log.String(), "schedule_test.go:", "the stack")
	}
}

func TestAPanicInTheBackgroundIsLogged(t *testing.T) {
	p := &panel{}
	s := start(t, p)
	require.NoError(t, s.Go(func(context.Context) { panic("boom in Go") }))
	require.NoError(t, s.Close(t.Context()), "it is not waited for")
	assert.Contains(t, p.log.String(), "boom in Go")
	assert.Contains(t, p.log.String(), "schedule_test.go:", "the stack")
}

func TestAPanicInTheRefreshIsLogged(t *testing.T) {
	p := &panel{}
	s := start(t, p)
	p.breaks("Resources")
	p.until(p.began.Add(24 * time.Hour))
	p.panicked()
	require.NoError(t, s.Close(t.Context()))
	assert.Contains(t, p.log.String(), "boom in Resources")
}

func TestAPanicAtTheStartIsMadeUpForByTheRefresh(t *testing.T) {
	p := &panel{resources: []resource.Resource{minutely(1, true, 15)}, fault: "Resources"}
	s := start(t, p)
	assert.Zero(t, s.Next(1))
	p.panicked()
	p.until(p.began.Add(24 * time.Hour))
	require.Eventually(t, func() bool { return !s.Next(1).IsZero() }, 10*time.Second, time.Millisecond)
}
