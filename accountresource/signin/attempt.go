package signin

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// attempt is one sign-in of a person whose turn it is.
type attempt struct {
	*Service
	ctx      context.Context
	who      Account
	password string
	client   string
	mark     []byte
	asked    bool // the directory was

	verifier       Verifier
	kept, matching bool // there is a verifier; it is that of the password

	reserved      bool      // the bind is counted already
	spent, before time.Time // when that was, and when the last one before it
}

func (a *attempt) make() (Verdict, error) {
	if a.recent.yes(a.who.Key, a.mark, a.cfg.Clock()) {
		return OK, nil
	}
	switch known, err := a.knownWrong(); {
	case err != nil:
		return Unavailable, err
	case known:
		return Wrong, nil
	}
	a.load()
	if !a.matching && a.clients.exhausted(a.client, a.cfg.Clock()) {
		return Throttled, nil
	}
	answer, err := a.askServers()
	switch {
	case errors.Is(err, errKnown):
		return Wrong, nil
	case errors.Is(err, errBudget):
		return Throttled, nil
	case ownFault(err) != nil:
		return Unavailable, ownFault(err)
	case err != nil:
		return a.offline(), nil
	}
	return a.settle(answer)
}

// load reads the verifier. Where that fails, there is none: the directory is asked all the same.
func (a *attempt) load() {
	err := briefly(a.ctx, func(ctx context.Context) (err error) {
		a.verifier, a.kept, err = a.cfg.Verifiers.Load(ctx, a.who.Key)
		return err
	})
	if err != nil {
		a.kept = false
		a.cfg.Logger.Error("sign-in: read a verifier", "resource", a.who.Resource, "source", a.who.Source, "error", err)
	}
	a.matching = a.kept && a.verifier.matches(a.cfg.Key, a.who.Key, a.password)
}

// knownWrong reports whether the directory called the password wrong before, by what is known of the domain without asking it.
func (a *attempt) knownWrong() (bool, error) {
	budget, found := a.policies.known(a.who.Key, a.cfg.Clock())
	if !found {
		return false, nil
	}
	tries, err := within(a.ctx, func(ctx context.Context) (Tries, error) { return a.cfg.Attempts.Load(ctx, a.who.Key) })
	if err != nil {
		return false, fmt.Errorf("read the wrong passwords of a person: %w", err)
	}
	now := a.cfg.Clock()
	return tries.at(now, budget.Window).knows(a.mark, now), nil
}

// settle does what an answer of the directory asks for.
func (a *attempt) settle(answer Answer) (Verdict, error) {
	verdict, now := VerdictOf(answer), a.cfg.Clock()
	if verdict == OK {
		a.recent.remember(a.who.Key, a.mark, now)
		a.renew(answer.Stamp, now)
		return OK, a.giveBack()
	}
	var faults []error
	if a.matching || verdict == Disabled || verdict == Expired {
		// These two are said to the right password only, so they are about the person whichever verifier is kept.
		faults = append(faults, briefly(a.ctx, func(ctx context.Context) error { return a.Forget(ctx, a.who.Key) }))
	}
	if verdict == Wrong {
		faults = append(faults, a.countWrong())
	} else {
		faults = append(faults, a.giveBack())
	}
	return verdict, errors.Join(faults...)
}

// renew writes what the directory said yes to. The password from before a change, which the directory takes for a while yet,
// must not take the place of the new one; nor may it bridge an outage.
func (a *attempt) renew(stamp string, now time.Time) {
	v, age := a.verifier, now.Sub(a.verifier.Checked)
	changed := a.kept && stamp != "" && v.Stamp != "" && stamp != v.Stamp
	switch {
	case a.matching && changed:
		if v.Stale {
			return
		}
		v.Stale = true
	case a.matching && age >= 0 && age < renewal && !a.recent.refusedSince(a.who.Key, v.Checked):
		return
	case a.matching:
		v.Checked = now
	case a.kept && !v.Stale && !changed && age >= 0 && age < afterglow:
		return
	default:
		v = newVerifier(a.cfg.Key, a.who.Key, a.password, stamp, now)
	}
	err := briefly(a.ctx, func(ctx context.Context) error { return a.cfg.Verifiers.Save(ctx, a.who.Key, v) })
	if err != nil { // the directory said yes: the person gets in
		a.cfg.Logger.Error("sign-in: write a verifier", "resource", a.who.Resource, "source", a.who.Source, "error", err)
	}
}

// offline answers while no server does. A password that is not the verifier's may be the new one: it is not called wrong.
func (a *attempt) offline() Verdict {
	age := a.cfg.Clock().Sub(a.verifier.Checked)
	if a.matching && !a.verifier.Stale && age >= 0 && age <= min(a.who.Grace, MaxGrace) && a.who.Grace > 0 &&
		!a.recent.refusedSince(a.who.Key, a.verifier.Checked) {
		a.cfg.Logger.Warn("sign-in: offline", "resource", a.who.Resource, "address", a.who.Address)
		return Offline
	}
	return Unavailable
}

// fault is an error of this side, not of the directory.
type fault struct{ error }

func (f *fault) Unwrap() error { return f.error }

func ownFault(err error) error {
	if f, own := errors.AsType[*fault](err); own {
		return f
	}
	return nil
}

// briefly and within give a table a time limit of its own.
func briefly(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, storing)
	defer cancel()
	return do(ctx)
}

func within[T any](ctx context.Context, do func(context.Context) (T, error)) (value T, err error) {
	err = briefly(ctx, func(ctx context.Context) (err error) {
		value, err = do(ctx)
		return err
	})
	return value, err
}
