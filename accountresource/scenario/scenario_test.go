package scenario_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/scenario"
)

const whole = `# A user comes.
# Nothing more.
rules R5 R10
settings delete, keep_days 30
before
  user ann ann@example.com "Ann \"A.\" Smith" disabled   # a comment
  group staff staff@example.com: ann
  run
steps
  ann is enabled
  settings groups off
  run full
expect
  mailbox ann@example.com of ann "Ann" on
  alias staff@example.com of staff on: ann@example.com
  log perhaps enabled ann@example.com
  log conflict or held staff
`

func TestAScenarioPrintsAsWhatItWasReadFrom(t *testing.T) {
	s, err := scenario.Parse("f", whole)
	require.NoError(t, err)
	assert.Equal(t, `# A user comes.
# Nothing more.
rules R5 R10
settings delete
settings keep_days 30
before
  user ann ann@example.com "Ann \"A.\" Smith" disabled
  group staff staff@example.com: ann
  run
steps
  ann is enabled
  settings groups off
  run full
expect
  mailbox ann@example.com of ann "Ann" on
  alias staff@example.com of staff on: ann@example.com
  log perhaps enabled ann@example.com
  log conflict or held staff
`, s.String())
}

func TestWhatIsNotUnderstoodIsNamedWithItsLine(t *testing.T) {
	const end = "\nsteps\nrun\nexpect\nlog any\n"
	for text, want := range map[string]string{
		"rules 8" + end:                                        "f:1: 8 is not the number of a rule",
		"settings delet" + end:                                 "f:1: delet is not understood here",
		"settings delete," + end:                               `f:1: "settings" is not a whole sentence`,
		"user ann ann@example.com" + end:                       "f:1: user has to stand in a section: before, steps or expect",
		"before\nuser ann ann@example.com \"Ann" + end:         "f:2: a quoted text does not end",
		"before\nuser ann \"Ann\"ann@example.com" + end:        `f:2: something is stuck to "Ann"`,
		"before\nann leaves" + end:                             "f:2: there is no object ann",
		"before\nuser ann a@b.c\nuser ann a@b.c" + end:         "f:3: there is an object ann already",
		"before\nuser ann a@b.c\nann vanishes" + end:           "f:3: vanishes is not understood here",
		"before\nuser ann a@b.c\nann leaves soon" + end:        "f:3: soon is not understood here",
		"before\nuser run a@b.c" + end:                         "f:2: run is not understood here",
		"before\nuser Ann a@b.c" + end:                         "f:2: Ann is not understood here",
		"before\nadmin deletes" + end:                          `f:2: "admin deletes" is not a whole sentence`,
		"steps\nbefore\nrun":                                   "f:2: the section before stands in the wrong place",
		"before\nexpect":                                       "f:2: the section expect stands in the wrong place",
		"steps\nrules R1\nrun\nexpect\nlog any":                "f:2: rules have to stand before the sections",
		"steps\nrun\nexpect\nsettings delete\nlog any":         "f:4: settings are nothing to expect",
		"steps\nrun\nexpect\nmailbox a@b.c of nobody\nlog any": `f:4: "mailbox a@b.c of nobody" is not a whole sentence`,
		"steps\nrun\nexpect\nlog vanished a@b.c":               "f:4: vanished is not understood here",
		"steps\nrun":                                           "f: the sections steps and expect have to be there",
		"steps\nrun\n2 days pass\nexpect\nlog any":             "f: the last of the steps has to be a run",
		"steps\nrun\nexpect\nnothing else":                     "f: what the log says is not expected; say \"log any\" where that does not matter",
		"\xff" + end:                                           "f: not UTF-8",
	} {
		_, err := scenario.Parse("f", text)
		assert.EqualError(t, err, want, "%q", text)
	}
}

func TestAllScenariosSayWhatTheyAreAbout(t *testing.T) {
	all, err := scenario.All()
	require.NoError(t, err)
	assert.GreaterOrEqual(t, len(all), 30)
	for _, s := range all {
		assert.NotEmpty(t, s.Title, s.File)
		assert.NotEmpty(t, s.Rules, s.File)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(whole)
	f.Add("rules R")
	all, err := scenario.All()
	require.NoError(f, err)
	for _, s := range all {
		f.Add(s.String())
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := scenario.Parse("f", text)
		if err != nil {
			return
		}
		printed := s.String()
		again, err := scenario.Parse("f", printed)
		require.NoError(t, err, printed)
		require.Equal(t, printed, again.String(), "it prints as it was printed")
		require.Equal(t, s.Title, again.Title)
	})
}
