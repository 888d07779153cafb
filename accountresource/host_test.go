package accountresource_test

import (
	"bytes"
	"context"
	"database/sql"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/mailpanel/account-resource/accountresource"
	"github.com/mailpanel/account-resource/examples/panel/vmail"
)

// host is a panel of a few lines, whose admin is named in a header.
type host struct {
	t      *testing.T
	app    *fiber.App
	db     *sql.DB
	module *accountresource.Module
	log    *logBuffer
	as     string // who asks: nobody, domain or global
}

// logBuffer is read while runs write.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// headerAuth believes headers: X-Who is the role, X-Name another user name than root, X-Session the session.
type headerAuth struct{}

func (headerAuth) Admin(c *fiber.Ctx) (accountresource.Admin, bool) {
	switch c.Get("X-Who") {
	case "global":
		return accountresource.Admin{
			Username: c.Get("X-Name", "root"), GlobalAdmin: true, Session: c.Get("X-Session", "session of a test"),
			Language: strings.TrimPrefix(c.Get("X-Language", "en_US"), "none"),
		}, true
	case "domain":
		return accountresource.Admin{Username: "postmaster"}, true
	}
	return accountresource.Admin{}, false
}

func (headerAuth) LoginPath(*fiber.Ctx) string { return "/login" }

var testKey = []byte("0123456789abcdef0123456789abcdef")

const signInURL = "http://127.0.0.1:8081/authenticate"

const hosted = "corp.example"

// thisMachine adds the servers of the tests to what may be connected to by default.
var thisMachine = []string{"*", "127.0.0.0/8", "::1"}

func newHost(t *testing.T, options ...accountresource.Option) *host {
	t.Helper()
	return newHostWith(t, fiber.Config{}, options...)
}

// newHostWith is a host whose Fiber has settings of its own.
func newHostWith(t *testing.T, config fiber.Config, options ...accountresource.Option) *host {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "panel.db")+
		"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_txlock=immediate")
	require.NoError(t, err)
	require.NoError(t, vmail.Create(t.Context(), db, "sqlite"))
	_, err = db.Exec("INSERT INTO domain (domain, settings) VALUES (?, '')", hosted)
	require.NoError(t, err)
	h := &host{t: t, db: db, log: &logBuffer{}, as: "global", app: fiber.New(config)}
	options = append([]accountresource.Option{
		accountresource.WithSecretKey(testKey), accountresource.WithDirectoryHosts(thisMachine...),
		accountresource.WithSignInURL(signInURL), accountresource.WithLogger(slog.New(slog.NewTextHandler(h.log, nil))),
	}, options...)
	h.module, err = accountresource.Register(h.app, db, headerAuth{}, options...)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, h.module.Close(context.Background())) // the test's own context is over by now
		require.NoError(t, db.Close())
	})
	return h
}

// newHostBeside is another process of the same panel.
func newHostBeside(t *testing.T, other *host) *host {
	t.Helper()
	h := &host{t: t, db: other.db, log: &logBuffer{}, as: "global", app: fiber.New()}
	var err error
	h.module, err = accountresource.Register(h.app, other.db, headerAuth{}, accountresource.WithSecretKey(testKey),
		accountresource.WithDirectoryHosts(thisMachine...), accountresource.WithLogger(slog.New(slog.NewTextHandler(h.log, nil))))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, h.module.Close(context.Background())) })
	return h
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

func (h *host) send(method, path string, form url.Values, headers ...string) answer {
	h.t.Helper()
	request := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	request.Header.Set("X-Who", h.as)
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := h.app.Test(request, -1)
	require.NoError(h.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(h.t, err)
	return answer{response.StatusCode, response.Header, string(body)}
}

func (h *host) get(path string, headers ...string) answer {
	h.t.Helper()
	return h.send(http.MethodGet, path, nil, headers...)
}

var tokenField = regexp.MustCompile(`name="_csrf" value="([^"]+)"`)

// post sends a form with the token that the pages give.
func (h *host) post(path string, form url.Values) answer {
	h.t.Helper()
	token := tokenField.FindStringSubmatch(h.get("/account-resources").body)
	require.NotNil(h.t, token)
	with := url.Values{"_csrf": {token[1]}}
	for name, values := range form {
		with[name] = values
	}
	return h.send(http.MethodPost, path, with)
}

// add makes a resource and gives its path.
func (h *host) add() string {
	h.t.Helper()
	a := h.post("/account-resources/", url.Values{"kind": {"activedirectory"}})
	require.Equal(h.t, http.StatusSeeOther, a.status, a.body)
	path, _, _ := strings.Cut(a.header.Get("Location"), "?")
	return path
}
