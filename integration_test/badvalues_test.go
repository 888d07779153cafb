//go:build integration

package integration_test

import (
	"context"
	"database/sql"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/mailpanel/account-resource/accountresource"
	"github.com/mailpanel/account-resource/accountresource/directory/fakead"
	"github.com/mailpanel/account-resource/examples/panel/vmail"
	"github.com/mailpanel/account-resource/integration_test/servers"
)

// badValues are what no form and no link of the pages sends.
func badValues() []string {
	values := []string{
		"", " ", "\t", "\r\n", "\x00", "a\x00b", "\x00\x00", "\x01", "\x1b[31m", "\x7f", "\u0085", "\u2028", "\ufeff", "\ufffe", "\uffff",
		"\xff", "\xfe\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "a\xe4b", "\xe2\x82", "ä", "ß", "ａ", "İ", "😀", "a\u0301", "\u202eevil",
		"0", "-0", "-1", "1", "2", "+1", "1.5", "1e9", "1e309", "0x10", "007", "NaN", "Inf", "true", "null", "undefined", "nil", "None",
		"2147483647", "2147483648", "-2147483649", "4294967296", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
		"-9223372036854775809", "18446744073709551615", "18446744073709551616", "99999999999999999999", "-99999999999999999999", "1_000",
		"１", "٣", "1 ", " 1", "1;2", "1,2", "1&page=2",
		"'", `"`, "`", `\`, `\\`, `\'`, "''", "' OR '1'='1", "1; DROP TABLE mailbox", "%", "_", "%%", "!", "!%", `\%`, "[a]", "*", "?", "$1", ":x", "--", "/*", "#",
		"../../etc/passwd", "..%2f..", "/", "//evil.example", "https://evil.example/", "javascript:alert(1)", "<script>alert(1)</script>",
		"{{.}}", "${x}", "%s%n", "a@b", "@", "a@b@c", "@corp.example", "corp.example", "(cn=*)", ")(uid=*", "DC=x,DC=y", "CN=\\",
		"0000-00-00", "2026-02-30", "2026-13-01", "0000-01-01", "9999-12-31", "10000-01-01", "2026-01-01",
	}
	for _, length := range []int{255, 256, 1001, 1999, 2001} {
		values = append(values, strings.Repeat("x", length), strings.Repeat("ä", length/2))
	}
	return values
}

// place is a parameter of a route.
type place struct {
	method, path string
	field        string            // of the query or the form; "{}" stands for one in the path, and "Header: " for a header
	with         map[string]string // the other fields
}

func places() (all []place) {
	add := func(method, path string, with map[string]string, fields ...string) {
		for _, field := range fields {
			all = append(all, place{method, path, field, with})
		}
	}
	run, file, story := map[string]string{"run": "1"}, map[string]string{"run": "1", "format": "csv"}, map[string]string{"account": "a@b"}
	storyFile := map[string]string{"account": "a@b", "format": "csv"}
	log := []string{"run", "action", "q", "page", "after", "before", "older", "from", "to", "format"}
	add("GET", "/", nil, "done", "Header: Accept-Language", "Header: Cookie", "Header: Accept")
	for _, path := range []string{"/{}", "/{}/log", "/{}/status", "/{}/progress", "/assets/{}/app.css", "/assets/x/{}"} {
		add("GET", path, nil, "{}")
	}
	add("GET", "/1", nil, "tab", "done")
	add("GET", "/1/log", run, append(log, "account")...)
	add("GET", "/1/log", file, "run", "action", "q", "from")
	add("GET", "/1/log", story, append(log, "account")...)
	add("GET", "/1/log", storyFile, "account", "action", "q", "to")
	add("GET", "/domains", nil, "q")
	add("POST", "/", nil, "kind", "_csrf")
	// The port keeps what is only tried from being sent anywhere.
	connection := map[string]string{"domain": "", "host": "dc.corp.example", "port": "0", "timeout": "1", "base_dn": "DC=corp,DC=example", "bind_dn": "x"}
	fields := []string{"domain", "host", "tls", "timeout", "base_dn", "bind_dn", "bind_password", "bind_password_kept", "ca_certificate"}
	add("POST", "/1/test", connection, fields...)
	add("POST", "/1/propose", connection, "use", "domain")
	add("POST", "/1/trust", connection, "trust", "ca_certificate")
	add("POST", "/1/preview", connection, "format", "preview_action", "preview_q", "domain")
	add("POST", "/2/connection", nil, append(fields, "port", "then")...)
	add("POST", "/2/replication", nil, "interval", "groups", "existing_accounts", "delete", "keep_days", "delete_app_data", "disable_removed",
		"max_removals", "max_removal_percent", "then")
	add("POST", "/2/users", nil, "user_filter", "user_mail", "user_status", "user_name", "user_first_name", "user_telephone", "then")
	add("POST", "/2/groups", nil, "group_filter", "group_mail", "group_name", "group_moderator", "access_policy", "then")
	add("POST", "/2/replicate", nil, "mode")
	add("POST", "/2/cancel", nil, "back")
	add("POST", "/1/removals", map[string]string{"decision": "dismiss"}, "decision", "source", "shown")
	for _, action := range []string{"connection", "test", "replicate", "cancel", "enable", "disable", "delete", "removals", "preview", "trust", "propose"} {
		add("POST", "/{}/"+action, nil, "{}")
	}
	return all
}

// everyone is a host where everybody is the global admin.
type everyone struct{}

func (everyone) Admin(*fiber.Ctx) (accountresource.Admin, bool) {
	return accountresource.Admin{Username: "root", GlobalAdmin: true, Language: "en_US", Session: "s"}, true
}

