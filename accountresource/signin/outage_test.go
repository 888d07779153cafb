package signin_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/signin"
)

// took returns how long something takes.
func took(do func()) time.Duration {
	began := time.Now()
	do()
	return time.Since(began)
}

func TestR27_AServerThatHangs(t *testing.T) {
	play(t, func(t *testing.T, w *world, try try) {
		require.Equal(t, signin.OK, try("Right-1"))
		time.Sleep(time.Minute)
		w.hanging["dc1"] = true
		require.LessOrEqual(t, took(func() { require.Equal(t, signin.Offline, try("Right-1")) }), 3*time.Second)
		require.Zero(t, took(func() { require.Equal(t, signin.Offline, try("Right-1")) }))
		require.Zero(t, took(func() { require.Equal(t, signin.Unavailable, try("wrong")) }), "it may be the new one")
		sent := len(w.binds)
		time.Sleep(9 * time.Second)
		require.Zero(t, took(func() { require.Equal(t, signin.Offline, try("Right-1")) }))
		require.Zero(t, w.pings, "it is left alone for ten seconds")
		for range 20 { // what a server does not answer it may yet count
			time.Sleep(11 * time.Second)
			require.Equal(t, signin.Offline, try("Right-1"))
		}
		require.Len(t, w.binds, sent)
		require.Positive(t, w.pings)
		w.hanging["dc1"] = false
		time.Sleep(11 * time.Second)
		require.Equal(t, signin.OK, try("Right-1"))
	})
}

func TestR27_AnotherServerAnswers(t *testing.T) {
	for name, fail := range map[string]func(*world){
		"hangs": func(w *world) { w.hanging["dc1"] = true }, "refuses": func(w *world) { w.refusing["dc1"] = true },
	} {
		play(t, func(t *testing.T, w *world, try try) {
			w.servers = []string{"dc1", "dc2"}
			fail(w)
			require.LessOrEqual(t, took(func() { require.Equal(t, signin.OK, try("Right-1"), name) }), 1500*time.Millisecond)
			time.Sleep(6 * time.Second)
			require.Zero(t, took(func() { require.Equal(t, signin.OK, try("Right-1"), name) }))
		})
	}
}

func TestR27_TheGraceEnds(t *testing.T) {
	for grace, ends := range map[time.Duration]time.Duration{0: 0, time.Hour: time.Hour, 30 * day: signin.MaxGrace} {
		play(t, func(t *testing.T, w *world, try try) {
			a := w.accounts["anna@example.com"]
			a.Grace = grace
			w.accounts["anna@example.com"] = a
			require.Equal(t, signin.OK, try("Right-1"))
			w.refusing["dc1"] = true
			time.Sleep(max(ends-time.Second, 6*time.Second))
			if ends > 0 {
				require.Equal(t, signin.Offline, try("Right-1"))
			}
			time.Sleep(2 * time.Second)
			require.Equal(t, signin.Unavailable, try("Right-1"))
		})
	}
}

func TestR27_ADefiniteNoEndsTheGrace(t *testing.T) {
	for _, data := range []string{"533", "701", "773", "532", "530"} {
		for name, fault := range map[string]error{"deleted": nil, "the table is down": errors.New("database is down")} {
			play(t, func(t *testing.T, w *world, _ try) {
				s := w.service(t)
				sign := func() signin.Verdict {
					result, err := s.Authenticate(t.Context(), signin.Request{Address: "anna@example.com", Password: "Right-1"})
					require.ErrorIs(t, err, w.noDelete)
					return result.Verdict
				}
				require.Equal(t, signin.OK, sign())
				time.Sleep(time.Minute)
				w.data, w.noDelete = data, fault
				require.Equal(t, signin.VerdictOf(signin.Answer{Code: 49, Data: data}), sign())
				w.noDelete = nil
				w.refusing["dc1"] = true
				require.Equal(t, signin.Unavailable, sign(), name)
			})
		}
	}
}

