package main

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// The limits of wrong passwords. The one for a name alone is wide and has a way around it (see signInLimits), so that
// nobody can lock an admin out from elsewhere.
const (
	wrongPerNameAndAddress = 5
	wrongPerAddress        = 20
	wrongWindow            = 15 * time.Minute
	wrongPerName           = 50 // in wrongPerNameWindow, from all addresses together
	wrongPerNameWindow     = time.Hour
	checksAtOnce           = 4                   // comparisons of passwords; each takes a processor for a while
	knownFor               = 30 * 24 * time.Hour // since the last sign-in from there
)

// signInLimits refuses attempts to sign in after too many wrong passwords: for a name from one address, from one address
// for all names, and for a name from all addresses. The last two do not count for an address from which the name has
// signed in before: behind a reverse proxy all clients have one address. What it knows ends with the process.
type signInLimits struct {
	now func() time.Time

	mu      sync.Mutex
	changed *sync.Cond // a check has ended
	running int        // checks

	pairs, addresses, names *tally
	known                   *tally // pairs of name and address that signed in
}

func newSignInLimits(now func() time.Time) *signInLimits {
	l := &signInLimits{
		now:       now,
		pairs:     newTally(wrongPerNameAndAddress, wrongWindow),
		addresses: newTally(wrongPerAddress, wrongWindow),
		names:     newTally(wrongPerName, wrongPerNameWindow),
		known:     newTally(1, knownFor),
	}
	l.changed = sync.NewCond(&l.mu)
	return l
}

// attempt is one attempt to sign in.
type attempt struct{ pair, address, name string }

func attemptOf(name string, ip net.IP) attempt {
	address := addressKey(ip)
	return attempt{pair: address + " " + name, address: address, name: name}
}

// addressKey returns what a client's address counts as: an IPv4 address itself, an IPv6 address its first 64 bits, as
// one customer has all addresses behind them (RFC 6177).
func addressKey(ip net.IP) string {
	address, ok := netip.AddrFromSlice(ip)
	if !ok {
		return "" // no address, such as that of a Unix socket: all of these count as one
	}
	if address = address.Unmap(); address.Is4() {
		return address.String()
	}
	prefix, _ := address.Prefix(64) // of an IPv6 address it cannot fail
	return prefix.String()
}

// try runs check, which reports whether the password is right, with at most checksAtOnce of them at a time. After too
// many wrong passwords it does not run it, and returns how long to wait for the next attempt. Name and check's answer
// must outlive the request.
func (l *signInLimits) try(name string, ip net.IP, check func() (right bool, err error)) (wait time.Duration, right bool, err error) {
	a := attemptOf(name, ip)
	limits, wait := l.begin(a)
	if wait > 0 {
		return wait, false, nil
	}
	wrong := false
	defer func() { l.end(a, limits, right, wrong) }() // also after a panic
	right, err = check()
	wrong = err == nil && !right
	return 0, right, err
}

// limit is a tally with the key that an attempt has there.
type limit struct {
	*tally
	key string
}

// begin waits until the attempt's password may be checked, or returns how long the attempt has to wait.
func (l *signInLimits) begin(a attempt) ([]limit, time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		now, busy, wait := l.now(), l.running >= checksAtOnce, time.Duration(0)
		limits := l.limitsOf(a, now)
		for _, one := range limits {
			wait = max(wait, one.wait(one.key, now))
			busy = busy || one.mayReach(one.key, now)
		}
		if wait > 0 {
			return nil, wait
		}
		if !busy {
			l.running++
			for _, one := range limits {
				one.use(one.key, now).open++
			}
			return limits, 0
		}
		l.changed.Wait()
	}
}

// limitsOf returns the limits that count for an attempt.
func (l *signInLimits) limitsOf(a attempt, now time.Time) []limit {
	limits := []limit{{l.pairs, a.pair}}
	if l.known.wait(a.pair, now) == 0 { // not known
		limits = append(limits, limit{l.addresses, a.address}, limit{l.names, a.name})
	}
	return limits
}

// end records what came of an attempt. A right password clears what was counted for its name.
func (l *signInLimits) end(a attempt, limits []limit, right, wrong bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	l.running--
	for _, one := range limits {
		e := one.use(one.key, now)
		e.open--
		if wrong {
			e.times = append(e.times, now)
		}
	}
	if right {
		l.pairs.use(a.pair, now).times = nil
		l.names.use(a.name, now).times = nil
		l.known.use(a.pair, now).times = []time.Time{now}
	}
	l.changed.Broadcast()
}
