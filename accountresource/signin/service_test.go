package signin_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/signin"
)

type try = func(password string) signin.Verdict

func TestR27_WhatTheDirectorySays(t *testing.T) {
	for data, want := range map[string]signin.Verdict{
		"52e": signin.Wrong, "525": signin.Wrong, "530": signin.Disabled, "531": signin.Disabled, "532": signin.Expired, "533": signin.Disabled,
		"534": signin.Disabled, "701": signin.Disabled, "773": signin.Expired, "775": signin.Locked, "0773": signin.Expired, "52E": signin.Wrong, "": signin.Wrong, "999": signin.Wrong,
	} {
		assert.Equal(t, want, signin.VerdictOf(signin.Answer{Code: 49, Data: data}), "data %q", data)
	}
	assert.Equal(t, signin.OK, signin.VerdictOf(signin.Answer{}))
	for _, code := range []uint16{1, 8, 32, 50, 51, 52, 53, 80} {
		assert.Equal(t, signin.Unavailable, signin.VerdictOf(signin.Answer{Code: code, Data: "52e"}), "code %d", code)
	}
}

func TestR27_APasswordThatMustNotBeSentIsWrong(t *testing.T) {
	for _, password := range []string{"", "\x00", "Right-1\x00", strings.Repeat("x", 257), strings.Repeat("\xe4", 4096)} {
		play(t, func(t *testing.T, w *world, try try) {
			require.Equal(t, signin.Wrong, try(password))
			require.Empty(t, w.binds)
		})
	}
}

func TestR27_EightBitPasswords(t *testing.T) {
	for sent, want := range map[string]string{"Pässwörd-€1": "Pässwörd-€1", "P\xe4ssw\xf6rd-1": "Pässwörd-1", "\x80uro": "€uro"} {
		play(t, func(t *testing.T, w *world, try try) {
			w.password = want
			require.Equal(t, signin.OK, try(sent))
			require.Equal(t, []string{"dc1 " + want}, w.binds)
		})
	}
}

func TestR27_WhoIsMeant(t *testing.T) {
	w := newWorld()
	w.accounts["alias@example.com"] = w.accounts["anna@example.com"]
	off := w.accounts["anna@example.com"]
	off.Active = false
	w.accounts["off@example.com"] = off
	for address, want := range map[string]signin.Result{
		" ANNA@Example.com ": {Verdict: signin.OK, Address: "anna@example.com", Resource: 7, Source: anna.Source},
		"alias@example.com":  {Verdict: signin.OK, Address: "anna@example.com", Resource: 7, Source: anna.Source},
		"off@example.com":    {Verdict: signin.Disabled, Address: "anna@example.com", Resource: 7, Source: anna.Source},
		"else@example.com":   {Verdict: signin.NotDirectory},
		"anna":               {Verdict: signin.NotDirectory},
		"":                   {Verdict: signin.NotDirectory},
	} {
		got, err := w.service(t).Authenticate(t.Context(), signin.Request{Address: address, Password: "Right-1"})
		require.NoError(t, err)
		assert.Equal(t, want, got, address)
		assert.Equal(t, want.Verdict == signin.OK, got.In())
	}
}

func TestR27_GuessesDoNotLockAndTheOwnerGetsIn(t *testing.T) {
	for _, threshold := range []int{2, 3, 4, 5, 10} {
		play(t, func(t *testing.T, w *world, try try) {
			w.policy.Threshold = threshold
			require.Equal(t, signin.OK, try("Right-1"))
			before := len(w.binds)
			for i := range 30 {
				require.Contains(t, []signin.Verdict{signin.Wrong, signin.Throttled}, try("guess "+string(rune('A'+i))))
			}
			require.Equal(t, max(threshold-2, 1), len(w.binds)-before)
			require.False(t, w.locked())
			time.Sleep(time.Minute)
			if threshold > 2 { // under a threshold of two nothing is left for the owner either
				require.Equal(t, signin.OK, try("Right-1"))
			}
		})
	}
}

func TestR27_GuessesAtAnyPaceDoNotLock(t *testing.T) {
	for pace := time.Minute; pace < time.Hour; pace += 7 * time.Minute {
		play(t, func(t *testing.T, w *world, try try) {
			for i := range 100 {
				try("guess " + strings.Repeat("x", i))
				require.False(t, w.locked(), "guess %d, one in %v", i, pace)
				time.Sleep(pace)
			}
		})
	}
}

func TestR27_TheOldPasswordAfterGuessesDoesNotLock(t *testing.T) {
	play(t, func(t *testing.T, w *world, try try) {
		require.Equal(t, signin.OK, try("Right-1"))
		w.password = "Right-2"
		for i := range 10 {
			try("guess " + string(rune('A'+i)))
		}
		time.Sleep(time.Minute)
		require.Equal(t, signin.Wrong, try("Right-1"))
		for range 5 {
			require.Equal(t, signin.Wrong, try("Right-1"), "known")
		}
		require.False(t, w.locked())
		require.Empty(t, w.verifiers)
		time.Sleep(32 * time.Minute)
		require.Equal(t, signin.OK, try("Right-2"))
	})
}

func TestR27_TheSameWrongPasswordIsAskedOnce(t *testing.T) {
	play(t, func(t *testing.T, w *world, try try) {
		for range 20 {
			require.Equal(t, signin.Wrong, try("old"))
		}
		require.Len(t, w.binds, 1)
	})
}

