package signin_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/signin"
)

// The directory's window begins with its answer, which may come seconds after a bind was begun: guesses right behind the end of ours do not
// add to those before.
func TestR27_GuessesAtTheEdgeOfTheWindowDoNotLock(t *testing.T) {
	for _, late := range []time.Duration{time.Millisecond, time.Second, 2 * time.Second} {
		play(t, func(t *testing.T, w *world, try func(string) signin.Verdict) {
			w.delay = 2 * time.Second
			for n := range 5 {
				try(fmt.Sprint("guess ", n))
			}
			w.delay = 0
			for n := range 300 { // until long after the window
				time.Sleep(w.policy.Window/100 - late/100)
				try(fmt.Sprint("later ", n))
				require.False(t, w.locked(), "guess %d", n)
			}
		})
	}
}

// Who guesses from behind the same address as somebody else keeps out only those whose password is not known to be right.
func TestR27_AGuesserBesideSomebodyKeepsNobodyOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.policy.Threshold = 0
		s := w.service(t)
		from := func(password string) signin.Verdict {
			result, err := s.Authenticate(t.Context(), signin.Request{Address: "anna@example.com", Password: password, Client: "192.0.2.1"})
			require.NoError(t, err)
			return result.Verdict
		}
		require.Equal(t, signin.OK, from("Right-1"))
		for n := range 5 {
			key := signin.Key{Resource: anna.Resource, Source: account.SourceID(fmt.Sprintf("00000000-0000-4000-8000-%012d", n))}
			address := fmt.Sprintf("person%d@example.com", n)
			w.accounts[address] = signin.Account{Key: key, Address: address, Active: true}
			for guess := range 10 {
				_, err := s.Authenticate(t.Context(), signin.Request{Address: address, Password: fmt.Sprint("guess ", guess), Client: "192.0.2.1"})
				require.NoError(t, err)
			}
		}
		time.Sleep(time.Minute)
		assert.Equal(t, signin.Throttled, from("another guess"))
		assert.Equal(t, signin.OK, from("Right-1"))
	})
}

// The account is looked at once more where a sign-in took long: a run may have given the address to somebody else meanwhile, or switched it off.
func TestR27_AnAccountThatChangesDuringASignIn(t *testing.T) {
	const address = "anna@example.com"
	for name, c := range map[string]struct {
		change func(*signin.Account)
		want   signin.Verdict
	}{
		"nothing":         {func(*signin.Account) {}, signin.OK},
		"somebody else's": {func(a *signin.Account) { a.Source = "another" }, signin.Unavailable},
		"switched off":    {func(a *signin.Account) { a.Active = false }, signin.Disabled},
		"being renamed":   {func(a *signin.Account) { a.Unsettled = true }, signin.Unavailable},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld()
			s := w.service(t)
			w.delay = time.Second
			go func() {
				time.Sleep(500 * time.Millisecond)
				w.mu.Lock()
				defer w.mu.Unlock()
				a := w.accounts[address]
				c.change(&a)
				w.accounts[address] = a
			}()
			result, err := s.Authenticate(t.Context(), signin.Request{Address: address, Password: "Right-1"})
			require.NoError(t, err)
			assert.Equal(t, c.want, result.Verdict, name)
		})
	}
}

// A password that was wrong may be right later: after an hour at most the directory is asked again.
func TestR27_AWrongPasswordMayBecomeRight(t *testing.T) {
	play(t, func(t *testing.T, w *world, try func(string) signin.Verdict) {
		w.policy.Window = 365 * day
		require.Equal(t, signin.Wrong, try("New-2"))
		w.password, w.stamp = "New-2", "2"
		require.Equal(t, signin.Wrong, try("New-2"), "it is not sent again yet")
		time.Sleep(time.Hour + time.Minute)
		require.Equal(t, signin.OK, try("New-2"))
	})
}
