package web

import (
	"context"
	"errors"
	"time"

	"github.com/gofiber/fiber/v2"
)

const (
	// maxTrials is how many tests, previews and look-ups on a directory server are made at once.
	maxTrials = 4
	// maxDownloads is how many files are sent at once.
	maxDownloads = 8
)

var (
	errBusy      = &refusal{status: fiber.StatusServiceUnavailable, key: "refused_busy", retry: 10}
	errDownloads = &refusal{status: fiber.StatusServiceUnavailable, key: "refused_downloads", retry: 10}
	errStreams   = &refusal{status: fiber.StatusServiceUnavailable, key: "refused_streams", retry: 10}
	errClosed    = &refusal{status: fiber.StatusServiceUnavailable, key: "refused_closed", retry: 10}
)

// errGone is the end of work whose client closed the connection: nobody reads the answer.
var errGone = &refusal{status: fiber.StatusServiceUnavailable, key: "refused_closed"}

// trial takes one of the few slots for work on a directory server that a request waits for. The context ends when the
// time is over, the client is gone, or the module or the host's server is closed; end gives the slot back. Without a free
// slot the error is a sentence with status 503.
func (r *request) trial(limit time.Duration) (ctx context.Context, end func(), err error) {
	if !r.web.trials.take() {
		return nil, nil, r.web.full(errBusy)
	}
	ctx, cancel := r.web.attend(r.UserContext(), clientOf(r.Ctx), limit)
	return ctx, func() {
		cancel()
		r.web.trials.give()
	}, nil
}

// full is why there is no free slot.
func (w *Web) full(busy *refusal) *refusal {
	if w.life.Err() != nil {
		return errClosed
	}
	return busy
}

// broken is the error of work whose context was ended from outside; nil where it was not.
func broken(ctx context.Context) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.DeadlineExceeded) {
		return cause
	}
	return nil
}

// client is the connection of a request, which may be watched after the request's handler has returned.
type client struct {
	gone func() bool     // reports whether the other end has closed it; nil where that cannot be told
	down <-chan struct{} // the host's server is shutting down
}

func clientOf(c *fiber.Ctx) client { return client{watchable(c.Context().Conn()), c.Context().Done()} }

// attend limits work by time and ends it when the client is gone, or the module or the host's server is closed. cancel
// returns when the client is not watched any more.
func (w *Web) attend(parent context.Context, of client, limit time.Duration) (ctx context.Context, cancel func()) {
	ctx, end := context.WithCancelCause(parent)
	ctx, release := context.WithTimeout(ctx, limit)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		tick := time.NewTicker(goneEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-w.life.Done():
				end(errClosed)
			case <-of.down:
				end(errClosed)
			case <-tick.C:
				if of.gone != nil && of.gone() {
					end(errGone)
				}
			}
		}
	}()
	return ctx, func() {
		release()
		<-watched
		end(nil)
	}
}

// goneEvery is how often a client is looked for.
const goneEvery = 250 * time.Millisecond
