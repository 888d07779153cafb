package run

import (
	"context"
	"errors"

	"github.com/mailpanel/account-resource/accountresource/resource"
)

// Bounds are what a live run may do that takes long.
type Bounds struct {
	// List says that identities may be listed, where the change counter moved further than the changes that are shown: somebody who was
	// deleted may be among what is missing. Owed says that they are listed in any case, since an earlier run had to leave it.
	List, Owed bool
	// Full says that the whole directory may be read, where the changes do not tell everything.
	Full bool
}

// Look is what came of a live run.
type Look struct {
	Run Run
	// Empty says that it found nothing: the history has no row of it.
	Empty bool
	// Listed says that identities were listed; Owes that they would have been, had Bounds allowed it.
	Listed, Owes bool
	// Postponed says that the whole directory has to be read, which Bounds did not allow: the schedule does it.
	Postponed bool
}

// errPostponed ends a live run that would have to read the whole directory.
var errPostponed = errors.New("the whole directory has to be read, which is left to the schedule")

// ErrCannotFollow says that a server's counter of changes does not tell everything that matters to the settings, so that a watch of it would
// miss changes (Probe.Follows).
var ErrCannotFollow = errors.New("the counter of changes does not tell everything")

// liveRun is what a run is told and finds out besides that is live.
type liveRun struct {
	Bounds
	owes bool
}

// Live runs a resource because its directory has changed: an incremental run within bounds. One that finds nothing moves the watermark and
// leaves no row in the history (rule R21). Errors are Begin's; how the run itself went is in Look.Run.
func (r *Runner) Live(ctx context.Context, res resource.Resource, b Bounds) (Look, error) {
	p, err := r.begin(ctx, res, Live, Incremental, &liveRun{Bounds: b})
	if err != nil {
		return Look{}, err
	}
	done := p.Do(ctx)
	return Look{
		Run: done, Empty: p.discarded, Listed: p.identitiesListed, Owes: p.live.owes, Postponed: p.postponed,
	}, nil
}

// skipsListing reports whether a live run passes over the listing of identities. shown is how many changed objects the server showed.
func (p *Replication) skipsListing(shown int) bool {
	switch {
	case p.live == nil, p.live.Owed:
		return false
	case p.probe.Tombstones && p.watermark.Tombstones: // the listing of every hour is left to the schedule
		return true
	}
	moved := p.probe.HighestUSN - p.watermark.USN
	if moved <= int64(shown) {
		return true
	}
	p.live.owes = !p.live.List
	return !p.live.List
}

// isIdle reports whether a live run ended without anything that the history has to tell.
func (p *Replication) isIdle(err error) bool {
	if p.live == nil {
		return false
	}
	if p.postponed = errors.Is(err, errPostponed); p.postponed {
		return true
	}
	for _, n := range p.counts { // of log rows
		if n > 0 {
			return false
		}
	}
	return err == nil && p.incomplete.IsZero()
}
