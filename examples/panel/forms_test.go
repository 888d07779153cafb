package main

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"net/url"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// gzipBomb returns a form of size bytes, compressed to about a thousandth of that.
func gzipBomb(t *testing.T, size int) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write([]byte("username="))
	require.NoError(t, err)
	zeros := make([]byte, 1<<20)
	for range size / len(zeros) {
		_, err := w.Write(zeros)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.String()
}

func TestCompressedFormIsRefusedUnread(t *testing.T) {
	p := newTestPanel(t)
	bomb := gzipBomb(t, 64<<20)
	signedIn := p.newBrowser(t, true)
	for _, b := range []*browser{p.newBrowser(t, false), signedIn} {
		for _, path := range []string{"/login", "/language", "/domains", "/admins", "/logout", "/account-resources/", "/nowhere"} {
			for _, contentType := range []string{"application/x-www-form-urlencoded", "multipart/form-data; boundary=x"} {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				a := b.send(http.MethodPost, path, bomb, "Content-Encoding", "gzip", "Content-Type", contentType)
				runtime.ReadMemStats(&after)
				assert.Equal(t, http.StatusUnsupportedMediaType, a.status, "%s %s", path, contentType)
				assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(16<<20), "%s %s: bytes allocated", path, contentType)
			}
		}
	}
	assert.True(t, signedIn.signedIn(), "the session goes on")
}

func TestEveryContentEncodingIsRefused(t *testing.T) {
	p := newTestPanel(t)
	form := url.Values{"username": {testAdmin}, "password": {testPassword}}.Encode()
	for _, headers := range [][]string{
		{"Content-Encoding", "gzip"}, {"Content-Encoding", "br"}, {"Content-Encoding", "deflate"}, {"Content-Encoding", "zstd"},
		{"Content-Encoding", "identity"}, {"Content-Encoding", "GZIP"}, {"content-encoding", "gzip, gzip"},
		{"Content-Encoding", "", "Content-Encoding", "gzip"}, {"Content-Encoding", "identity", "Content-Encoding", "br"},
	} {
		a := p.newBrowser(t, false).send(http.MethodPost, "/login", form, headers...)
		assert.Equal(t, http.StatusUnsupportedMediaType, a.status, "%q", headers)
	}
}

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	p := newTestPanel(t)
	for _, test := range []struct {
		headers []string
		allowed bool
	}{
		{nil, true}, // a program, or a browser that says neither
		{[]string{"Origin", "http://panel.example"}, true},
		{[]string{"Origin", "https://panel.example"}, true}, // behind a proxy that ends TLS
		{[]string{"Sec-Fetch-Site", "same-origin"}, true},
		{[]string{"Sec-Fetch-Site", "none"}, true},
		{[]string{"Origin", "http://panel.example", "Sec-Fetch-Site", "same-origin"}, true},
		{[]string{"Origin", "http://evil.example"}, false},
		{[]string{"Origin", "http://panel.example.evil.example"}, false},
		{[]string{"Origin", "http://panel.example:81"}, false},
		{[]string{"Origin", "null"}, false},
		{[]string{"Sec-Fetch-Site", "cross-site"}, false},
		{[]string{"Sec-Fetch-Site", "same-site"}, false},
		{[]string{"Sec-Fetch-Site", "Cross-Site"}, false},
		{[]string{"Origin", "http://panel.example", "Sec-Fetch-Site", "cross-site"}, false},
	} {
		b := p.newBrowser(t, true)
		status := b.post("/logout", nil, test.headers...).status
		if test.allowed {
			assert.Equal(t, http.StatusSeeOther, status, "%q", test.headers)
		} else {
			assert.Equal(t, http.StatusForbidden, status, "%q", test.headers)
			assert.True(t, b.signedIn(), "%q: still signed in", test.headers)
		}
	}
}

func TestParametersThatAreNoText(t *testing.T) {
	p := newTestPanel(t)
	b := p.newBrowser(t, true)
	bad := []string{"%00", "a%00b", "%ff", "%C3%28", "%ED%A0%80", "%F8%88%80%80%80"}
	var paths []string
	for _, list := range []string{"/users", "/aliases", "/domains"} {
		for _, text := range bad {
			paths = append(paths, list+"?q="+text, list+"?page="+text, list+"?page=1&q="+text)
		}
		for _, page := range []string{
			"9223372036854775807", "99999999999999999999999", "184467440737095518", "-9223372036854775808", "1000000000000", "abc", "0x10",
			"1e3", "-1", "0", "1%20", "٣",
		} {
			paths = append(paths, list+"?page="+url.QueryEscape(page))
		}
	}
	for _, text := range append(bad, "%", "%zz", "%2", "a%2Fb", "nobody@corp.example") {
		paths = append(paths, "/users/"+text, "/aliases/"+text)
	}
	for _, path := range paths {
		request := browser{t: t, panel: p, cookie: b.cookie}
		status := request.rawGet(path)
		assert.True(t, status >= 400 && status < 500, "GET %s: %d", path, status)
	}
	for _, path := range []string{"/users", "/users?page=", "/users?page=2", "/users?q=%C3%A9&page=1", "/domains?q=100%25"} {
		assert.Equal(t, http.StatusOK, b.get(path).status, path)
	}
	for _, text := range []string{"a\x00b", "\xff", string(bytes.Repeat([]byte("a"), 300))} {
		for path, fields := range map[string][]string{
			"/domains": {"domain"}, "/admins": {"username", "domain", "language"}, "/language": {"language", "back"}, "/login": {"username"},
		} {
			for _, field := range fields {
				form := url.Values{"username": {"new"}, "password": {"long enough"}, "language": {"de"}}
				form.Set(field, text)
				if path == "/language" && field == "back" {
					continue // a place that is not followed: see TestWayBack
				}
				status := b.post(path, form).status
				assert.True(t, status >= 400 && status < 500, "POST %s, %s=%q: %d", path, field, text, status)
			}
		}
	}
}

// rawGet sends a path as it is written, even one that net/url refuses.
func (b *browser) rawGet(path string) int {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, "http://panel.example/", nil)
	require.NoError(b.t, err)
	request.URL.Opaque = path
	request.AddCookie(&http.Cookie{Name: sessionCookie, Value: b.cookie})
	response, err := b.panel.app.Test(request, -1)
	require.NoError(b.t, err)
	require.NoError(b.t, response.Body.Close())
	return response.StatusCode
}