func (everyone) LoginPath(*fiber.Ctx) string { return "/login" }

// inside is a panel in the test's own process.
type inside struct {
	t     *testing.T
	app   *fiber.App
	log   *syncBuffer
	token string
}

var formToken = regexp.MustCompile(`name="_csrf" value="([^"]+)"`)

func newInside(t *testing.T, db *sql.DB, backend string) *inside {
	t.Helper()
	require.NoError(t, vmail.Create(t.Context(), db, backend))
	query := "INSERT INTO domain (domain, settings) VALUES ('corp.example', '')"
	_, err := db.ExecContext(t.Context(), query)
	require.NoError(t, err)
	p := &inside{t: t, app: fiber.New(fiber.Config{ReadBufferSize: 1 << 16}), log: &syncBuffer{}}
	m, err := accountresource.Register(p.app, db, everyone{}, accountresource.WithSecretKey(make([]byte, 32)),
		accountresource.WithDirectoryHosts("127.0.0.0/8", "::1"),
		accountresource.WithLogger(slog.New(slog.NewTextHandler(p.log, nil))))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close(context.Background())) })
	_, body := p.send("GET", "/", nil, nil)
	p.token = formToken.FindStringSubmatch(body)[1]
	for range 2 {
		p.posted("/", url.Values{"kind": {"activedirectory"}})
	}
	return p
}

func (p *inside) send(method, path string, form url.Values, header map[string]string) (int, string) {
	request := httptest.NewRequest(method, "/account-resources"+path, strings.NewReader(form.Encode()))
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("X-CSRF-Token", p.token)
	}
	for name, value := range header {
		request.Header[name] = []string{value}
	}
	response, err := p.app.Test(request, 20_000)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err.Error()
	}
	return response.StatusCode, string(body)
}

func (p *inside) posted(path string, form url.Values) {
	p.t.Helper()
	status, body := p.send("POST", path, form, nil)
	require.Equal(p.t, http.StatusSeeOther, status, body)
}

// replicate gives the first resource a run with rows.
func (p *inside) replicate() {
	p.t.Helper()
	ad, err := fakead.Start(fakead.Options{})
	require.NoError(p.t, err)
	defer ad.Close()
	require.NoError(p.t, ad.Populate(5, 1))
	name, err := ad.Reader("reader", "Secret-77")
	require.NoError(p.t, err)
	p.posted("/1/connection", url.Values{
		"domain": {"corp.example"}, "host": {"127.0.0.1"}, "port": {strconv.Itoa(ad.Addr().Port)}, "tls": {"on"}, "timeout": {"10"},
		"base_dn": {ad.StaffOU()}, "bind_dn": {name}, "bind_password": {"Secret-77"}, "ca_certificate": {string(ad.CA())},
	})
	p.posted("/1/enable", nil)
	idle := func() bool {
		_, body := p.send("GET", "/1/status", nil, nil)
		return strings.Contains(body, `"running":false`)
	}
	require.Eventually(p.t, idle, time.Minute, 10*time.Millisecond)
	p.posted("/1/replicate", nil)
	require.Eventually(p.t, idle, time.Minute, 10*time.Millisecond)
	p.posted("/1/disable", nil)
}

// try puts a value into a place.
func (p *inside) try(at place, value string) {
	path, fields, header := at.path, url.Values{}, map[string]string{}
	for name, other := range at.with {
		fields.Set(name, other)
	}
	name, isHeader := strings.CutPrefix(at.field, "Header: ")
	switch {
	case isHeader:
		header[name] = strings.NewReplacer("\r", "", "\n", "", "\x00", "").Replace(value)
	case at.field == "{}":
		path = strings.ReplaceAll(path, "{}", url.PathEscape(value))
	default:
		fields.Set(at.field, value)
	}
	if id, err := strconv.Atoi(value); err == nil && (id == 1 || id == 2) && at.field == "{}" {
		return // these are right: a stream does not end, and what is deleted is needed
	}
	var form url.Values
	if at.method == http.MethodPost {
		form = fields
	} else if len(fields) > 0 {
		path += "?" + fields.Encode()
	}
	status, body := p.send(at.method, path, form, header)
	assert.True(p.t, status >= 200 && status < 500, "%s %s, %s = %q: status %d %s", at.method, at.path, at.field, value, status, excerpt(body))
}

func excerpt(text string) string { return text[:min(len(text), 2000)] }

func TestBadValues(t *testing.T) {
	dbs := map[string]func(t *testing.T) (*sql.DB, string){
		"SQLite": func(t *testing.T) (*sql.DB, string) {
			db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "panel.db")+
				"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_txlock=immediate")
			require.NoError(t, err)
			t.Cleanup(func() { _ = db.Close() })
			return db, "sqlite"
		},
		"MariaDB":    func(t *testing.T) (*sql.DB, string) { return servers.MariaDB(t).Open(t), "mysql" },
		"PostgreSQL": func(t *testing.T) (*sql.DB, string) { return servers.PostgreSQL(t).Open(t), "pgsql" },
	}
	for name, open := range dbs {
		t.Run(name, func(t *testing.T) {
			db, backend := open(t)
			p := newInside(t, db, backend)
			p.replicate()
			values, tries := badValues(), 0
			var group errgroup.Group
			group.SetLimit(4)
			for _, at := range places() {
				for _, value := range values {
					tries++
					group.Go(func() error {
						p.try(at, value)
						return nil
					})
				}
			}
			require.NoError(t, group.Wait())
			for line := range strings.Lines(p.log.String()) {
				assert.NotContains(t, line, "level=ERROR")
			}
			t.Logf("%d places, %d values, %d requests", len(places()), len(values), tries)
		})
	}
}
