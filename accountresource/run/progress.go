package run

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// Phase is what a run is doing.
type Phase string

// The phases, in their order. Writing goes on beside Users and Groups.
const (
	Connecting Phase = "connecting" // to the directory
	Local      Phase = "local"      // reading what is here
	Users      Phase = "users"      // reading the users of the directory
	Groups     Phase = "groups"     // reading its groups
	Leavers    Phase = "leavers"    // asking for who is missing
	Writing    Phase = "writing"    // everything is read
)

// Phases lists them in order.
func Phases() []Phase { return []Phase{Connecting, Local, Users, Groups, Leavers, Writing} }

// Progress is how far a run is.
type Progress struct {
	Run   int64
	Phase Phase
	// Server is the directory server that answers, as it names itself; empty until it does.
	Server string
	// Objects are those read from the directory so far, of about Expected; that is 0 where nothing is known.
	Objects, Expected int
	// Planned are the changes found so far, Done those that have been made or have failed.
	Planned, Done int
	// Cancelled says that an admin wants the run to stop.
	Cancelled bool
}

// errCancelled ends a run that an admin does not want to go on.
var errCancelled = errors.New("an admin cancelled the run")

// counters count what a run does, from all its goroutines.
type counters struct {
	phase, server                    atomic.Value
	objects, expected, planned, done atomic.Int64
}

func (g *counters) enter(p Phase) { g.phase.Store(p) }

func (g *counters) read() Progress {
	phase, _ := g.phase.Load().(Phase)
	server, _ := g.server.Load().(string)
	return Progress{
		Phase: phase, Server: server, Objects: int(g.objects.Load()), Expected: int(g.expected.Load()),
		Planned: int(g.planned.Load()), Done: int(g.done.Load()),
	}
}

const (
	// progressEvery is how often a run says how far it is, and looks whether it shall stop.
	progressEvery = time.Second
	// progressAfter is when it does so first: most runs have nothing to do and are over by then.
	progressAfter = 200 * time.Millisecond
)

// report says how far the run is until ctx ends, and calls stop when an admin cancels the run. A report that fails is
// only logged: the run does not depend on it.
func (p *Replication) report(ctx context.Context, stop func(cause error)) {
	next := time.NewTimer(progressAfter)
	defer next.Stop()
	last := Progress{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
			next.Reset(progressEvery)
		}
		now := p.counters.read()
		cancelled, err := p.cfg.Journal.Progress(ctx, p.lease, p.run.ID, now, now != last)
		switch {
		case err == nil:
			last = now
		case ctx.Err() == nil && !errors.Is(err, ErrLeaseLost):
			p.log.WarnContext(ctx, "say how far the run is", "error", err)
		}
		if cancelled {
			p.log.InfoContext(ctx, "the run is cancelled")
			stop(errCancelled)
			return
		}
	}
}

// counting has each object counted on its way.
func (p *Replication) counting(each func(account.Object) error) func(account.Object) error {
	return func(o account.Object) error {
		p.counters.objects.Add(1)
		return each(o)
	}
}

// decideMode writes down how much of the directory this run reads, once that is known.
func (p *Replication) decideMode(ctx context.Context, m Mode) error {
	if p.run.Mode == m || p.run.ID == 0 { // as it was opened, or a preview
		return nil
	}
	if err := p.cfg.Journal.Mode(ctx, p.lease, p.run.ID, m); err != nil {
		return fmt.Errorf("say that the run is %s: %w", m, err)
	}
	p.run.Mode = m
	return nil
}
