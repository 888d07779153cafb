package signin

import (
	"bytes"
	"slices"
	"time"
)

const (
	minWindow  = 15 * time.Minute
	margin     = time.Minute // by which a window here is longer than the directory's, whose clock is another one
	markLife   = time.Hour   // for how long a wrong password is not sent again
	unlimited  = 10          // wrong passwords in a window where the domain never locks
	maxMarks   = 16
	markLength = 16 // bytes of the password's HMAC
)

// Tries is what a person's wrong passwords have used up in the directory. Active Directory begins to count anew only when
// the last wrong password (badPasswordTime) is older than lockOutObservationWindow, however old the first one is: so does this.
type Tries struct {
	Version int64
	Used    int       // binds that the directory may have counted
	Last    time.Time // of the last of them
	// Marks are the first bytes of the HMAC of passwords that the directory called wrong.
	Marks [][]byte
}

// Budget is how many wrong passwords of a person may reach the directory.
type Budget struct {
	Any    int // of any password
	Proven int // of the password that the directory took the last time
	Window time.Duration
}

// BudgetOf returns the budget under a domain's policy. Of the two that it leaves, one is for the password that
// the directory took the last time, should the person have changed it, and one for the person's own mistake at Windows. Where the
// domain locks after one wrong password, nothing can keep a guess from doing so.
func BudgetOf(p Policy) Budget {
	b := Budget{Any: max(p.Threshold-2, 1), Window: max(p.Window, minWindow) + margin}
	if p.Threshold <= 0 {
		b.Any = unlimited
	}
	b.Proven = max(b.Any, p.Threshold-1)
	if p.Threshold <= 0 {
		b.Proven = unlimited + 1
	}
	return b
}

// at returns the tries that count now.
func (t Tries) at(now time.Time, window time.Duration) Tries {
	if now.Sub(t.Last) > window {
		return Tries{Version: t.Version}
	}
	return t
}

// knows reports whether a password was called wrong not long ago. It may be right by now: somebody else may have set it.
func (t Tries) knows(mark []byte, now time.Time) bool {
	if now.Sub(t.Last) > markLife {
		return false
	}
	return t.has(mark)
}

func (t Tries) unchanged() Tries { return t }

func (t Tries) has(mark []byte) bool {
	return slices.ContainsFunc(t.Marks, func(m []byte) bool { return bytes.Equal(m, mark) })
}

// spend counts one bind.
func (t Tries) spend(now time.Time) Tries {
	t.Used++
	t.Last = now
	return t
}

// give takes a bind of that time back which the directory did not count. The last one before it was at before.
func (t Tries) give(at, before time.Time) Tries {
	t.Used = max(t.Used-1, 0)
	if t.Last.Equal(at) {
		t.Last = before
	}
	return t
}

// wrong remembers a password that the directory refused. The oldest is forgotten where there are too many.
func (t Tries) wrong(mark []byte) Tries {
	if t.has(mark) {
		return t
	}
	t.Marks = append(slices.Clone(t.Marks), mark)
	t.Marks = t.Marks[max(0, len(t.Marks)-maxMarks):]
	return t
}
