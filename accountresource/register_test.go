package accountresource_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource"
)

func TestTheHostKeepsWhatIsItsOwn(t *testing.T) {
	first, second := newHost(t), newHost(t, accountresource.WithPrefix("/directory/"))
	first.app.Get("/own", func(c *fiber.Ctx) error { return c.SendString("own") })
	assert.Equal(t, "own", first.get("/own").body)
	assert.Equal(t, http.StatusNotFound, first.get("/directory").status)
	assert.Equal(t, http.StatusNotFound, second.get("/account-resources").status)
	page := second.get("/directory/")
	assert.Equal(t, http.StatusOK, page.status)
	assert.NotContains(t, page.body, "/account-resources")
	assert.Empty(t, first.get("/own").header.Get("Cache-Control"), "headers are for our pages only")
}

func TestTheHostDrawsItsOwnChrome(t *testing.T) {
	var got accountresource.Page
	h := newHost(t, accountresource.WithLayout(func(c *fiber.Ctx, p accountresource.Page) error {
		got = p
		return c.SendString("chrome " + string(p.Content))
	}))
	body := h.get("/account-resources").body
	assert.True(t, strings.HasPrefix(body, "chrome "))
	assert.Equal(t, "Account Resources", got.Title)
	assert.Equal(t, "en-US ltr", got.Language+" "+got.Direction)
	for _, path := range append(got.Stylesheets, got.Scripts...) {
		h.as = "nobody"
		a := h.get(path)
		assert.Equal(t, http.StatusOK, a.status, path)
		assert.Contains(t, a.header.Get("Cache-Control"), "immutable")
	}
	for _, inline := range []string{"<style", "style=", "onclick", "<script"} {
		assert.NotContains(t, string(got.Content), inline, "a strict Content-Security-Policy works")
	}
}

func TestTheKeyFileIsMadeOnceAndIsSecret(t *testing.T) {
	path, h := filepath.Join(t.TempDir(), "key"), newHost(t)
	keyed := func() {
		m, err := accountresource.Register(fiber.New(), h.db, headerAuth{}, accountresource.WithSecretKeyFile(path))
		require.NoError(t, err)
		require.NoError(t, m.Close(t.Context()))
	}
	keyed()
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	keyed()
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, before, after)

	require.NoError(t, os.WriteFile(path, []byte("short"), 0o600))
	_, err = accountresource.Register(fiber.New(), h.db, headerAuth{}, accountresource.WithSecretKeyFile(path))
	require.ErrorContains(t, err, "64 hexadecimal digits")
}

func TestWrongOptionsAreRefused(t *testing.T) {
	h := newHost(t)
	for name, option := range map[string]accountresource.Option{
		"prefix": accountresource.WithPrefix("/"), "key": accountresource.WithSecretKey([]byte("short")),
		"logger": accountresource.WithLogger(nil), "backend": accountresource.WithBackend(nil),
		"history": accountresource.WithHistory(time.Hour),
		"lease":   accountresource.WithLease(time.Millisecond),
	} {
		_, err := accountresource.Register(fiber.New(), h.db, headerAuth{}, option)
		assert.Error(t, err, name)
	}
	_, err := accountresource.Register(nil, h.db, headerAuth{})
	assert.Error(t, err)
}
