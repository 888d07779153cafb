package signin

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// pause is how long a server that did not answer is left alone; then one sign-in tries it.
const pause = 10 * time.Second

var errNoServer = errors.New("no server of the directory answers")

// askServers asks one server after the other, those that answered the last time first, until one does. All together have the time
// of patience. A server that failed is asked for a sign of life before it gets a password: what it does not answer it may yet count.
func (a *attempt) askServers() (Answer, error) {
	ctx, cancel := context.WithTimeout(a.ctx, patience)
	defer cancel()
	names, err := a.cfg.Directory.Servers(ctx, a.who.Resource)
	if err != nil {
		return Answer{}, &fault{fmt.Errorf("read the servers of a resource: %w", err)}
	}
	tried := a.health.order(a.who.Resource, names, a.cfg.Clock())
	failures := []error{errNoServer}
	for i, server := range tried {
		deadline, _ := ctx.Deadline()
		share := time.Until(deadline) / time.Duration(len(tried)-i)
		if share <= 0 {
			break
		}
		asking, stop := context.WithTimeout(ctx, share)
		answer, err := a.ask(asking, server)
		stop()
		var own *fault
		if errors.Is(err, errBudget) && len(failures) > 1 {
			break // what another server did not answer used it up
		}
		if err == nil || errors.Is(err, errBudget) || errors.Is(err, errKnown) || errors.As(err, &own) {
			return answer, err
		}
		failures = append(failures, fmt.Errorf("%s: %w", server, err))
	}
	a.cfg.Logger.Warn("sign-in: unavailable", "resource", a.who.Resource, "error", errors.Join(failures...))
	return Answer{}, errNoServer
}

// ask asks one server.
func (a *attempt) ask(ctx context.Context, server string) (Answer, error) {
	state, now := a.health.of(a.who.Resource, server), a.cfg.Clock
	if !state.enter(now()) {
		return Answer{}, errors.New("left alone for a while")
	}
	if state.failing() {
		if err := a.cfg.Directory.Ping(ctx, a.who.Resource, server); err != nil {
			state.failed(now())
			return Answer{}, err
		}
	}
	budget, err := a.policies.budget(ctx, a.cfg, a.who.Key, server)
	if err != nil {
		state.failed(now())
		return Answer{}, err
	}
	if err := a.reserve(budget); err != nil {
		return Answer{}, err
	}
	return a.bind(ctx, server, state)
}

func (a *attempt) bind(ctx context.Context, server string, state *breaker) (Answer, error) {
	a.asked = true
	answer, err := a.cfg.Directory.Bind(ctx, a.who.Key, server, a.password)
	counting := a.giveBack
	switch {
	case err == nil && VerdictOf(answer) != Unavailable:
		state.answered()
		return answer, nil
	case err == nil && answer.Code != resultBusy && answer.Code != resultUnavailable:
		// It may say so of this person only: nobody else is kept from the server.
		err = fmt.Errorf("the server did not decide: result code %d", answer.Code)
	case err == nil:
		state.failed(a.cfg.Clock())
		err = fmt.Errorf("the server is busy or closing: result code %d", answer.Code)
	default:
		state.failed(a.cfg.Clock())
		if !errors.Is(err, ErrNotSent) {
			counting = a.countUnknown
		}
	}
	if fault := counting(); fault != nil {
		return Answer{}, fault
	}
	return Answer{}, err
}

type serverKey struct {
	resource int64
	name     string
}

// health is what is known of all servers.
type health struct {
	mu      sync.Mutex
	servers map[serverKey]*breaker
}

func (h *health) of(resource int64, name string) *breaker {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.servers == nil {
		h.servers = map[serverKey]*breaker{}
	}
	key := serverKey{resource, name}
	if h.servers[key] == nil {
		h.servers[key] = &breaker{}
	}
	return h.servers[key]
}

// ServerState is a directory server and whether it answered when it was asked last; one that was not asked yet counts as one that does.
type ServerState struct {
	Name    string
	Failing bool
}

// Servers returns the servers of a resource, the preferred one first.
func (s *Service) Servers(ctx context.Context, resource int64) ([]ServerState, error) {
	names, err := s.cfg.Directory.Servers(ctx, resource)
	if err != nil {
		return nil, fmt.Errorf("read the servers of a resource: %w", err)
	}
	states := make([]ServerState, len(names))
	for i, name := range names {
		states[i] = ServerState{Name: name, Failing: s.health.of(resource, name).failing()}
	}
	return states, nil
}

// order returns the servers that may be asked, those that answered the last time first.
func (h *health) order(resource int64, names []string, now time.Time) []string {
	var healthy, failing []string
	for _, name := range names {
		switch b := h.of(resource, name); {
		case !b.failing():
			healthy = append(healthy, name)
		case !b.open(now):
			failing = append(failing, name)
		}
	}
	return append(healthy, failing...)
}

// breaker keeps sign-ins from a server that does not answer.
type breaker struct {
	mu    sync.Mutex
	bad   bool
	until time.Time // not to be asked before
}

func (b *breaker) failing() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.bad
}

func (b *breaker) open(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.bad && now.Before(b.until)
}

// enter reports whether the server may be asked. Of those that want to try a failing one only one gets in.
func (b *breaker) enter(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.bad && now.Before(b.until) {
		return false
	}
	b.until = now.Add(pause)
	return true
}

func (b *breaker) failed(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bad, b.until = true, now.Add(pause)
}

func (b *breaker) answered() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bad = false
}
