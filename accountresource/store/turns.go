package store

import (
	"cmp"
	"context"
	"time"

	"github.com/mailpanel/account-resource/accountresource/run"
)

const (
	searchesAtOnce = 2 // of the history, in a store
	searchPieces   = 10
)

// turns bounds what searches of the history take of the database: how many go on at once, how many rows a page looks at,
// and how many of them one statement does, so that none holds the database for long.
type turns struct {
	free        chan struct{}
	wait        time.Duration
	most, piece int // rows
}

func newTurns(o Options) *turns {
	most := cmp.Or(o.SearchRows, 100_000)
	return &turns{
		free: make(chan struct{}, searchesAtOnce), wait: cmp.Or(o.SearchWait, 5*time.Second),
		most: most, piece: max(most/searchPieces, 1),
	}
}

// take waits for a turn and returns what ends it. Turns are given in the order in which they were asked for. After a
// while it returns run.ErrBusy, unless it is patient: then it waits as long as ctx lives.
func (t *turns) take(ctx context.Context, patient bool) (end func(), err error) {
	end = func() { <-t.free }
	select {
	case t.free <- struct{}{}:
		return end, nil
	default:
	}
	var late <-chan time.Time
	if !patient {
		timer := time.NewTimer(t.wait)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case t.free <- struct{}{}:
		return end, nil
	case <-late:
		return nil, run.ErrBusy
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
