package web_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/web"
)

// fickle is a host that changes its mind of who is asking.
type fickle struct {
	admin atomic.Pointer[web.Admin] // nil: nobody
	asked atomic.Int64
	wrong atomic.Int64 // how often the request was not the one that began the stream
}

func (f *fickle) Admin(c *fiber.Ctx) (web.Admin, bool) {
	f.asked.Add(1)
	if c.Get("X-Mark") != "7" || c.Path() != "/r/1/progress" || c.IP() != "127.0.0.1" {
		f.wrong.Add(1)
	}
	admin := f.admin.Load()
	if admin == nil {
		return web.Admin{}, false
	}
	if admin.Username == "panic" {
		panic("the host's session store is gone")
	}
	return *admin, true
}

func (f *fickle) LoginPath(*fiber.Ctx) string { return "/login" }

func TestAStreamEndsWithItsSession(t *testing.T) {
	root := web.Admin{Username: "root", GlobalAdmin: true, Session: "s"}
	for name, then := range map[string]*web.Admin{
		"signed out":               nil,
		"no global admin":          {Username: "root", Session: "s"},
		"somebody else":            {Username: "other", GlobalAdmin: true, Session: "s"},
		"another session":          {Username: "root", GlobalAdmin: true, Session: "t"},
		"the host cannot be asked": {Username: "panic"},
	} {
		t.Run(name, func(t *testing.T) {
			auth := new(fickle)
			auth.admin.Store(&root)
			s := newSiteWith(t, web.Config{
				Auth: auth, Resources: &resources{}, History: &history{started: time.Now()}, Operations: &operations{running: true},
			}, 20*time.Millisecond)
			lines, status, _ := s.open("/r/1/progress")
			require.Equal(t, http.StatusOK, status)
			await(t, lines)
			require.Eventually(t, func() bool { return auth.asked.Load() > 3 }, time.Minute, time.Millisecond, "it is asked again and again")
			select {
			case _, open := <-lines:
				require.True(t, open, "it goes on as long as the session does")
			default:
			}
			auth.admin.Store(then)
			ended := make(chan struct{})
			go func() {
				for range lines { // until it ends
				}
				close(ended)
			}()
			select {
			case <-ended:
			case <-time.After(30 * time.Second):
				require.FailNow(t, "the stream goes on")
			}
			assert.Zero(t, auth.wrong.Load(), "asked with another request")
		})
	}
}

// middled is a host whose middleware finds the session and leaves it with the request, where nobody finds it later.
type middled struct{ fickle }

func (m *middled) Admin(c *fiber.Ctx) (web.Admin, bool) {
	m.asked.Add(1)
	return c.Locals("admin").(web.Admin), true // it panics for a request that did not come through the middleware
}

func TestAStreamOfAHostThatCannotBeAskedAgainGoesOn(t *testing.T) {
	auth, log := new(middled), new(lines)
	s := newSiteWith(t, web.Config{
		Auth: auth, Resources: &resources{}, History: &history{started: time.Now()}, Operations: &operations{running: true},
		Logger: slog.New(slog.NewTextHandler(log, nil)),
	}, 100*time.Millisecond)
	events, status, _ := s.open("/r/1/progress")
	require.Equal(t, http.StatusOK, status)
	for range 3 { // each after the last one, with heartbeats between
		await(t, events)
	}
	assert.EqualValues(t, 2, auth.asked.Load(), "once for the request, and once to find out")
	assert.NotContains(t, log.String(), "panic")
}

// A page that was shown before the host's key was changed stays good, where the host still names the older one.
func TestATokenOfAnOlderKeyCounts(t *testing.T) {
	first, second := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	pages := func(keys ...[]byte) *fiber.App {
		w, err := web.New(web.Config{
			Prefix: "/r", Auth: everybody{}, Resources: &resources{}, History: &history{}, Operations: &operations{}, Removals: none{},
			TokenKeys: keys, Logger: slog.New(slog.DiscardHandler),
		})
		require.NoError(t, err)
		t.Cleanup(w.Close)
		app := fiber.New()
		w.Mount(app)
		return app
	}
	ask := func(app *fiber.App, method, token string) (int, string) {
		request := httptest.NewRequest(method, "/r/", nil)
		request.Header.Set("X-CSRF-Token", token)
		response, err := app.Test(request, -1)
		require.NoError(t, err)
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return response.StatusCode, string(body)
	}
	_, body := ask(pages(first), http.MethodGet, "")
	token := regexp.MustCompile(`name="_csrf" value="([^"]+)"`).FindStringSubmatch(body)
	require.NotNil(t, token)
	for name, c := range map[string]struct {
		keys   [][]byte
		status int
	}{
		"the same": {[][]byte{first}, http.StatusBadRequest}, // the form names no kind
		"older":    {[][]byte{second, first}, http.StatusBadRequest},
		"gone":     {[][]byte{second}, http.StatusForbidden},
	} {
		status, _ := ask(pages(c.keys...), http.MethodPost, token[1])
		assert.Equal(t, c.status, status, name)
	}
}

type none struct{ web.Removals }

func (none) Undecided(context.Context, ...int64) (map[int64]int, error) { return nil, nil }
