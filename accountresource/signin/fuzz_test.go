package signin

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// FuzzWhatIsSent has clients send any password and address: what goes on is never empty, has no NUL, and is UTF-8.
func FuzzWhatIsSent(f *testing.F) {
	for _, seed := range []string{"", "Right-1", "P\xe4ss", "Päss", "\x00", " A@Example.COM\n", "a@b", "@", "a@\u0130.com", strings.Repeat("\x80", 256)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if sent, fit := sendable(text); fit {
			require.NotEmpty(t, sent)
			require.True(t, utf8.ValidString(sent))
			require.NotContains(t, sent, "\x00")
			if utf8.ValidString(text) {
				require.Equal(t, text, sent)
			}
		}
		if address, fit := canonical(text); fit {
			again, stays := canonical(address)
			require.True(t, stays)
			require.Equal(t, address, again)
			require.LessOrEqual(t, len(address), maxAddress)
		}
	})
}

// FuzzVerdicts has servers answer anything: nobody gets in by anything but success.
func FuzzVerdicts(f *testing.F) {
	f.Add(uint16(49), "52e")
	f.Add(uint16(0), "533")
	f.Fuzz(func(t *testing.T, code uint16, data string) {
		require.Equal(t, code == resultSuccess, Result{Verdict: VerdictOf(Answer{Code: code, Data: data})}.In())
	})
}
