package signin_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/signin"
)

const day = 24 * time.Hour

var anna = signin.Key{Resource: 7, Source: "37546e64-0000-4000-8000-000000000001"}

// world is all ports: a domain that counts wrong passwords as Active Directory does, and tables that several services share.
type world struct {
	mu        sync.Mutex
	accounts  map[string]signin.Account
	servers   []string
	hanging   map[string]bool
	refusing  map[string]bool
	password  string
	former    string // from before a change; still taken, and not counted
	data      string // the sub-code for the right password; empty: it gets in
	code      uint16 // instead of an answer about the password
	stamp     string
	policy    signin.Policy
	silent    bool // about the policy
	bad       int
	badAt     time.Time
	binds     []string
	pings     int
	writes    int
	verifiers map[signin.Key]signin.Verifier
	tries     map[signin.Key]signin.Tries
	tables    error
	noDelete  error
	noCount   error          // the table of attempts is down
	delay     time.Duration  // until a bind is answered
	counts    []signin.Count // as they were added
	noCounts  error          // the table of counts is down
	log       bytes.Buffer
}

func newWorld() *world {
	return &world{
		accounts: map[string]signin.Account{"anna@example.com": {Key: anna, Address: "anna@example.com", Active: true, Grace: day}},
		servers:  []string{"dc1"}, hanging: map[string]bool{}, refusing: map[string]bool{},
		password: "Right-1", stamp: "1", policy: signin.Policy{Threshold: 5, Window: 30 * time.Minute},
		verifiers: map[signin.Key]signin.Verifier{}, tries: map[signin.Key]signin.Tries{},
	}
}

func (w *world) service(t *testing.T) *signin.Service {
	t.Helper()
	s, err := signin.New(signin.Config{
		Links: w, Directory: w, Verifiers: verifiers{w}, Attempts: attempts{w}, Counters: counters{w}, Key: bytes.Repeat([]byte{7}, 32), Clock: time.Now,
		Logger: slog.New(slog.NewTextHandler(&w.log, nil)),
	})
	require.NoError(t, err)
	return s
}

// play runs a test where time passes only while everybody waits.
func play(t *testing.T, test func(t *testing.T, w *world, try func(password string) signin.Verdict)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		s := w.service(t)
		test(t, w, func(password string) signin.Verdict {
			result, err := s.Authenticate(t.Context(), signin.Request{Address: "anna@example.com", Password: password})
			require.NoError(t, err)
			return result.Verdict
		})
		require.NotContains(t, w.log.String(), w.password)
	})
}

func (w *world) Find(_ context.Context, address string) (signin.Account, bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a, found := w.accounts[address]
	return a, found, w.tables
}

func (w *world) Servers(context.Context, int64) ([]string, error) { return w.servers, nil }

// reach waits for a server that hangs, and fails for one that refuses connections.
func (w *world) reach(ctx context.Context, server string) error {
	w.mu.Lock()
	hangs, refuses := w.hanging[server], w.refusing[server]
	w.mu.Unlock()
	if hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	if refuses {
		return fmt.Errorf("%w: connection refused", signin.ErrNotSent)
	}
	return nil
}

func (w *world) Ping(ctx context.Context, _ int64, server string) error {
	w.mu.Lock()
	w.pings++
	w.mu.Unlock()
	return w.reach(ctx, server)
}

func (w *world) Policy(ctx context.Context, _ signin.Key, server string) (signin.Policy, bool, error) {
	return w.policy, !w.silent, w.reach(ctx, server)
}

func (w *world) Bind(ctx context.Context, who signin.Key, server, password string) (signin.Answer, error) {
	if password == "" {
		return signin.Answer{}, errors.New("an empty password was sent")
	}
	w.mu.Lock()
	w.binds = append(w.binds, server+" "+password)
	w.mu.Unlock()
	select {
	case <-time.After(w.delay):
	case <-ctx.Done():
		return signin.Answer{}, ctx.Err()
	}
	if err := w.reach(ctx, server); err != nil {
		return signin.Answer{}, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.code != 0 {
		return signin.Answer{Code: w.code}, nil
	}
	if time.Since(w.badAt) > w.policy.Window {
		w.bad = 0
	}
	switch {
	case w.locked():
		return signin.Answer{Code: 49, Data: "775"}, nil
	case who != anna || password != w.password && (password != w.former || w.former == ""):
		w.bad, w.badAt = w.bad+1, time.Now()
		return signin.Answer{Code: 49, Data: "52e"}, nil
	case w.data != "":
		return signin.Answer{Code: 49, Data: w.data}, nil
	}
	w.bad = 0
	return signin.Answer{Stamp: w.stamp}, nil
}

func (w *world) locked() bool { return w.policy.Threshold > 0 && w.bad >= w.policy.Threshold }

type verifiers struct{ *world }

func (v verifiers) Load(_ context.Context, who signin.Key) (signin.Verifier, bool, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	kept, found := v.verifiers[who]
	return kept, found, v.tables
}

func (v verifiers) Save(_ context.Context, who signin.Key, kept signin.Verifier) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.writes++
	v.verifiers[who] = kept
	return v.tables
}

func (v verifiers) Delete(_ context.Context, who signin.Key) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.noDelete != nil {
		return v.noDelete
	}
	delete(v.verifiers, who)
	return v.tables
}

type attempts struct{ *world }

func (a attempts) Load(_ context.Context, who signin.Key) (signin.Tries, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.tries[who], errors.Join(a.tables, a.noCount)
}

func (a attempts) Swap(_ context.Context, who signin.Key, loaded int64, next signin.Tries) (bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.tries[who].Version != loaded {
		return false, a.tables
	}
	a.writes++
	a.tries[who] = next
	return true, a.tables
}

type counters struct{ *world }

func (c counters) Add(_ context.Context, resource int64, door signin.Door, verdict signin.Verdict, n int, last time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if resource != anna.Resource {
		return fmt.Errorf("resource %d", resource)
	}
	if c.noCounts == nil {
		c.counts = append(c.counts, signin.Count{Door: door, Verdict: verdict, Attempts: int64(n), Last: last})
	}
	return c.noCounts
}

func (c counters) Of(context.Context, int64) ([]signin.Count, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts, c.noCounts
}