func TestR27_ManyAtOnceAskOnce(t *testing.T) {
	for password, want := range map[string]signin.Verdict{"Right-1": signin.OK, "wrong": signin.Wrong} {
		play(t, func(t *testing.T, w *world, try try) {
			var all sync.WaitGroup
			for range 50 {
				all.Go(func() { assert.Equal(t, want, try(password)) })
			}
			all.Wait()
			require.Len(t, w.binds, 1)
		})
	}
}

func TestR27_ProcessesShareTheBudget(t *testing.T) {
	w := newWorld()
	services := []*signin.Service{w.service(t), w.service(t), w.service(t)}
	var all sync.WaitGroup
	for i := range 60 {
		all.Go(func() {
			_, err := services[i%3].Authenticate(t.Context(), signin.Request{Address: "anna@example.com", Password: "guess " + string(rune('A'+i))})
			assert.NoError(t, err)
		})
	}
	all.Wait()
	require.Len(t, w.binds, 3)
	require.False(t, w.locked())
}

func TestR27_AUsualSignInWritesNothing(t *testing.T) {
	play(t, func(t *testing.T, w *world, try try) {
		require.Equal(t, signin.OK, try("Right-1"))
		require.Equal(t, signin.OK, try("Right-1"))
		require.Len(t, w.binds, 1, "within seconds the answer is known")
		before := w.writes
		time.Sleep(20 * time.Second)
		require.Equal(t, signin.OK, try("Right-1"))
		require.Equal(t, before, w.writes)
		time.Sleep(time.Minute)
		require.Equal(t, signin.OK, try("Right-1"))
		require.Equal(t, before+1, w.writes)
		require.Zero(t, w.tries[anna].Used)
	})
}

func TestR27_ADomainThatDoesNotSayItsPolicyIsNotTried(t *testing.T) {
	play(t, func(t *testing.T, w *world, try try) {
		w.silent = true
		require.Equal(t, signin.Wrong, try("one"))
		require.Equal(t, signin.Throttled, try("two"))
	})
}

func TestR27_OneClientGuessesForManyPeople(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		s := w.service(t)
		verdicts := map[string]map[signin.Verdict]int{"192.0.2.1": {}, "127.0.0.1": {}}
		for client, counts := range verdicts {
			for i := range 60 {
				address := strings.Repeat("a", i+1) + "@" + client
				w.accounts[address] = signin.Account{Key: signin.Key{Resource: 1, Source: "x" + "-" + anna.Source}, Address: address, Active: true}
				other := w.accounts[address]
				other.Resource = int64(i + 100)
				w.accounts[address] = other
				w.bad = 0
				r, err := s.Authenticate(t.Context(), signin.Request{Address: address, Password: "Spring-1 " + client, Client: client})
				require.NoError(t, err)
				counts[r.Verdict]++
			}
		}
		require.Equal(t, map[signin.Verdict]int{signin.Wrong: 50, signin.Throttled: 10}, verdicts["192.0.2.1"])
		require.Equal(t, map[signin.Verdict]int{signin.Wrong: 60}, verdicts["127.0.0.1"], "webmail speaks for everybody")
	})
}

func TestR27_TablesThatAreDownLetNobodyIn(t *testing.T) {
	w := newWorld()
	s := w.service(t)
	_, err := s.Authenticate(t.Context(), signin.Request{Address: "anna@example.com", Password: "Right-1"})
	require.NoError(t, err)
	w.tables = errors.New("database is down")
	result, err := s.Authenticate(t.Context(), signin.Request{Address: "anna@example.com", Password: "Right-1"})
	require.ErrorIs(t, err, w.tables)
	require.Equal(t, signin.Unavailable, result.Verdict)
}

func TestR27_WithoutCountingNothingIsSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		request := signin.Request{Address: "anna@example.com", Password: "Right-1"}
		_, err := w.service(t).Authenticate(t.Context(), request)
		require.NoError(t, err)
		w.noCount = errors.New("table is down")
		for range 2 { // before the policy is known, and with it
			result, err := w.service(t).Authenticate(t.Context(), request)
			require.ErrorIs(t, err, w.noCount)
			require.Equal(t, signin.Unavailable, result.Verdict)
		}
		require.Len(t, w.binds, 1)
	})
}

func TestR27_TheAnswerOfACallerThatWentAwayCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		s := w.service(t)
		w.delay = time.Second
		hasty, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		for _, ctx := range []context.Context{hasty, t.Context()} {
			result, err := s.Authenticate(ctx, signin.Request{Address: "anna@example.com", Password: "wrong"})
			require.NoError(t, err)
			require.Equal(t, signin.Wrong, result.Verdict)
		}
		require.Len(t, w.binds, 1)
		require.Zero(t, w.pings)
	})
}

func TestR27_ACallerThatGoesAwayHarmsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		s := w.service(t)
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		for range 5 {
			_, err := s.Authenticate(gone, signin.Request{Address: "anna@example.com", Password: "Right-1"})
			if err != nil {
				require.ErrorIs(t, err, context.Canceled)
			}
		}
		result, err := s.Authenticate(t.Context(), signin.Request{Address: "anna@example.com", Password: "Right-1"})
		require.NoError(t, err)
		require.Equal(t, signin.OK, result.Verdict)
	})
}

func TestAKeyThatIsTooShortIsRefused(t *testing.T) {
	_, err := signin.New(signin.Config{Key: []byte("short")})
	require.Error(t, err)
}
