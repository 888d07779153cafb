//go:build integration

package integration_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Somebody who is no admin signs in at the panel with the directory's password and sees their own mailbox, and no page of an admin. When two
// people swap their addresses, the session does not show the other one's mailbox.
func TestR27_MyAccountIsThePersonsOwn(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, store mailStore) {
		t.Parallel()
		who := newPeople(t)
		at := func(name string) string { return name + "@" + store.hosted() }
		dns := map[string]string{}
		for _, name := range []string{"anna", "bob"} {
			dns[name] = who.account(name+" "+unique(), personPassword)
			who.change(dns[name], attributes{"userPrincipalName": at(name), "displayName": "Name of " + name})
		}
		p := startPanel(t, store.settings(), personPassword)
		s := p.connected("samba", sambaConnection(who.directory, who.unit, store.hosted()))
		s.replicate()
		jar, err := cookiejar.New(nil)
		require.NoError(t, err)
		client := &http.Client{Jar: jar, Timeout: patience}
		ask := func(path string, form url.Values) (at string, status int, body string) {
			t.Helper()
			var response *http.Response
			var err error
			if form == nil {
				response, err = client.Get(p.url + path)
			} else {
				response, err = client.PostForm(p.url+path, form)
			}
			require.NoError(t, err)
			defer response.Body.Close()
			content, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			return response.Request.URL.Path, response.StatusCode, string(content)
		}
		login := func(name, password string) (string, int, string) {
			t.Helper()
			return ask("/login", url.Values{"username": {at(name)}, "password": {password}})
		}

		_, status, _ := login("anna", personPassword)
		assert.Equal(t, http.StatusUnauthorized, status, "sign-in is off")
		s.saved("signin", values{"signin": "directory"})
		path, status, body := login("anna", personPassword)
		require.Equal(t, http.StatusOK, status)
		assert.Equal(t, "/account", path)
		assert.Contains(t, body, at("anna"))
		assert.Contains(t, body, "Name of anna")
		assert.NotContains(t, body, at("bob"))
		for _, other := range []string{"/", "/users", "/users/" + at("anna"), prefix, prefix + "/1"} {
			path, _, body = ask(other, nil)
			assert.Equal(t, "/login", path, other)
			assert.NotContains(t, body, at("anna"))
		}

		_, status, _ = login("anna", "Wrong-Secret-1")
		assert.Equal(t, http.StatusUnauthorized, status)

		who.change(dns["anna"], attributes{"userPrincipalName": unique() + "@elsewhere.example"})
		who.change(dns["bob"], attributes{"userPrincipalName": at("anna")})
		who.change(dns["anna"], attributes{"userPrincipalName": at("bob")})
		s.replicate()
		require.Equal(t, "Name of bob", store.active()[at("anna")])
		path, _, body = ask("/account", nil)
		assert.Equal(t, "/login", path)
		assert.NotContains(t, body, "Name of bob")
		path, _, body = login("bob", personPassword)
		assert.Equal(t, "/account", path)
		assert.Contains(t, body, "Name of anna", "the mailbox has come along")
		path, _, _ = ask("/account/logout", url.Values{})
		assert.Equal(t, "/login", path)
		path, _, _ = ask("/account", nil)
		assert.Equal(t, "/login", path)
	})
}
