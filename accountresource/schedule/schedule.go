package schedule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/go-co-op/gocron/v2"
	"github.com/google/uuid"
	"github.com/jonboulle/clockwork"

	"github.com/mailpanel/account-resource/accountresource/recovered"
	"github.com/mailpanel/account-resource/accountresource/resource"
)

// ErrClosed is returned for work that is offered after Close.
var ErrClosed = errors.New("the schedule is closed")

// Config is what a schedule works with.
type Config struct {
	// Resources reads all resources.
	Resources func(context.Context) ([]resource.Resource, error)
	// LastRun is when the newest run of a resource began; zero where there is none.
	LastRun func(ctx context.Context, id int64) (time.Time, error)
	// Run replicates a resource to its end, because it is time.
	Run    func(ctx context.Context, id int64)
	Logger *slog.Logger
	Clock  clockwork.Clock // nil: the real one
	// Refresh is how often the resources are read again, since another panel process may have changed them; zero:
	// once a minute.
	Refresh time.Duration
}

// Schedule runs resources by their interval. It is safe for concurrent use.
type Schedule struct {
	cfg    Config
	cron   gocron.Scheduler
	ctx    context.Context // ends with Close; runs live in it
	cancel context.CancelFunc

	mu     sync.Mutex
	jobs   map[int64]job
	closed bool
	work   sync.WaitGroup
	ending sync.Once
	ended  chan struct{} // closed when nothing goes on any more
	failed error         // how the scheduler ended, once ended is closed
}

type job struct {
	id       uuid.UUID
	interval time.Duration
	next     func() (time.Time, error)
}

// Start makes the jobs of all enabled resources and starts them. Resources that cannot be read now are read again at
// the next refresh.
func Start(cfg Config) (*Schedule, error) {
	if cfg.Clock == nil {
		cfg.Clock = clockwork.NewRealClock()
	}
	if cfg.Refresh == 0 {
		cfg.Refresh = time.Minute
	}
	cron, err := gocron.NewScheduler(gocron.WithClock(cfg.Clock), gocron.WithStopTimeout(time.Minute))
	if err != nil {
		return nil, fmt.Errorf("make the scheduler: %w", err)
	}
	s := &Schedule{cfg: cfg, cron: cron, jobs: make(map[int64]job), ended: make(chan struct{})}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	_, err = cron.NewJob(gocron.DurationJob(cfg.Refresh), gocron.NewTask(func() { s.refresh() }),
		gocron.WithSingletonMode(gocron.LimitModeReschedule))
	if err != nil {
		return nil, fmt.Errorf("schedule the reading of the resources: %w", err)
	}
	cron.Start()
	s.refresh()
	return s, nil
}

func (s *Schedule) refresh() {
	s.safely("read the resources for the schedule", func() {
		if err := s.Sync(s.ctx); err != nil && s.ctx.Err() == nil {
			s.cfg.Logger.ErrorContext(s.ctx, "bring the schedule in step with the resources", "error", err)
		}
	})
}

// safely calls work and logs a panic: gocron recovers only where a job listens for panics, so that one would end the
// process.
func (s *Schedule) safely(doing string, work func()) {
	recovered.Log(s.ctx, s.cfg.Logger, doing, recovered.Do(func() error { work(); return nil }))
}

