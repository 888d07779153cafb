package run_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// A wrong bind password is tried less and less often, and at once after the settings have changed or a run has succeeded.
func TestAWrongBindPasswordBacksOff(t *testing.T) {
	now := time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)
	row := func(ago time.Duration, outcome run.Outcome, key string) run.Run {
		return run.Run{Started: now.Add(-ago - time.Second), Finished: now.Add(-ago), Outcome: outcome, Error: account.Say(key)}
	}
	wrong := func(ago time.Duration) run.Run { return row(ago, run.Failed, "problem_bind_wrong_password") }
	long := now.Add(-1000 * time.Hour)
	for name, c := range map[string]struct {
		runs    []run.Run
		changed time.Time
		want    time.Duration // from now; 0: at once
	}{
		"no run yet":              {nil, long, 0},
		"succeeded":               {[]run.Run{row(0, run.Succeeded, ""), wrong(time.Hour)}, long, 0},
		"failed otherwise":        {[]run.Run{row(0, run.Failed, "problem_host_silent")}, long, 0},
		"once":                    {[]run.Run{wrong(0)}, long, 30 * time.Minute},
		"twice":                   {[]run.Run{wrong(0), wrong(time.Hour)}, long, time.Hour},
		"locked":                  {[]run.Run{row(0, run.Failed, "problem_bind_locked"), wrong(time.Hour)}, long, time.Hour},
		"with another between":    {[]run.Run{wrong(0), row(0, run.Succeeded, ""), wrong(time.Hour)}, long, 30 * time.Minute},
		"very often":              {[]run.Run{wrong(0), wrong(0), wrong(0), wrong(0), wrong(0), wrong(0), wrong(0), wrong(0)}, long, 24 * time.Hour},
		"changed since":           {[]run.Run{wrong(time.Minute)}, now, 0},
		"changed between the two": {[]run.Run{wrong(0), wrong(time.Hour)}, now.Add(-time.Minute), 30 * time.Minute},
	} {
		want := time.Time{}
		if c.want > 0 {
			want = now.Add(c.want)
		}
		assert.Equal(t, want, run.BackOff(c.runs, c.changed), name)
	}
}
