package watch_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
	"github.com/mailpanel/account-resource/accountresource/watch"
)

// world is all ports of one directory with a counter, in a time that passes only while everybody waits.
type world struct {
	mu        sync.Mutex
	resources []resource.Resource
	counter   int
	connects  []time.Time
	refuse    error // of connections
	lost      chan error
	took      time.Duration // by a run
	runs      []liveRun
	running   int
	most      int // runs at once
	busy      int // so many runs meet another one
	look      func(run.Bounds) run.Look
	failing   int    // so many runs fail
	counted   int    // how often the linked accounts were counted
	owner     string // of the watch; empty: nobody
	states    []watch.State
}

// liveRun is a run that was made: when it began and which counter it read.
type liveRun struct {
	at      time.Time
	counter int
	bounds  run.Bounds
}

func newWorld() *world {
	r := resource.Resource{ID: 7, Enabled: true, Revision: 1, Settings: resource.Defaults()}
	r.Settings.Replication.Live = true
	c := &r.Settings.Connection
	c.Domain, c.Host, c.BaseDN, c.BindDN, c.BindPassword = "example.com", "dc1", "DC=corp", "reader", resource.NewSecret("s3cret")
	return &world{
		resources: []resource.Resource{r}, lost: make(chan error), took: 20 * time.Millisecond,
		look: func(run.Bounds) run.Look { return run.Look{Empty: true} },
	}
}

// play watches for some time, and returns what happened.
func play(t *testing.T, w *world, owner string, test func(s *watch.Service)) {
	t.Helper()
	s := watch.Start(watch.Config{
		Resources: func(context.Context) ([]resource.Resource, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			return slices.Clone(w.resources), nil
		},
		Open: func(context.Context, resource.Resource) (watch.Source, error) { return w, nil }, Run: w.run,
		Links: func(context.Context, int64) (int, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.counted++
			return 1000, nil
		},
		Watches: w, Owner: owner, Logger: slog.New(slog.DiscardHandler),
	})
	defer s.Close()
	test(s)
}

func (w *world) Watch(ctx context.Context, every time.Duration, changed func(server string)) error {
	w.mu.Lock()
	w.connects = append(w.connects, time.Now())
	refuse := w.refuse
	w.mu.Unlock()
	if refuse != nil {
		return refuse
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for last := -1; ; {
		w.mu.Lock()
		counter := w.counter
		w.mu.Unlock()
		if counter != last {
			changed("dc1.corp.example")
		}
		last = counter
		select {
		case <-tick.C:
		case err := <-w.lost:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (w *world) run(ctx context.Context, _ resource.Resource, b run.Bounds) (run.Look, error) {
	w.mu.Lock()
	if w.busy > 0 {
		w.busy--
		w.mu.Unlock()
		return run.Look{}, run.ErrRunning
	}
	w.runs = append(w.runs, liveRun{time.Now(), w.counter, b})
	w.running++
	w.most = max(w.most, w.running)
	took, look := w.took, w.look(b)
	if w.failing > 0 {
		w.failing--
		look = run.Look{Run: run.Run{Outcome: run.Failed}}
	}
	w.mu.Unlock()
	select {
	case <-time.After(took):
	case <-ctx.Done():
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running--
	return look, nil
}

func (w *world) change() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counter++
}

func (w *world) Take(_ context.Context, _ int64, owner string, _ time.Duration) (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.owner == "" {
		w.owner = owner
	}
	return w.owner == owner, nil
}

func (w *world) Tell(_ context.Context, _ int64, _ string, s watch.State) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.states = append(w.states, s)
	return nil
}

func (w *world) GiveBack(_ context.Context, _ int64, owner string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.owner == owner {
		w.owner = ""
	}
	return nil
}

// made is how many runs there were.
func (w *world) made() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.runs)
}

func (w *world) connections() []time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.connects)
}

// state is what people were told last.
func (w *world) state() watch.State {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.states[len(w.states)-1]
}

func (w *world) last() liveRun {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.runs[len(w.runs)-1]
}