func TestR27_ALockOfTheDirectoryEndsTheGraceOfThatPasswordAlone(t *testing.T) {
	play(t, func(t *testing.T, w *world, try try) {
		require.Equal(t, signin.OK, try("Right-1"))
		time.Sleep(time.Minute)
		w.bad, w.badAt = 5, time.Now() // somebody guessed at Windows
		require.Equal(t, signin.Locked, try("guess"))
		require.NotEmpty(t, w.verifiers)
		require.Zero(t, w.tries[anna].Used, "a lock spends nothing")
		require.Equal(t, signin.Locked, try("Right-1"))
		require.Empty(t, w.verifiers)
	})
}

func TestR27_ForgottenPeopleHaveNoGrace(t *testing.T) {
	play(t, func(t *testing.T, w *world, _ try) {
		s := w.service(t)
		request := signin.Request{Address: "anna@example.com", Password: "Right-1"}
		_, err := s.Authenticate(t.Context(), request)
		require.NoError(t, err)
		require.NoError(t, s.Forget(t.Context(), anna))
		w.refusing["dc1"] = true
		result, err := s.Authenticate(t.Context(), request)
		require.NoError(t, err)
		require.Equal(t, signin.Unavailable, result.Verdict)
	})
}

func TestR27_TheOldPasswordAfterAChangeBridgesNoOutage(t *testing.T) {
	for name, first := range map[string][]string{"old one first": {"Right-1", "Right-2", "Right-1"}, "new one first": {"Right-2", "Right-1"}} {
		play(t, func(t *testing.T, w *world, try try) {
			require.Equal(t, signin.OK, try("Right-1"))
			w.password, w.former, w.stamp = "Right-2", "Right-1", "2"
			for _, password := range first {
				time.Sleep(time.Minute)
				require.Equal(t, signin.OK, try(password))
			}
			w.refusing["dc1"] = true
			time.Sleep(time.Minute)
			require.Equal(t, signin.Unavailable, try("Right-1"), name)
			require.Equal(t, signin.Offline, try("Right-2"), name)
		})
	}
}

func TestR27_AnOutageBeforeTheNewPasswordWasSeen(t *testing.T) {
	play(t, func(t *testing.T, w *world, try try) {
		require.Equal(t, signin.OK, try("Right-1"))
		w.password, w.former, w.stamp = "Right-2", "Right-1", "2"
		time.Sleep(time.Minute)
		require.Equal(t, signin.OK, try("Right-1"), "the directory still takes it")
		w.refusing["dc1"] = true
		time.Sleep(time.Minute)
		require.Equal(t, signin.Unavailable, try("Right-1"))
		require.Equal(t, signin.Unavailable, try("Right-2"))
	})
}

func TestR27_AnAnswerAboutOnePersonKeepsNobodyElseOut(t *testing.T) {
	play(t, func(t *testing.T, w *world, try try) {
		w.code = 53
		require.Equal(t, signin.Unavailable, try("Right-1"))
		w.code = 0
		require.Equal(t, signin.OK, try("Right-1"))
		time.Sleep(6 * time.Second)
		w.code = 51
		require.Equal(t, signin.Offline, try("Right-1"))
		asked := len(w.binds)
		require.Equal(t, signin.Offline, try("Right-1"))
		require.Len(t, w.binds, asked, "a busy server is left alone")
		require.Zero(t, w.tries[anna].Used)
	})
}

func TestR27_AVerifierIsNotThePassword(t *testing.T) {
	play(t, func(t *testing.T, w *world, try try) {
		require.Equal(t, signin.OK, try("Right-1"))
		kept := w.verifiers[anna]
		require.Len(t, kept.Digest, 32)
		for name, spoil := range map[string]func(*signin.Verifier){
			"salt": func(v *signin.Verifier) { v.Salt = nil }, "digest": func(v *signin.Verifier) { v.Digest = nil },
			"from the future": func(v *signin.Verifier) { v.Checked = v.Checked.Add(day) },
		} {
			bad := kept
			spoil(&bad)
			w.verifiers[anna] = bad
			w.refusing["dc1"] = true
			time.Sleep(6 * time.Second)
			require.Equal(t, signin.Unavailable, try("Right-1"), name)
		}
	})
}
