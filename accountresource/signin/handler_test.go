package signin_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/signin"
)

func TestR27_TheMailServerAsks(t *testing.T) {
	w := newWorld()
	server := httptest.NewServer(w.service(t).Handler("current-token", "older-token"))
	defer server.Close()
	ask := func(method, path, token, contentType, body string) (status int, header http.Header, text string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, strings.NewReader(body))
		require.NoError(t, err)
		request.Header.Set("Content-Type", contentType)
		if token != "" {
			request.Header.Set("Authorization", token)
		}
		response, err := server.Client().Do(request)
		require.NoError(t, err)
		defer response.Body.Close()
		content, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return response.StatusCode, response.Header, string(content)
	}
	const form, bearer = "application/x-www-form-urlencoded", "Bearer current-token"
	who := func(user, password string) string {
		return url.Values{"user": {user}, "password": {password}, "service": {"imap"}, "rip": {"192.0.2.7"}}.Encode()
	}
	right := who("anna@example.com", "Right-1")
	for name, c := range map[string]struct {
		method, path, token, contentType, body string
		status                                 int
		verdict                                signin.Verdict // empty: none
	}{
		"right":            {http.MethodPost, signin.Path, bearer, form, right, 200, signin.OK},
		"capitals":         {http.MethodPost, signin.Path, "bearer current-token", form, who("Anna@Example.com", "Right-1"), 200, signin.OK},
		"an older token":   {http.MethodPost, signin.Path, "Bearer older-token", form, right, 200, signin.OK},
		"wrong":            {http.MethodPost, signin.Path, bearer, form, who("anna@example.com", "Wrong-1"), 401, signin.Wrong},
		"empty":            {http.MethodPost, signin.Path, bearer, form, who("anna@example.com", ""), 401, signin.Wrong},
		"nobody":           {http.MethodPost, signin.Path, bearer, form, who("nobody@example.com", "Right-1"), 404, signin.NotDirectory},
		"no token":         {http.MethodPost, signin.Path, "", form, right, 401, ""},
		"another token":    {http.MethodPost, signin.Path, "Bearer current-toke", form, right, 401, ""},
		"another scheme":   {http.MethodPost, signin.Path, "Basic current-token", form, right, 401, ""},
		"GET":              {http.MethodGet, signin.Path + "?" + right, bearer, form, "", 405, ""},
		"in the query":     {http.MethodPost, signin.Path + "?" + right, bearer, form, "", 400, ""},
		"another path":     {http.MethodPost, "/", bearer, form, right, 400, ""},
		"JSON":             {http.MethodPost, signin.Path, bearer, "application/json", `{"user":"anna@example.com","password":"Right-1"}`, 400, ""},
		"4 KiB":            {http.MethodPost, signin.Path, bearer, form, who("anna@example.com", strings.Repeat("x", 4096)), 400, ""},
		"a long password":  {http.MethodPost, signin.Path, bearer, form, who("anna@example.com", strings.Repeat("x", 300)), 401, signin.Wrong},
		"broken escapes":   {http.MethodPost, signin.Path, bearer, form, "user=anna%40example.com&password=%zz", 400, ""},
		"without password": {http.MethodPost, signin.Path, bearer, form, "user=anna%40example.com", 400, ""},
	} {
		t.Run(name, func(t *testing.T) {
			status, header, text := ask(c.method, c.path, c.token, c.contentType, c.body)
			assert.Equal(t, c.status, status, text)
			assert.Equal(t, "no-store", header.Get("Cache-Control"))
			if c.verdict != "" {
				assert.Equal(t, string(c.verdict), text)
				return
			}
			for _, verdict := range signin.Verdicts() {
				assert.NotEqual(t, string(verdict), text, "it is taken for an answer")
			}
		})
	}
	for verdict, data := range map[signin.Verdict]string{signin.Disabled: "533", signin.Expired: "773"} {
		w.data = data
		another := httptest.NewServer(w.service(t).Handler("current-token")) // one that has not heard a yes a moment ago
		server.URL = another.URL
		status, _, text := ask(http.MethodPost, signin.Path, bearer, form, who("anna@example.com", "Right-1"))
		another.Close()
		assert.Equal(t, string(verdict), text)
		assert.Equal(t, map[signin.Verdict]int{signin.Disabled: 403, signin.Expired: 410}[verdict], status)
	}
	for _, secret := range []string{"Right-1", "Wrong-1", "current-token", "older-token"} {
		assert.NotContains(t, w.log.String(), secret)
	}
}
