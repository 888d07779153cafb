package signin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

const (
	// MaxGrace is the longest time that a verifier may bridge an outage.
	MaxGrace = 7 * 24 * time.Hour
	// patience is how long all servers of a resource together may take, and storing how long a table may.
	patience = 3 * time.Second
	storing  = 2 * time.Second
	// memo is for how long a yes is not asked for again: webmail signs in at every click.
	memo = 5 * time.Second
	// renewal is how old a verifier is when another yes is written to it.
	renewal = time.Minute
	// afterglow is for how long a directory still takes the password before a change (60 minutes in Active Directory).
	afterglow = time.Hour
)

// Config is what a Service works with.
type Config struct {
	Links     Links
	Directory Directory
	Verifiers Verifiers
	Attempts  Attempts
	Counters  Counters
	// Key is 32 secret bytes. With another one every verifier is void.
	Key    []byte
	Clock  func() time.Time
	Logger *slog.Logger
}

// Service verifies passwords. Its methods may be called at once from any number of goroutines.
type Service struct {
	cfg      Config
	turns    turns
	health   health
	policies policies
	recent   recent
	clients  clients
	tally    tally
}

// New returns a service.
func New(cfg Config) (*Service, error) {
	if len(cfg.Key) < 32 {
		return nil, errors.New("sign-in: the key needs 32 bytes")
	}
	return &Service{cfg: cfg}, nil
}

// Request is a sign-in. Client is the address of the mail client, if it is known; Door is who asks.
type Request struct {
	Address, Password string
	Client            string
	Door              Door
}

// Authenticate reports whether the password is the person's in the directory. An error is a fault of this side, such as a
// database that is down, and goes with a verdict that lets nobody in who should not be.
func (s *Service) Authenticate(ctx context.Context, r Request) (Result, error) {
	address, valid := canonical(r.Address)
	if !valid {
		return Result{Verdict: NotDirectory}, nil
	}
	who, found, err := s.cfg.Links.Find(ctx, address)
	if err != nil {
		return Result{Verdict: Unavailable}, fmt.Errorf("find who signs in: %w", err)
	}
	if !found {
		return Result{Verdict: NotDirectory}, nil
	}
	began := s.cfg.Clock()
	password, valid := sendable(r.Password)
	var verdict Verdict
	switch {
	case !valid:
		verdict = Wrong
	case who.Unsettled:
		verdict = Unavailable
	default:
		verdict, err = s.inTurn(ctx, who, password, r.Client)
	}
	if verdict == OK || verdict == Offline {
		verdict, err = s.stillTheirs(ctx, address, &who, verdict, s.cfg.Clock().Sub(began))
	}
	s.count(ctx, tallyKey{who.Resource, r.Door, verdict})
	return Result{Verdict: verdict, Address: who.Address, Resource: who.Resource, Source: who.Source}, err
}

// lookAgain is how long a sign-in may take until the account is looked at once more: a run may have changed it meanwhile.
const lookAgain = 250 * time.Millisecond

// stillTheirs returns a verdict that lets somebody in only where the account is on and still that person's.
func (s *Service) stillTheirs(ctx context.Context, address string, who *Account, verdict Verdict, took time.Duration) (Verdict, error) {
	if took >= lookAgain {
		now, found, err := s.cfg.Links.Find(ctx, address)
		switch {
		case err != nil:
			return Unavailable, fmt.Errorf("look whose account it is now: %w", err)
		case !found, now.Key != who.Key, now.Unsettled:
			return Unavailable, nil
		}
		*who = now
	}
	if !who.Active {
		return Disabled, nil
	}
	return verdict, nil
}

// inTurn asks for one password of a person at a time: the second of two sign-ins finds what came of the first.
func (s *Service) inTurn(ctx context.Context, who Account, password, client string) (Verdict, error) {
	release, err := s.turns.take(ctx, who.Key)
	if err != nil {
		return Unavailable, fmt.Errorf("wait for another sign-in of the person: %w", err)
	}
	defer release()
	// A client that goes away must not leave a bind whose answer nobody counts.
	a := &attempt{Service: s, ctx: context.WithoutCancel(ctx), who: who, password: password, client: client}
	a.mark = keyed(s.cfg.Key, "wrong", who.Key, password)[:markLength]
	verdict, err := a.make()
	if verdict == Wrong && a.asked {
		s.clients.count(client, s.cfg.Clock())
	}
	return verdict, err
}

// Forget drops all that is kept of a person: at a changed password, a disabling, a removal, the end of a link, or when sign-in
// is switched off. The tables drop theirs in the batch that does so; this is for what a process has in memory, and for the
// verifier of somebody whom no batch concerns.
func (s *Service) Forget(ctx context.Context, who Key) error {
	s.recent.refuse(who, s.cfg.Clock())
	if err := s.cfg.Verifiers.Delete(ctx, who); err != nil {
		return fmt.Errorf("delete the verifier: %w", err)
	}
	return nil
}
