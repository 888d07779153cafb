package run_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/scenario"
)

// servers are the kinds of directory server that a scenario is played with.
func servers() []scenario.Directory {
	return []scenario.Directory{{}, {Counts: true}, {Counts: true, Tombstones: true}}
}

// cutOff plays a scenario whose last run is cut off and made once more, and returns what is there then. One that is not
// cut off is made once.
func cutOff(t *testing.T, s *scenario.Scenario, d scenario.Directory, batchSize int, at *cutting) ([]string, error) {
	t.Helper()
	ctx, w := t.Context(), newMemoryWorld(t, &d, batchSize)
	p, err := scenario.New(ctx, s, w)
	if err != nil {
		return nil, err
	}
	w.failing(at)
	err = p.Run(ctx)
	w.mended()
	if err == nil && at.met() {
		err = p.Run(ctx)
	}
	for _, check := range []func(context.Context) error{p.Check, w.sound, p.Rest} {
		if err == nil {
			err = check(ctx)
		}
	}
	if err != nil {
		return nil, err
	}
	return p.State(ctx)
}

func TestScenarios(t *testing.T) {
	onAllScenarios(t, scenario.Missing, func(t *testing.T, s *scenario.Scenario, d scenario.Directory, batchSize int) error {
		_, err := cutOff(t, s, d, batchSize, &cutting{})
		return err
	})
}

// The last run of each scenario is cut off before or after each call of the ports by which it writes. The next one ends
// where an unbroken one does, and both together have its log.
func TestR19_ScenariosCutOffAnywhere(t *testing.T) {
	onAllScenarios(t, scenario.Missing, func(t *testing.T, s *scenario.Scenario, d scenario.Directory, batchSize int) error {
		for _, method := range []string{"Claim", "Apply", "Settle"} {
			for _, when := range []string{"before", "after"} {
				if err := everywhere(t, s, d, batchSize, method, when); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// everywhere cuts a scenario off at one call of the method after the other.
func everywhere(t *testing.T, s *scenario.Scenario, d scenario.Directory, batchSize int, method, when string) error {
	t.Helper()
	want, err := cutOff(t, s, d, batchSize, &cutting{})
	if err != nil {
		return err
	}
	for nth := 1; ; nth++ {
		at := &cutting{method: method, when: when, nth: nth}
		got, err := cutOff(t, s, d, batchSize, at)
		switch {
		case err != nil:
			return fmt.Errorf("cut off %s call %d of %s: %w", when, nth, method, err)
		case !slices.Equal(want, got):
			return fmt.Errorf("%s: cut off %s call %d of %s: %v instead of %v", s.File, when, nth, method, got, want)
		case !at.met():
			return nil
		}
	}
}

// onAllScenarios plays each scenario with every kind of server, with changes that are written one by one and together.
// Those that are known not to come out have to fail, so that they are taken off the list once they do not.
func onAllScenarios(
	t *testing.T, known map[string]string, play func(*testing.T, *scenario.Scenario, scenario.Directory, int) error,
) {
	t.Helper()
	all, err := scenario.All()
	require.NoError(t, err)
	for _, s := range all {
		t.Run(s.File, func(t *testing.T) {
			var problems []error
			for _, d := range servers() {
				for _, batchSize := range []int{1, 4} {
					if err := play(t, s, d, batchSize); err != nil {
						problems = append(problems,
							fmt.Errorf("counts %t, tombstones %t, %d at a time: %w", d.Counts, d.Tombstones, batchSize, err))
					}
				}
			}
			if why := known[s.File]; why != "" {
				require.NotEmpty(t, problems, "take it off the list: it was there because %s", why)
				return
			}
			require.NoError(t, errors.Join(problems...))
		})
	}
}

// What a scenario expects is compared with everything: each of these sentences is wrong, or missing.
func TestWhatAScenarioExpectsWronglyIsNoticed(t *testing.T) {
	const file = `settings delete
before
  user ann ann@example.com "Ann"
  user bob bob@example.com
  local mailbox by-hand@example.com
  group staff staff@example.com: ann bob
  run
steps
  ann becomes anna@example.com
  bob leaves
  user cid bob@example.com
  run
expect
  mailbox anna@example.com of ann "Ann" on
  mailbox bob@example.com of cid on anew
  mailbox by-hand@example.com of nobody on
  alias staff@example.com of staff on: anna@example.com
  deleted mailbox bob@example.com
  nothing at ann@example.com
  nothing else
  bob has no account
  held none
  outcome succeeded
  log renamed anna@example.com
  log created bob@example.com
  log deleted bob@example.com
  log perhaps updated staff@example.com
`
	for _, c := range []struct{ from, to, problem string }{
		{"", "", ""},
		{`"Ann" on`, `"Anna" on`, `there is mailbox anna@example.com of ann "Ann" on`},
		{`"Ann" on`, `"Ann" off`, `there is mailbox anna@example.com of ann "Ann" on`},
		{`"Ann" on`, `"Ann" on anew`, "which was there before: true"},
		{"of ann", "of cid", `there is mailbox anna@example.com of ann "Ann" on`},
		{"mailbox bob@example.com of cid", "mailbox bob@example.com of nobody", `there is mailbox bob@example.com of cid "cid" on`},
		{"mailbox bob@example.com of cid on", "alias bob@example.com of cid on:", "anew is not understood here"},
		{"on: anna@example.com", "on: ann@example.com", "the members are anna@example.com"},
		{"on: anna@example.com", "on", "the members are anna@example.com"},
		{"deleted mailbox bob@", "deleted mailbox ann@", "is not among the deleted mailboxes"},
		{"deleted mailbox bob@", "deleted mailbox cid@", "no mailbox stood at cid@example.com"},
		{"nothing at ann@", "nothing at anna@", `there is mailbox anna@example.com of ann "Ann" on`},
		{"  mailbox by-hand@example.com of nobody on\n", "", "nobody expects mailbox by-hand@example.com"},
		{"bob has no account", "cid has no account", "it is linked to bob@example.com"},
		{"held none", "held bob", "what is held is []"},
		{"outcome succeeded", "outcome partial", "the run succeeded"},
		{"  log deleted bob@example.com\n", "", "nobody expects the row deleted bob@example.com"},
		{"log deleted bob@example.com", "log deleted bob", ""},
		{"log deleted bob@example.com", "log deleted bob\n  log deleted bob", "there is no such row, or not as often"},
		{"log deleted bob@example.com", "log perhaps deleted bob\n  log perhaps disabled bob", ""},
		{"log deleted bob@example.com", "log disabled or deleted bob", ""},
		{"log deleted bob@example.com", "log any", ""},
		{"log deleted bob@example.com", "log none", "nobody expects the row deleted bob@example.com"},
	} {
		err := playOnce(t, strings.Replace(file, c.from, c.to, 1))
		if c.problem == "" {
			require.NoError(t, err, c.to)
		} else {
			require.ErrorContains(t, err, c.problem, c.to)
		}
	}
}

func playOnce(t *testing.T, text string) error {
	t.Helper()
	s, err := scenario.Parse("f", text)
	if err != nil {
		return err
	}
	_, err = cutOff(t, s, scenario.Directory{}, 4, &cutting{})
	return err
}
