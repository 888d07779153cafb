package watch

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/recovered"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
)

const (
	every  = 250 * time.Millisecond // between two questions for the counter
	settle = 50 * time.Millisecond  // from the first sign to the run, for what comes with it

	firstPause, mostPause = 500 * time.Millisecond, time.Minute // until a lost connection is made again
	goodService           = 30 * time.Second                    // after which the first pause is short again
	certificatePause      = 5 * time.Minute                     // after a certificate that is not in order
	refusedPause          = 30 * time.Minute                    // after a refused bind: by then Active Directory has forgotten it
	busyPause             = time.Second                         // while another run is going on
	fullPause             = time.Hour                           // between two full runs
	countEvery            = 10 * time.Minute                    // between two counts of the linked accounts

	firstFailurePause, mostFailurePause = time.Minute, 15 * time.Minute // until a failed run is made again

	leastListing, mostListing = 2 * time.Second, time.Minute // between two listings of identities
	listingShare              = 3 * time.Millisecond         // of that for each linked account: twenty times what listing it takes
)

// watch is the watch of one resource by this process.
type watch struct {
	*Service
	res    resource.Resource
	wake   chan struct{} // holds one sign
	state  State
	listed time.Time // when identities were listed last
	full   time.Time // when a live run read everything last
	owed   bool      // a run had to leave out a listing of identities

	linked  int       // accounts of the resource, for the pace of listings
	counted time.Time // when they were counted

	mu     sync.Mutex // guards the newest sign
	server string
	seen   time.Time
}

func newWatch(s *Service, r resource.Resource) *watch {
	return &watch{Service: s, res: r, wake: make(chan struct{}, 1)}
}

// keep watches until ctx ends, and makes a lost connection again.
func (w *watch) keep(ctx context.Context) {
	pause := firstPause
	for ctx.Err() == nil {
		began := time.Now()
		err := w.connection(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) >= goodService {
			pause = firstPause
		}
		wait := time.Duration(float64(pause) * (0.8 + 0.4*rand.Float64())) //nolint:gosec // only so that not all come at once
		if long := longPause(err); long > 0 {
			wait = long
		}
		pause = min(2*pause, mostPause)
		w.log.WarnContext(ctx, "a directory is not watched", "resource", w.res.ID, "error", err, "again_in", wait)
		w.state.Since, w.state.Problem = time.Time{}, problemOf(err)
		w.tell(ctx)
		sleep(ctx, wait)
	}
}

// problemOf is what people are told of an error.
func problemOf(err error) account.Message {
	if errors.Is(err, run.ErrCannotFollow) {
		return account.Say("problem_live_cannot_follow")
	}
	return resource.ProblemsOf(err)[0].Message
}

// brief are the problems of encryption that a server has while it restarts.
var brief = map[string]bool{"tls_silent": true, "tls_broken_off": true, "tls_failed": true}

// longPause returns how long to wait after an error that would only come again, and zero after any other. A refused bind counts towards the
// lockout of the account.
func longPause(err error) time.Duration {
	if errors.Is(err, run.ErrCannotFollow) {
		return refusedPause // the settings, or what the server says of itself, may change
	}
	for _, p := range resource.ProblemsOf(err) {
		_, key, _ := strings.Cut(p.Message.Key, "_")
		switch kind, _, _ := strings.Cut(key, "_"); {
		case kind == "bind" && key != "bind_silent":
			return refusedPause
		case kind == "certificate", kind == "ca", kind == "tls" && !brief[key]:
			return certificatePause
		}
	}
	return 0
}

// connection watches over one connection until that is lost, and makes runs meanwhile.
func (w *watch) connection(ctx context.Context) error {
	source, err := w.cfg.Open(ctx, w.res)
	if err != nil {
		return err
	}
	life := ctx // a run goes on without the connection
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		ended <- recovered.Do(func() error { return source.Watch(ctx, every, w.sign) })
		cancel()
	}()
	var refused error
	for ctx.Err() == nil && refused == nil {
		select {
		case <-w.wake:
			sleep(ctx, settle)
			refused = w.run(life)
		case <-ctx.Done():
		}
	}
	cancel()
	lost := <-ended
	return cmp.Or(refused, lost)
}

