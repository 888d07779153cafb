package signin_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/signin"
)

// Counts are written once a minute at most, are asked for whole, and none is lost where the table is down for a while. A sign-in does not
// fail for it.
func TestR27_SignInsAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		s := w.service(t)
		enter := func(door signin.Door, password string) {
			_, err := s.Authenticate(t.Context(), signin.Request{Address: "anna@example.com", Password: password, Door: door})
			require.NoError(t, err)
		}
		sum := func() (mail, panel, wrong int64) {
			counts, err := s.Counts(t.Context(), anna.Resource)
			require.NoError(t, err)
			for _, c := range counts {
				switch {
				case c.Verdict == signin.Wrong:
					wrong += c.Attempts
				case c.Door == signin.MailServer:
					mail += c.Attempts
				case c.Door == signin.Panel:
					panel += c.Attempts
				}
			}
			return mail, panel, wrong
		}
		for range 30 {
			enter(signin.MailServer, "Right-1")
			time.Sleep(time.Second)
		}
		assert.Len(t, w.counts, 1, "one write for half a minute")
		enter(signin.Panel, "Right-1")
		enter(signin.Panel, "no")
		mail, panel, wrong := sum()
		assert.Equal(t, []int64{30, 1, 1}, []int64{mail, panel, wrong})

		w.noCounts = errors.New("the table is down")
		time.Sleep(time.Hour)
		for range 5 {
			enter(signin.MailServer, "Right-1")
		}
		require.Error(t, s.Flush(t.Context()))
		w.noCounts = nil
		require.NoError(t, s.Flush(t.Context()))
		mail, _, _ = sum()
		assert.Equal(t, int64(35), mail)
	})
}
