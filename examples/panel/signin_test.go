package main

import (
	"net/http"
	"testing"

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
