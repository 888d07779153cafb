package watch

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/mailpanel/account-resource/accountresource/recovered"
	"github.com/mailpanel/account-resource/accountresource/resource"
)

const (
	// watchTTL is how long a silent process keeps a watch, and renewal how often it is renewed and others are tried for.
	watchTTL = 15 * time.Second
	renewal  = 5 * time.Second
	// endTime is how long giving a watch back may take.
	endTime = 5 * time.Second
)

// Service watches the directories of all resources that are to be live, each in one of all processes.
type Service struct {
	cfg    Config
	log    *slog.Logger
	ctx    context.Context
	cancel context.CancelFunc
	look   chan struct{}
	ended  chan struct{}
}

// Start begins to watch.
func Start(cfg Config) *Service {
	ctx, cancel := context.WithCancel(context.Background())
	s := &Service{cfg: cfg, log: cfg.Logger, ctx: ctx, cancel: cancel, look: make(chan struct{}, 1), ended: make(chan struct{})}
	go s.supervise()
	return s
}

// Changed says that resources may have changed: they are read again at once.
func (s *Service) Changed() {
	select {
	case s.look <- struct{}{}:
	default: // it is about to look
	}
}

// Close ends all watches, and waits for the runs that they began.
func (s *Service) Close() {
	s.cancel()
	<-s.ended
}

// worker is the watch of one resource.
type worker struct {
	revision int64
	cancel   context.CancelFunc
	done     chan struct{}
}

func (w *worker) end() {
	w.cancel()
	<-w.done
}

// supervise has a worker for each resource that is to be live and whose watch this process has.
func (s *Service) supervise() {
	defer close(s.ended)
	workers := make(map[int64]*worker)
	defer func() {
		var all sync.WaitGroup
		for id, w := range workers {
			all.Go(func() { s.stop(id, w) })
		}
		all.Wait()
	}()
	tick := time.NewTicker(renewal)
	defer tick.Stop()
	for {
		err := recovered.Do(func() error { return s.tend(workers) })
		if err != nil && s.ctx.Err() == nil {
			recovered.Log(s.ctx, s.log, "look which directories are to be watched", err)
		}
		select {
		case <-tick.C:
		case <-s.look:
		case <-s.ctx.Done():
			return
		}
	}
}

// tend brings the workers in step with the resources, and renews their watches.
func (s *Service) tend(workers map[int64]*worker) error {
	all, err := s.cfg.Resources(s.ctx)
	if err != nil {
		return err
	}
	wanted := make(map[int64]*resource.Resource)
	for i := range all {
		if r := &all[i]; r.Enabled && r.Settings.Replication.Live && len(r.Settings.Connection.Complete()) == 0 {
			wanted[r.ID] = r
		}
	}
	for id, w := range workers {
		if r := wanted[id]; r == nil || r.Revision != w.revision {
			s.stop(id, w)
			delete(workers, id)
		}
	}
	for id, r := range wanted {
		mine, err := s.cfg.Watches.Take(s.ctx, id, s.cfg.Owner, watchTTL)
		switch w := workers[id]; {
		case err != nil:
			s.log.WarnContext(s.ctx, "take the watch of a resource", "resource", id, "error", err)
		case mine && w == nil:
			workers[id] = s.begin(*r)
		case !mine && w != nil: // another process has it by now
			w.end()
			delete(workers, id)
		}
	}
	return nil
}

func (s *Service) begin(r resource.Resource) *worker {
	ctx, cancel := context.WithCancel(s.ctx)
	w := &worker{revision: r.Revision, cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(w.done)
		err := recovered.Do(func() error {
			newWatch(s, r).keep(ctx)
			return nil
		})
		recovered.Log(ctx, s.log, "watch a directory", err)
	}()
	return w
}

// stop ends a worker and gives its watch back.
func (s *Service) stop(id int64, w *worker) {
	w.end()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), endTime)
	defer cancel()
	if err := s.cfg.Watches.GiveBack(ctx, id, s.cfg.Owner); err != nil {
		s.log.WarnContext(ctx, "give the watch of a resource back", "resource", id, "error", err)
	}
}
