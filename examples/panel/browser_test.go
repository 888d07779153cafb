package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"
)

const (
	testAdmin    = "admin@corp.example"
	testPassword = "a-good-password"
)

// openPanel opens a panel with SQLite on a file, as start does it; whoever opens the same file again has the same
// panel, started once more.
func openPanel(t *testing.T, file string) *panel {
	t.Helper()
	t.Setenv("PANEL_DB", file)
	t.Setenv("PANEL_SECRET_KEY", strings.Repeat("5e", 32))
	c, err := readConfig()
	require.NoError(t, err)
	d, err := openDatabases(t.Context(), c)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	a, err := openAdmins(t.Context(), d.panel, "sqlite", bcrypt.MinCost)
	require.NoError(t, err)
	require.NoError(t, a.ensure(t.Context(), c.admin, c.password))
	p := newPanel(a, &mail{d}, slog.New(slog.NewTextHandler(t.Output(), nil)))
	p.module, err = register(p, d, c)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.module.Close(context.Background())) })
	return p
}

// newTestPanel opens a fresh panel with one admin.
func newTestPanel(t *testing.T) *panel {
	t.Helper()
	t.Setenv("PANEL_ADMIN", testAdmin)
	t.Setenv("PANEL_PASSWORD", testPassword)
	return openPanel(t, filepath.Join(t.TempDir(), "panel.db"))
}

// browser sends requests within the process and keeps the session's cookie.
type browser struct {
	t      *testing.T
	panel  *panel
	cookie string
}

type answer struct {
	status   int
	header   http.Header
	cookies  []*http.Cookie
	location string
	body     string
}

// send sends a request with headers given as name, value, name, value.
func (b *browser) send(method, path, body string, headers ...string) answer {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), method, "http://panel.example"+path, strings.NewReader(body))
	require.NoError(b.t, err)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Add(headers[i], headers[i+1])
	}
	if method == http.MethodPost && request.Header.Get("Content-Type") == "" {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if b.cookie != "" {
		request.AddCookie(&http.Cookie{Name: sessionCookie, Value: b.cookie})
	}
	response, err := b.panel.app.Test(request, -1)
	require.NoError(b.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(b.t, err)
	a := answer{response.StatusCode, response.Header, response.Cookies(), response.Header.Get("Location"), string(text)}
	for _, c := range a.cookies {
		if c.Name == sessionCookie {
			b.cookie = c.Value
		}
	}
	return a
}

func (b *browser) get(path string) answer {
	b.t.Helper()
	return b.send(http.MethodGet, path, "")
}

func (b *browser) post(path string, form url.Values, headers ...string) answer {
	b.t.Helper()
	return b.send(http.MethodPost, path, form.Encode(), headers...)
}

// signIn sends the sign-in form.
func (b *browser) signIn(username, password string, headers ...string) answer {
	b.t.Helper()
	return b.post("/login", url.Values{"username": {username}, "password": {password}}, headers...)
}

// signedIn reports whether the panel knows the browser's session.
func (b *browser) signedIn() bool {
	b.t.Helper()
	return b.get("/users").status == http.StatusOK
}

// newBrowser opens a browser; signed in, unless nobody is asked for.
func (p *panel) newBrowser(t *testing.T, signedIn bool) *browser {
	t.Helper()
	b := &browser{t: t, panel: p}
	if signedIn {
		require.Equal(t, http.StatusSeeOther, b.signIn(testAdmin, testPassword).status)
	}
	return b
}