// rest lets time pass, until everybody waits.
func rest(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestAChangeBeginsARunWithinTheSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		play(t, w, "one", func(*watch.Service) {
			rest(time.Minute)
			require.Equal(t, 1, w.made(), "one when the connection stands, as anything may have happened")
			for range 20 {
				changed := time.Now()
				w.change()
				rest(1700 * time.Millisecond)
				last := w.last()
				assert.Equal(t, w.counter, last.counter)
				assert.Less(t, last.at.Sub(changed), time.Second)
			}
			require.Equal(t, 21, w.made())
			assert.Equal(t, "dc1.corp.example", w.state().Server)
			assert.False(t, w.state().Since.IsZero())
		})
		assert.Empty(t, w.owner, "it gave the watch back")
	})
}

// 5,000 changes, while a run takes two seconds: never two runs at once, half of the time at most, and the last one begins after the last
// change.
func TestAStormIsAChainOfRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.took = 2 * time.Second
		play(t, w, "one", func(*watch.Service) {
			began := time.Now()
			for range 5000 {
				w.change()
				rest(10 * time.Millisecond)
			}
			storm := time.Since(began)
			rest(time.Minute)
			assert.Equal(t, 1, w.most)
			assert.Equal(t, 5000, w.last().counter)
			assert.LessOrEqual(t, w.made(), int(storm/(2*w.took))+2)
		})
	})
}

func TestAWakeWhileAnotherRunGoesOnIsNotLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		play(t, w, "one", func(*watch.Service) {
			rest(time.Minute)
			w.mu.Lock()
			w.busy = 30
			w.mu.Unlock()
			w.change()
			rest(40 * time.Second)
			assert.Equal(t, 2, w.made())
			assert.Equal(t, 1, w.runs[1].counter)
		})
	})
}

// A lost connection is made again with growing pauses; each time there is a run, as anything may have happened.
func TestALostConnectionIsMadeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		play(t, w, "one", func(*watch.Service) {
			rest(time.Minute)
			w.lost <- errors.New("connection reset")
			rest(2 * time.Second)
			require.Len(t, w.connections(), 2)
			assert.Equal(t, 2, w.made())

			w.mu.Lock()
			w.refuse = resource.NewProblem("port", "port_closed", nil)
			w.mu.Unlock()
			w.lost <- errors.New("connection reset")
			before := len(w.connections())
			rest(10 * time.Minute)
			tries := len(w.connections()) - before
			assert.Greater(t, tries, 8)
			assert.Less(t, tries, 25)
			assert.Equal(t, "problem_port_closed", w.state().Problem.Key)
			w.mu.Lock()
			w.refuse = nil
			w.mu.Unlock()
			rest(2 * time.Minute)
			assert.Empty(t, w.state().Problem.Key)
		})
	})
}

// A refused bind counts towards the lockout of the account; other settings are tried at once.
func TestARefusedBindIsNotRepeatedAtSpeed(t *testing.T) {
	for _, c := range []struct {
		err error
		key string
	}{
		{resource.NewProblem("bind_password", "bind_wrong_password", nil), "problem_bind_wrong_password"},
		{resource.NewProblem("bind_dn", "bind_locked", nil), "problem_bind_locked"},
		{run.ErrCannotFollow, "problem_live_cannot_follow"},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld()
			w.refuse = c.err
			play(t, w, "one", func(s *watch.Service) {
				rest(29 * time.Minute)
				assert.Len(t, w.connections(), 1)
				assert.Equal(t, c.key, w.state().Problem.Key)
				w.mu.Lock()
				w.resources[0].Revision++
				w.refuse = nil
				w.mu.Unlock()
				s.Changed()
				rest(time.Second)
				assert.Len(t, w.connections(), 2)
				assert.Equal(t, 1, w.made())
			})
		})
	}
}

// Identities are listed at most every three seconds with a thousand linked accounts; what a run owes is made up for then.
func TestWhatARunOwesIsMadeUpFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.look = func(b run.Bounds) run.Look { return run.Look{Listed: b.List, Owes: !b.List} }
		play(t, w, "one", func(*watch.Service) {
			rest(time.Minute)
			before := w.made()
			w.change() // listed
			rest(time.Second)
			w.change() // owed
			rest(time.Minute)
			made := w.runs[before:]
			require.Len(t, made, 3)
			assert.Equal(t, []bool{true, false, true}, []bool{made[0].bounds.List, made[1].bounds.List, made[2].bounds.List})
			assert.Equal(t, []bool{false, false, true}, []bool{made[0].bounds.Owed, made[1].bounds.Owed, made[2].bounds.Owed})
			assert.GreaterOrEqual(t, made[2].at.Sub(made[0].at), 3*time.Second)
			assert.Less(t, made[2].at.Sub(made[0].at), 5*time.Second)
		})
	})
}

