package accountresource_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource"
)

// create sends the form that makes a resource.
func (h *host) create(token string, headers ...string) answer {
	h.t.Helper()
	return h.send(http.MethodPost, "/account-resources/", url.Values{"kind": {"samba"}, "_csrf": {token}}, headers...)
}

func TestATokenIsForOneSessionAndOneAdmin(t *testing.T) {
	h := newHost(t)
	token := h.token()
	for name, headers := range map[string][]string{
		"another session": {"X-Session", "another"}, "another admin": {"X-Name", "somebody"},
		"what runs into the next": {"X-Name", "roots", "X-Session", "ession of a test"},
	} {
		assert.Equal(t, http.StatusForbidden, h.create(token, headers...).status, name)
	}
	assert.Equal(t, http.StatusSeeOther, h.create(token).status)
}

// moveTo registers the module anew.
func (h *host) moveTo(app *fiber.App, auth accountresource.Auth, options ...accountresource.Option) {
	h.t.Helper()
	m, err := accountresource.Register(app, h.db, auth, append(options, accountresource.WithSecretKey(testKey))...)
	require.NoError(h.t, err)
	h.t.Cleanup(func() { require.NoError(h.t, m.Close(context.Background())) })
	h.app = app
}

// nameless is a host that names no sessions.
type nameless struct{ headerAuth }

func (n nameless) Admin(c *fiber.Ctx) (accountresource.Admin, bool) {
	admin, ok := n.headerAuth.Admin(c)
	admin.Session = ""
	return admin, ok
}

func TestWhereTheHostNamesNoSessionsTheModuleDoes(t *testing.T) {
	h := newHost(t)
	h.moveTo(fiber.New(), nameless{})
	page := h.get("/account-resources")
	cookie := page.header.Get("Set-Cookie")
	for _, part := range []string{"HttpOnly", "SameSite=Lax", "path=/account-resources"} {
		assert.Contains(t, cookie, part)
	}
	assert.NotContains(t, strings.ToLower(cookie), "expires")
	name, _, _ := strings.Cut(cookie, ";")
	token := tokenField.FindStringSubmatch(page.body)[1]
	another, _, _ := strings.Cut(h.get("/account-resources").header.Get("Set-Cookie"), ";")
	for what, headers := range map[string][]string{
		"no cookie": nil, "another cookie": {"Cookie", another}, "a cookie of somebody's own": {"Cookie", "account_resource_session=x"},
	} {
		assert.Equal(t, http.StatusForbidden, h.create(token, headers...).status, what)
	}
	assert.Equal(t, http.StatusSeeOther, h.create(token, "Cookie", name).status)
	assert.Empty(t, h.get("/account-resources", "Cookie", name).header.Get("Set-Cookie"), "it is kept")
	assert.NotEmpty(t, h.get("/account-resources", "Cookie", "account_resource_session=x").header.Get("Set-Cookie"))
	for path, role := range map[string]string{"/domains?q=c": "global", "/": "domain", "": "nobody"} {
		h.as = role
		assert.Empty(t, h.get("/account-resources"+path).header.Get("Set-Cookie"), role)
	}
}

// The pages are safe in a host that sets no headers at all.
func TestNobodyMayFrameThePages(t *testing.T) {
	const plain = "default-src 'self'; base-uri 'none'; form-action 'self'; object-src 'none'; "
	layout := accountresource.WithLayout(func(c *fiber.Ctx, p accountresource.Page) error { return c.SendString(string(p.Content)) })
	framed := accountresource.WithFrameAncestors("'self'", "https://portal.example:8443")
	for name, c := range map[string]struct {
		options []accountresource.Option
		host    []string // headers that the host's middleware sets
		policy  []string
		frames  string // X-Frame-Options
	}{
		"a bare host":    {nil, nil, []string{plain + "frame-ancestors 'none'"}, "DENY"},
		"its own chrome": {[]accountresource.Option{layout}, nil, []string{"frame-ancestors 'none'"}, "DENY"},
		"framed":         {[]accountresource.Option{layout, framed}, nil, []string{"frame-ancestors 'self' https://portal.example:8443"}, ""},
		"a policy of frames": {[]accountresource.Option{layout}, []string{"default-src 'self'; Frame-Ancestors 'self'"},
			[]string{"default-src 'self'; Frame-Ancestors 'self'"}, ""},
		"another policy": {[]accountresource.Option{layout}, []string{"img-src 'self'"}, []string{"img-src 'self'", "frame-ancestors 'none'"}, "DENY"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t)
			app := fiber.New()
			app.Use(func(ctx *fiber.Ctx) error {
				for _, policy := range c.host {
					ctx.Set("Content-Security-Policy", policy)
				}
				return ctx.Next()
			})
			h.moveTo(app, headerAuth{}, c.options...)
			for _, path := range []string{"/account-resources", "/account-resources/99"} {
				header := h.get(path).header
				assert.Equal(t, c.policy, header.Values("Content-Security-Policy"), path)
				assert.Equal(t, c.frames, header.Get("X-Frame-Options"), path)
			}
		})
	}
	h := newHost(t)
	for _, source := range []string{"", "*", "'none'; script-src *", "https://a b", "data:", "portal.example/path", "a\r\nb", "'self' x"} {
		_, err := accountresource.Register(fiber.New(), h.db, headerAuth{}, accountresource.WithFrameAncestors(source))
		assert.ErrorContains(t, err, "WithFrameAncestors", source)
	}
}
