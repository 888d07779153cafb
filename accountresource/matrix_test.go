package accountresource_test

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
}

// routes are the methods that each path below the prefix is mounted for.
func (h *host) routes() map[string][]string {
	mounted := make(map[string][]string)
	for _, route := range h.app.GetRoutes(true) {
		if path, ours := strings.CutPrefix(route.Path, "/account-resources"); ours {
			mounted[path] = append(mounted[path], route.Method)
		}
	}
	return mounted
}

// crafted is a token of the module's own making, with another time of expiry than it gives.
func crafted(t *testing.T, expires time.Time) string {
	t.Helper()
	key, err := hkdf.Key(sha256.New, testKey, nil, "account-resource form tokens", 32)
	require.NoError(t, err)
	expiry := strconv.FormatInt(expires.Unix(), 36)
	mac := hmac.New(sha256.New, key)
	for _, part := range []string{"form", expiry, "root", "session of a test"} {
		mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		mac.Write([]byte(part))
	}
	return expiry + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// wrongTokens are those that no form may be taken with.
func (h *host) wrongTokens() map[string]string {
	h.t.Helper()
	other := func(headers ...string) string {
		return tokenField.FindStringSubmatch(h.get("/account-resources", headers...).body)[1]
	}
	expiry, signature, _ := strings.Cut(h.token(), ".")
	until, err := strconv.ParseInt(expiry, 36, 64)
	require.NoError(h.t, err)
	return map[string]string{
		"none": "", "wrong": "zzzzzz.AAAA", "prolonged": strconv.FormatInt(until+1, 36) + "." + signature,
		"another session's": other("X-Session", "another"), "another admin's": other("X-Name", "other"),
		"expired": crafted(h.t, time.Now().Add(-time.Second)),
	}
}

// attempt is one request of the matrix.
type attempt struct {
	cell
	method, role, token string
	inHeader            bool
}

func (a attempt) String() string {
	return fmt.Sprintf("%s %s as %s, token %q, in the header: %t", a.method, a.path, a.role, a.token, a.inHeader)
}

// attempts are all of a row.
func attempts(c cell, tokens []string) (all []attempt) {
	for _, method := range methods {
		for _, role := range []string{"nobody", "domain", "global"} {
			for _, token := range tokens {
				all = append(all, attempt{c, method, role, token, false}, attempt{c, method, role, token, true})
			}
		}
	}
	return all
}

// make sends it; what a stream says is not waited for.
func (f *followed) make(a attempt) *http.Response {
	f.t.Helper()
	var body io.Reader
	if a.method != http.MethodGet && a.method != http.MethodHead {
		form := url.Values{}
		maps.Copy(form, a.form)
		if !a.inHeader {
			form.Set("_csrf", a.token)
		}
		body = strings.NewReader(form.Encode())
	}
	request, err := http.NewRequestWithContext(f.t.Context(), a.method, f.url+"/account-resources"+a.path, body)
	require.NoError(f.t, err)
	request.Header.Set("X-Who", a.role)
	if body != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if a.inHeader {
		request.Header.Set("X-CSRF-Token", a.token)
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	require.NoError(f.t, err, a.String())
	if a.kind != "stream" {
		_, err = io.Copy(io.Discard, response.Body)
		require.NoError(f.t, err, a.String())
	}
	require.NoError(f.t, response.Body.Close())
	return response
}

// expected is the status that an attempt with a wrong token gets; a right one changes it for a POST of a global admin only.
func expected(a attempt, mounted []string) int {
	refused := map[string]map[string]int{
		"page": {"nobody": 302, "domain": 403}, "file": {"nobody": 302, "domain": 403},
		"data": {"nobody": 401, "domain": 403}, "stream": {"nobody": 401, "domain": 403},
	}[a.kind]
	switch {
	case !slices.Contains(mounted, a.method):
		return http.StatusMethodNotAllowed
	case refused[a.role] != 0:
		return refused[a.role]
	case a.method == http.MethodPost:
		return http.StatusForbidden
	}
	return http.StatusOK
}

// state is all that a request could have changed.
func (h *host) state() string {
	h.t.Helper()
	var all strings.Builder
	for _, table := range strings.Fields("account_resource_resource account_resource_link account_resource_removal account_resource_run" +
		" account_resource_log account_resource_task account_resource_mark mailbox alias forwardings deleted_mailboxes") {
		rows, err := h.db.Query("SELECT * FROM " + table)
		require.NoError(h.t, err)
		columns, err := rows.Columns()
		require.NoError(h.t, err)
		for rows.Next() {
			values := make([]any, len(columns))
			for i := range values {
				values[i] = new(any)
			}
			require.NoError(h.t, rows.Scan(values...))
			for _, value := range values {
				fmt.Fprintf(&all, "%v ", *value.(*any))
			}
		}
		require.NoError(h.t, rows.Err())
		require.NoError(h.t, rows.Close())
	}
	return all.String()
}

// Every route, by every method, for every role, with every kind of token.
func TestTheMatrixOfRoutes(t *testing.T) {
	f := newFollowed(t, 20)
	f.replicate()
	require.Equal(t, http.StatusSeeOther, f.post(f.base+"/signin", url.Values{"signin": {"directory"}}).status)
	mounted, rows, wrong := f.routes(), matrix(f), f.wrongTokens()
	for route := range mounted {
		assert.True(t, slices.ContainsFunc(rows, func(c cell) bool { return c.route == route }), "%s has no row in the matrix", route)
	}
	before, combinations := f.state(), 0
	try := func(a attempt, status int) {
		t.Helper()
		combinations++
		response := f.make(a)
		require.Equal(t, status, response.StatusCode, a.String())
		if a.kind == "file" && status == http.StatusOK {
			assert.Equal(t, "text/csv; charset=utf-8", response.Header.Get("Content-Type"), a.String())
		}
	}
	right := crafted(t, time.Now().Add(time.Hour))
	for _, c := range rows {
		for _, a := range attempts(c, append(slices.Collect(maps.Values(wrong)), right)) {
			if a.token == right && a.role == "global" && a.method == http.MethodPost && slices.Contains(mounted[c.route], a.method) {
				continue // below
			}
			try(a, expected(a, mounted[c.route]))
		}
	}
	require.Equal(t, before, f.state(), "what was refused has changed something")
	for _, c := range rows {
		if slices.Contains(mounted[c.route], http.MethodPost) && (c.form != nil || !slices.Contains(mounted[c.route], http.MethodGet)) {
			try(attempt{c, http.MethodPost, "global", right, false}, c.status)
			f.settle(c)
			try(attempt{c, http.MethodPost, "global", f.token(), true}, c.again)
			f.settle(c)
		}
	}
	assert.NotEqual(t, before, f.state())
	assert.NotContains(t, f.log.String(), "incident=")
	t.Logf("%d routes in %d rows, %d combinations", len(mounted), len(rows), combinations)
}

// settle waits for a run that a form has begun.
func (f *followed) settle(c cell) {
	f.t.Helper()
	if c.route != "/:id/delete" {
		f.idle()
	}
}
