package store

import (
	"context"
	"time"

	"github.com/mailpanel/account-resource/accountresource/run"
)

const (
	searchesAtOnce = 2 // of the history, in a store
	searchPieces   = 10
	searchRows     = 100_000
	searchWait     = 5 * time.Second
)

// searchLimiter bounds what searches of the history take of the database: how many go on at once, how many rows a page
// looks at, and how many of them one statement does, so that none holds the database for long.
type searchLimiter struct {
	free        chan struct{}
	wait        time.Duration
	most, piece int // rows
}

func newSearchLimiter(most int, wait time.Duration) *searchLimiter {
	return &searchLimiter{
		free: make(chan struct{}, searchesAtOnce), wait: wait, most: most, piece: max(most/searchPieces, 1),
	}
}

// acquire waits until a search may begin, and returns what has to be called when it is over. Searches begin in the order
// in which they were asked for. After a while it returns run.ErrBusy, unless it may wait forever: then it waits as long
// as ctx lives.
func (l *searchLimiter) acquire(ctx context.Context, waitForever bool) (release func(), err error) {
	release = func() { <-l.free }
	select {
	case l.free <- struct{}{}:
		return release, nil
	default:
	}
	var late <-chan time.Time
	if !waitForever {
		timer := time.NewTimer(l.wait)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case l.free <- struct{}{}:
		return release, nil
	case <-late:
		return nil, run.ErrBusy
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
