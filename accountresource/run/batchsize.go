package run

import (
	"sync/atomic"
	"time"
)

// The bounds of a batch where the host sets none: large ones spare a fast store statements and commits, small ones let
// a slow store tell of its progress, and end in time when the run is cancelled.
const (
	firstBatch, leastBatch, mostBatch = 500, 100, 1000
	// batchTime is what a batch should take in the mail store.
	batchTime = 500 * time.Millisecond
)

// batchSizer says how many changes are written together. The size adapts to the speed of the mail store, unless it is
// fixed.
type batchSizer struct {
	fixed int
	size  atomic.Int64
}

// batch returns the size of the next batch.
func (p *batchSizer) batch() int {
	if p.fixed > 0 {
		return p.fixed
	}
	if n := p.size.Load(); n > 0 {
		return int(n)
	}
	return firstBatch
}

// wrote adapts the size to the time that the mail store took for a batch. It at most doubles: the first ones find caches
// and connections cold, or are of changes that are quickly made.
func (p *batchSizer) wrote(changes int, took time.Duration) {
	now := p.batch()
	if 2*changes < now { // too few to tell
		return
	}
	fit := 2 * now
	if took > 0 {
		fit = int(min(float64(fit), float64(changes)*float64(batchTime)/float64(took)))
	}
	p.size.Store(int64(min(max(fit, leastBatch), mostBatch)))
}
