package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSessionCookie(t *testing.T) {
	p := newTestPanel(t)
	for protocol, secure := range map[string]bool{"http": false, "https": true} {
		a := p.newBrowser(t, false).signIn(testAdmin, testPassword, "X-Forwarded-Proto", protocol)
		require.Len(t, a.cookies, 1)
		c := a.cookies[0]
		assert.True(t, c.HttpOnly)
		assert.Equal(t, http.SameSiteLaxMode, c.SameSite)
		assert.Equal(t, "/", c.Path)
		assert.Empty(t, c.Domain)
		assert.Equal(t, secure, c.Secure, protocol)
	}
}

func TestSigningInEndsTheOldSessionOfTheBrowser(t *testing.T) {
	p := newTestPanel(t)
	b, elsewhere := p.newBrowser(t, true), p.newBrowser(t, true)
	old := &browser{t: t, panel: p, cookie: b.cookie}
	require.Equal(t, http.StatusUnauthorized, b.signIn(testAdmin, "wrong").status)
	assert.True(t, old.signedIn(), "a wrong password ends nothing")
	require.Equal(t, http.StatusSeeOther, b.signIn(testAdmin, testPassword).status)
	assert.NotEqual(t, old.cookie, b.cookie)
	assert.True(t, b.signedIn())
	assert.False(t, old.signedIn())
	assert.True(t, elsewhere.signedIn(), "that of another browser goes on")

	planted := &browser{t: t, panel: p, cookie: "PLANTEDBYSOMEBODYELSE"}
	require.Equal(t, http.StatusSeeOther, planted.signIn(testAdmin, testPassword).status)
	assert.NotEqual(t, "PLANTEDBYSOMEBODYELSE", planted.cookie)
}

func TestSigningOut(t *testing.T) {
	p := newTestPanel(t)
	b := p.newBrowser(t, true)
	old := &browser{t: t, panel: p, cookie: b.cookie}
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		assert.Equal(t, http.StatusMethodNotAllowed, b.send(method, "/logout", "").status)
		assert.True(t, old.signedIn(), "%s ends nothing", method)
	}
	assert.Equal(t, http.StatusSeeOther, b.post("/logout", nil).status)
	assert.False(t, old.signedIn())
	assert.Empty(t, b.cookie, "the browser forgets it too")
}

func TestTooManyWrongPasswords(t *testing.T) {
	p := newTestPanel(t)
	now := time.Now()
	p.limits.now = func() time.Time { return now }
	compared, compare := 0, p.admins.compare
	p.admins.compare = func(hash, password []byte) error {
		compared++
		return compare(hash, password)
	}
	signedIn := p.newBrowser(t, true)
	b := p.newBrowser(t, false)
	for _, name := range []string{testAdmin, "ADMIN@corp.example", " admin@corp.example", testAdmin, testAdmin} {
		require.Equal(t, http.StatusUnauthorized, b.signIn(name, "wrong").status)
	}
	compared = 0
	now = now.Add(30 * time.Second)
	for _, password := range []string{"wrong", testPassword} {
		a := b.signIn(testAdmin, password)
		assert.Equal(t, http.StatusTooManyRequests, a.status)
		assert.Equal(t, "870", a.header.Get("Retry-After"))
		assert.Contains(t, a.body, "Too many wrong passwords. Try again in 15 minutes.")
		assert.Empty(t, a.cookies)
	}
	assert.Zero(t, compared, "comparisons after the limit")
	assert.True(t, signedIn.signedIn(), "an admin who is signed in goes on")
	now = now.Add(870*time.Second - time.Millisecond)
	a := b.signIn(testAdmin, testPassword)
	assert.Equal(t, "1", a.header.Get("Retry-After"))
	assert.Contains(t, a.body, "Try again in one minute.")
	now = now.Add(time.Millisecond)
	assert.Equal(t, http.StatusSeeOther, b.signIn(testAdmin, testPassword).status)
}

func TestPasswordLongerThanBcryptReads(t *testing.T) {
	p := newTestPanel(t)
	long := "0123456789012345678901234567890123456789012345678901234567890123456789ab"
	require.NoError(t, p.admins.add(t.Context(), admin{Username: "anna"}, long))
	assert.Equal(t, http.StatusSeeOther, p.newBrowser(t, false).signIn("anna", long).status)
	assert.Equal(t, http.StatusUnauthorized, p.newBrowser(t, false).signIn("anna", long+"x").status)
}