// Sync reads the resources and brings the jobs in step: new, changed, disabled and deleted ones.
func (s *Schedule) Sync(ctx context.Context) error {
	all, err := s.cfg.Resources(ctx)
	if err != nil {
		return fmt.Errorf("read the resources: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	wanted := make(map[int64]time.Duration, len(all))
	for _, r := range all {
		if r.Enabled {
			wanted[r.ID] = time.Duration(r.Settings.Replication.Interval) * time.Minute
		}
	}
	var problems []error
	for id, j := range s.jobs {
		if wanted[id] != j.interval {
			problems = append(problems, s.cron.RemoveJob(j.id))
			delete(s.jobs, id)
		}
	}
	for id, interval := range wanted {
		if _, exists := s.jobs[id]; !exists {
			problems = append(problems, s.add(ctx, id, interval))
		}
	}
	return errors.Join(problems...)
}

// add makes the job of a resource.
func (s *Schedule) add(ctx context.Context, id int64, interval time.Duration) error {
	if interval <= 0 {
		return fmt.Errorf("resource %d has the interval %s", id, interval)
	}
	last, err := s.cfg.LastRun(ctx, id)
	if err != nil {
		return fmt.Errorf("read when resource %d ran last: %w", id, err)
	}
	due := s.cfg.Clock.Now().Add(s.wait(id, interval, last))
	j, err := s.cron.NewJob(gocron.DurationJob(interval), gocron.NewTask(func() {
		s.safely("run a resource on schedule", func() { s.run(id, interval) })
	}), gocron.WithSingletonMode(gocron.LimitModeReschedule), gocron.WithStartAt(gocron.WithStartDateTime(due)))
	if err != nil {
		return fmt.Errorf("schedule resource %d: %w", id, err)
	}
	s.jobs[id] = job{id: j.ID(), interval: interval, next: j.NextRun}
	return nil
}

// wait returns the time until the first run of a resource that ran last at a time, or never: a restart of the panel neither
// skips nor hurries a run. Those that are overdue begin within a minute, one after the other rather than all at once.
func (s *Schedule) wait(id int64, interval time.Duration, last time.Time) time.Duration {
	if last.IsZero() {
		return interval
	}
	soon := time.Second + time.Duration(id*37%60)*time.Second // neighbours are far from each other
	ago, believed := s.ago(last)
	if !believed {
		return soon
	}
	return max(interval-ago, soon)
}

// skew is how far the clocks of panel processes may be apart.
const skew = time.Minute

// ago returns how long ago the last run was. A time in the future is not believed: the clock was wrong then, or is now.
func (s *Schedule) ago(last time.Time) (ago time.Duration, believed bool) {
	ago = s.cfg.Clock.Since(last)
	return max(ago, 0), ago >= -skew
}

// run is the job. A resource that ran less than half an interval ago, by button or by another panel process, is let
// be until the next time.
func (s *Schedule) run(id int64, interval time.Duration) {
	last, err := s.cfg.LastRun(s.ctx, id)
	ago, believed := s.ago(last)
	switch {
	case s.ctx.Err() != nil:
		return
	case err != nil:
		s.cfg.Logger.ErrorContext(s.ctx, "read when a resource ran last", "resource", id, "error", err)
		return
	case believed && ago < interval/2:
		return
	}
	s.cfg.Run(s.ctx, id)
}

// Next is when the resource runs next; zero when it will not.
func (s *Schedule) Next(id int64) time.Time {
	s.mu.Lock()
	j, exists := s.jobs[id]
	s.mu.Unlock()
	if !exists {
		return time.Time{}
	}
	next, err := j.next()
	if err != nil { // the job is being removed
		return time.Time{}
	}
	return next
}

// Go does work in the background until it ends or the schedule is closed, whichever is first: then its context is
// cancelled and Close waits for it. If it panics, the log has the stack and nothing else ends.
func (s *Schedule) Go(work func(context.Context)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	s.work.Add(1)
	go func() {
		defer s.work.Done()
		s.safely("work in the background", func() { work(s.ctx) })
	}()
	return nil
}

// Close ends the runs that are going on and waits for them, at most until ctx ends. It may be called again.
func (s *Schedule) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cancel()
	s.ending.Do(func() { go s.stop() })
	var err error
	select {
	case <-s.ended:
		err = s.failed
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("end the runs: %w", err)
	}
	return nil
}

// stop waits for everything to end. Once: gocron waits for ever where it is asked again just when it has stopped.
func (s *Schedule) stop() {
	defer close(s.ended)
	s.failed = s.cron.Shutdown()
	s.work.Wait()
}