// sign notes a change and wakes the watch. The source calls it once when it has connected, because anything may have changed before.
func (w *watch) sign(server string) {
	w.mu.Lock()
	w.server, w.seen = server, time.Now()
	w.mu.Unlock()
	w.signal()
}

// signal wakes the watch; one signal that waits is enough.
func (w *watch) signal() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// run makes live runs until one succeeds that began after the newest sign. Signs that come meanwhile wake the watch again afterwards. It
// returns an error where the directory refused the bind account: the watch has signed in before, but every run does so anew.
func (w *watch) run(ctx context.Context) error {
	for pause := firstFailurePause; ctx.Err() == nil; {
		w.noteSign(ctx)
		bounds := w.bounds(ctx)
		began := time.Now()
		look, err := w.cfg.Run(ctx, w.res, bounds)
		switch {
		case errors.Is(err, run.ErrRunning): // the other run may have read the counter before the change
			sleep(ctx, busyPause)
			continue
		case err == nil && look.Run.IsBindRefused():
			return &resource.Problem{Message: look.Run.Error}
		case err != nil, look.Run.Outcome == run.Failed:
			if err != nil && ctx.Err() == nil {
				w.log.WarnContext(ctx, "live run", "resource", w.res.ID, "error", err, "again_in", pause)
			}
			sleep(ctx, pause)
			pause = min(2*pause, mostFailurePause)
			continue
		}
		now := time.Now()
		w.owed = look.Owes
		if look.Listed {
			w.listed = now
		}
		if look.Run.Mode == run.Full && !look.Empty {
			w.full = now
		}
		sleep(ctx, max(every, now.Sub(began))) // live runs take at most half of the time
		if next := w.nextListing(ctx); w.owed && next > 0 {
			w.later(ctx, next)
		} else if w.owed {
			continue
		}
		return nil
	}
	return nil
}

// later wakes the watch after a time.
func (w *watch) later(ctx context.Context, wait time.Duration) {
	timer := time.AfterFunc(wait, w.signal)
	context.AfterFunc(ctx, func() { timer.Stop() })
}

// bounds returns what the next run may do.
func (w *watch) bounds(ctx context.Context) run.Bounds {
	mayList := w.nextListing(ctx) <= 0
	return run.Bounds{List: mayList, Owed: w.owed && mayList, Full: time.Since(w.full) >= fullPause}
}

// nextListing returns how long to wait until identities may be listed again; zero or less: now.
func (w *watch) nextListing(ctx context.Context) time.Duration {
	if w.counted.IsZero() || time.Since(w.counted) >= countEvery {
		linked, err := w.cfg.Links(ctx, w.res.ID)
		if err != nil {
			return mostListing - time.Since(w.listed)
		}
		w.linked, w.counted = linked, time.Now()
	}
	least := min(max(time.Duration(w.linked)*listingShare, leastListing), mostListing)
	return least - time.Since(w.listed)
}

// noteSign keeps the newest sign for the page.
func (w *watch) noteSign(ctx context.Context) {
	w.mu.Lock()
	server, seen := w.server, w.seen
	w.mu.Unlock()
	if w.state.Since.IsZero() {
		w.state.Since = seen
	}
	w.state.Server, w.state.Seen, w.state.Problem = server, seen, account.Message{}
	w.tell(ctx)
}

// tell writes the state for the pages of all processes.
func (w *watch) tell(ctx context.Context) {
	if err := w.cfg.Watches.Tell(ctx, w.res.ID, w.cfg.Owner, w.state); err != nil && ctx.Err() == nil {
		w.log.WarnContext(ctx, "write the state of a watch", "resource", w.res.ID, "error", err)
	}
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
