package signin

import (
	"strings"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// Verdict is what came of a sign-in.
type Verdict string

// The verdicts. OK and Offline let the person in.
const (
	OK           Verdict = "ok"
	Offline      Verdict = "offline"       // no server answers; the password is the one that the directory took before
	NotDirectory Verdict = "not_directory" // no mailbox whose person signs in with a directory password
	Wrong        Verdict = "wrong"
	Disabled     Verdict = "disabled"
	Expired      Verdict = "expired" // the password is right, and has to be changed first
	Locked       Verdict = "locked"
	Throttled    Verdict = "throttled" // too many wrong passwords: the directory was not asked
	Unavailable  Verdict = "unavailable"
)

// Result is what came of a sign-in, and for which mailbox.
type Result struct {
	Verdict  Verdict
	Address  string // canonical; empty for NotDirectory
	Resource int64
	// Source is the person's object in the directory: the same whatever address the person has. A session belongs to it, not to Address.
	Source account.SourceID
}

// In reports whether the person may enter.
func (r Result) In() bool { return r.Verdict == OK || r.Verdict == Offline }

// Verdicts are all verdicts.
func Verdicts() []Verdict {
	return []Verdict{OK, Offline, NotDirectory, Wrong, Disabled, Expired, Locked, Throttled, Unavailable}
}

// Outside returns what a stranger may be told of a verdict that lets nobody in: Wrong, Expired, or Unavailable for all that may be
// otherwise later.
func (v Verdict) Outside() Verdict {
	switch v {
	case OK, Offline, Expired:
		return v
	case Locked, Throttled, Unavailable:
		return Unavailable
	}
	return Wrong
}

// LDAP result codes (RFC 4511, appendix A). The first two are an answer about the password.
const (
	resultSuccess            = 0
	resultInvalidCredentials = 49
	resultBusy               = 51
	resultUnavailable        = 52
)

// refusals are the sub-codes of invalid credentials (MS-ERREF 2.2). All but 525, 52e and 775 are said only to who gives the
// right password.
var refusals = map[string]Verdict{
	"525": Wrong,    // no such user
	"52e": Wrong,    // wrong password
	"530": Disabled, // not at this hour
	"531": Disabled, // not from this workstation
	"532": Expired,  // password expired
	"533": Disabled, // account disabled
	"534": Disabled, // logon type not granted
	"701": Disabled, // account expired
	"773": Expired,  // must change the password
	"775": Locked,   // locked, whatever the password
}

// VerdictOf returns what an answer means. Only success and invalid credentials speak about the password: anything else means
// that the server did not decide. Invalid credentials with a sub-code that is not known count as a wrong password.
func VerdictOf(a Answer) Verdict {
	switch a.Code {
	case resultSuccess:
		return OK
	case resultInvalidCredentials:
		if known, found := refusals[strings.TrimLeft(strings.ToLower(a.Data), "0")]; found {
			return known
		}
		return Wrong
	}
	return Unavailable
}