// Of two processes one watches; the other takes over when it ends. A resource that is switched off is not watched.
func TestOneProcessWatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		play(t, w, "two", func(*watch.Service) {
			rest(time.Second)
			play(t, w, "one", func(*watch.Service) {
				rest(time.Minute)
				assert.Len(t, w.connections(), 1)
				assert.Equal(t, "two", w.owner)
			})
			assert.Equal(t, "two", w.owner, "what ends gives back its own only")
			w.mu.Lock()
			w.owner = "three" // this one was silent for too long
			w.mu.Unlock()
			rest(10 * time.Second)
			before := w.made()
			w.change()
			rest(10 * time.Second)
			assert.Equal(t, before, w.made(), "it has stopped")
			w.mu.Lock()
			w.owner = ""
			w.mu.Unlock()
			rest(10 * time.Second)
			assert.Equal(t, before+1, w.made())
			w.mu.Lock()
			w.resources[0].Enabled = false
			w.mu.Unlock()
			rest(10 * time.Second)
			assert.Empty(t, w.owner)
		})
	})
}

// A run that failed left its changes where they are: it is made again, with growing pauses, although the counter stays.
func TestALiveRunThatFailedIsMadeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		play(t, w, "one", func(*watch.Service) {
			rest(time.Minute)
			w.mu.Lock()
			w.failing = 5
			w.mu.Unlock()
			before := w.made()
			w.change()
			rest(10 * time.Second)
			require.Equal(t, before+1, w.made(), "not at speed")
			rest(2 * time.Hour)
			assert.Equal(t, before+6, w.made(), "five failed, and the sixth did not")
		})
	})
}

// A server that restarts breaks off handshakes: that is over soon. A certificate that is not in order is not.
func TestACertificateIsTriedSeldom(t *testing.T) {
	for key, most := range map[string]int{"certificate_expired": 3, "ca_unknown": 3, "tls_old_version": 3, "tls_broken_off": 30, "tls_silent": 30, "port_closed": 30} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld()
			w.refuse = resource.NewProblem("host", key, nil)
			play(t, w, "one", func(*watch.Service) {
				rest(11 * time.Minute)
				tries := len(w.connections())
				assert.LessOrEqual(t, tries, most, key)
				assert.Equal(t, most > 3, tries > 3, key)
			})
		})
	}
}

// What a look costs does not grow with the linked accounts: they are not counted for each.
func TestLinkedAccountsAreCountedSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		play(t, w, "one", func(*watch.Service) {
			for range 100 {
				w.change()
				rest(2 * time.Second)
			}
			assert.Greater(t, w.made(), 90)
			w.mu.Lock()
			defer w.mu.Unlock()
			assert.LessOrEqual(t, w.counted, 2)
		})
	})
}

// The watch has signed in before the password was changed; its runs have not. One that is refused ends the watch for half an hour, however
// many changes there are, and the page says why.
func TestARunWhoseBindIsRefusedEndsTheWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		play(t, w, "one", func(*watch.Service) {
			rest(time.Minute)
			w.mu.Lock()
			w.look = func(run.Bounds) run.Look {
				return run.Look{Run: run.Run{Outcome: run.Failed, Error: account.Say("problem_bind_locked", "Account", "reader")}}
			}
			w.mu.Unlock()
			before := w.made()
			for range 29 * 60 {
				w.change()
				rest(time.Second)
			}
			assert.Equal(t, before+1, w.made())
			assert.Len(t, w.connections(), 1)
			assert.Equal(t, account.Say("problem_bind_locked", "Account", "reader"), w.state().Problem)
			assert.True(t, w.state().Since.IsZero(), "it is not watching")
			rest(10 * time.Minute)
			assert.Len(t, w.connections(), 2)
		})
	})
}
