package run

import "time"

// refusedBinds are the failures that a directory counts towards the lockout of the bind account, or that say that it is locked.
var refusedBinds = map[string]bool{
	"problem_bind_wrong_password": true, "problem_bind_refused": true, "problem_bind_locked": true,
}

const (
	// firstBackOff is how long no run begins by itself after one in which the bind account was refused: Active Directory forgets
	// wrong passwords after half an hour by default (lockOutObservationWindow). It doubles with each up to
	// mostBackOff.
	firstBackOff = 30 * time.Minute
	mostBackOff  = 24 * time.Hour
	// BackOffRuns is how many of the newest runs decide.
	BackOffRuns = 8
)

// IsBindRefused reports whether a run failed because the directory refused the bind account.
func (r *Run) IsBindRefused() bool { return r.Outcome == Failed && refusedBinds[r.Error.Key] }

// BackOff returns until when no run of a resource begins by itself, so that a wrong bind password does not lock the account; it is zero
// where one may. runs are the newest, newest first; settings that were changed since are tried at once.
func BackOff(runs []Run, changed time.Time) time.Time {
	var until time.Time
	wait := firstBackOff
	for i := range runs {
		r := &runs[i]
		if !r.IsBindRefused() || changed.After(r.Started) {
			break
		}
		if i == 0 {
			until = r.Finished
		} else {
			wait = min(2*wait, mostBackOff)
		}
	}
	if until.IsZero() {
		return until
	}
	return until.Add(wait)
}
