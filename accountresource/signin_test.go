package accountresource_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/directory/fakead"
	"github.com/mailpanel/account-resource/accountresource/signin"
)

const personPassword = "Person-Secret-1"

// signingIn is a panel with accounts of people who have passwords in the directory. The sixth person has none here.
func signingIn(t *testing.T) *followed {
	t.Helper()
	f := newFollowed(t, 6)
	for n := range 6 {
		require.NoError(t, f.ad.Modify(f.ad.People()[n], fakead.Attributes{
			"userPrincipalName": {fmt.Sprintf("person%d@%s", n, hosted)}, "password": {personPassword},
		}))
	}
	f.replicate()
	return f
}

// verdict is what a password comes to.
func (f *followed) verdict(address, password string) signin.Verdict {
	f.t.Helper()
	result, err := f.module.Authenticate(f.t.Context(), address, password)
	require.NoError(f.t, err)
	return result.Verdict
}

func TestR27_NobodySignsInUntilAnAdminSavesTheTab(t *testing.T) {
	f := signingIn(t)
	const anna = "person0@" + hosted
	assert.Equal(t, signin.NotDirectory, f.verdict(anna, personPassword))
	page := f.get(f.base + "?tab=signin").body
	assert.Contains(t, page, `<option value="off" selected>`)
	assert.NotContains(t, page, "Try one person")

	save := func(form url.Values) answer { return f.post(f.base+"/signin", form) }
	for field, value := range map[string]string{"signin": "perhaps", "signin_grace": "2h"} {
		form := url.Values{"signin": {"directory"}, "signin_grace": {"24h"}}
		form.Set(field, value)
		assert.Equal(t, http.StatusUnprocessableEntity, save(form).status, field)
	}
	require.Equal(t, http.StatusSeeOther, save(url.Values{"signin": {"directory"}, "signin_grace": {"1h"}}).status)
	assert.Contains(t, f.get(f.base+"?tab=signin").body, `<option value="1h" selected>`)
	result, err := f.module.Authenticate(t.Context(), "Person0@Corp.Example", personPassword)
	require.NoError(t, err)
	source, found, err := f.module.Source(t.Context(), anna)
	require.NoError(t, err)
	require.True(t, found)
	assert.Regexp(t, `^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`, source.ID)
	assert.Equal(t, signin.Result{Verdict: signin.OK, Address: anna, Resource: 1, Source: account.SourceID(source.ID)}, result)
	assert.True(t, result.In())

	// The resource's schedule has nothing to do with it; switching it off has.
	require.Equal(t, http.StatusSeeOther, f.post(f.base+"/disable", nil).status)
	assert.Equal(t, signin.OK, f.verdict("person1@"+hosted, personPassword))
	require.Equal(t, http.StatusSeeOther, save(url.Values{"signin": {"off"}}).status)
	assert.Equal(t, signin.NotDirectory, f.verdict(anna, personPassword))
	var kept int
	require.NoError(t, f.db.QueryRow("SELECT COUNT(*) FROM account_resource_verifier").Scan(&kept))
	assert.Zero(t, kept, "nothing of a password stays")
}

func TestR27_WhatAPersonsPasswordComesTo(t *testing.T) {
	f := signingIn(t)
	require.Equal(t, http.StatusSeeOther, f.post(f.base+"/signin", url.Values{"signin": {"directory"}}).status)
	person := func(n int) string { return fmt.Sprintf("person%d@%s", n, hosted) }
	require.NoError(t, f.ad.Modify(f.ad.People()[1], fakead.Attributes{"userAccountControl": {"66050"}}))
	require.NoError(t, f.ad.Modify(f.ad.People()[2], fakead.Attributes{"pwdLastSet": {"0"}}))
	require.NoError(t, f.ad.Modify(f.ad.People()[3], fakead.Attributes{"lockoutTime": {"133700000000000000"}}))
	_, err := f.db.Exec("UPDATE mailbox SET active = 0 WHERE username = ?", person(4))
	require.NoError(t, err)
	_, err = f.db.Exec("INSERT INTO mailbox (username, password, domain, active) VALUES (?, '', ?, 1)", "local@"+hosted, hosted)
	require.NoError(t, err)
	for _, c := range []struct {
		address, password string
		want              signin.Verdict
	}{
		{person(0), "Wrong-Secret-1", signin.Wrong}, {person(0), "", signin.Wrong}, {person(0), "a\x00b", signin.Wrong},
		{person(0), personPassword, signin.OK}, {person(1), personPassword, signin.Disabled}, {person(2), personPassword, signin.Expired},
		{person(3), personPassword, signin.Locked}, {person(4), personPassword, signin.Disabled},
		{"local@" + hosted, personPassword, signin.NotDirectory}, {"nobody@" + hosted, personPassword, signin.NotDirectory},
		{"engineering@" + hosted, personPassword, signin.NotDirectory}, {"person0", personPassword, signin.NotDirectory},
	} {
		assert.Equal(t, c.want, f.verdict(c.address, c.password), "%s %q", c.address, c.password)
	}
	assert.NotContains(t, f.log.String(), personPassword)
	assert.NotContains(t, f.log.String(), "Wrong-Secret-1")

	// The password goes with the person to another address at once, and from the old one.
	require.NoError(t, f.ad.Modify(f.ad.People()[0], fakead.Attributes{"userPrincipalName": {"renamed@" + hosted}}))
	f.replicate()
	assert.Equal(t, signin.OK, f.verdict("renamed@"+hosted, personPassword))
	assert.Equal(t, signin.NotDirectory, f.verdict(person(0), personPassword))
}

func TestR27_AnOutageIsBridgedAndANoEndsThat(t *testing.T) {
	f := signingIn(t)
	require.Equal(t, http.StatusSeeOther, f.post(f.base+"/signin", url.Values{"signin": {"directory"}, "signin_grace": {"24h"}}).status)
	anna, off := "person0@"+hosted, "person1@"+hosted
	require.Equal(t, signin.OK, f.verdict(anna, personPassword))
	require.Equal(t, signin.OK, f.verdict(off, personPassword))
	require.NoError(t, f.ad.Modify(f.ad.People()[1], fakead.Attributes{"userAccountControl": {"66050"}}))
	f.replicate()
	require.NoError(t, f.ad.Close())

	second := newHostBeside(t, f.host) // another process of the panel, which has heard nothing itself
	verdict := func(address, password string) signin.Verdict {
		result, err := second.module.Authenticate(t.Context(), address, password)
		require.NoError(t, err)
		return result.Verdict
	}
	assert.Equal(t, signin.Offline, verdict(anna, personPassword))
	assert.Equal(t, signin.Unavailable, verdict(anna, "Wrong-Secret-1"), "it may be a new one")
	assert.Equal(t, signin.Unavailable, verdict(off, personPassword), "a run has switched the account off")
	assert.Equal(t, signin.Unavailable, verdict("person2@"+hosted, personPassword), "it was never seen")
	var salt, digest string
	require.NoError(t, f.db.QueryRow("SELECT salt, digest FROM account_resource_verifier").Scan(&salt, &digest), "one only")
	assert.NotContains(t, salt+digest, personPassword)
}

func TestTheSignInTabShowsHowItIsDoing(t *testing.T) {
	f := signingIn(t)
	require.Equal(t, http.StatusSeeOther, f.post(f.base+"/signin", url.Values{"signin": {"directory"}}).status)
	page := func() string { return f.get(f.base + "?tab=signin").body }
	assert.Contains(t, page(), "Dovecot has never asked this panel yet.")
	assert.Contains(t, page(), "The domain locks no account.")
	assert.NotContains(t, page(), "Mailboxes that were here before")
	_, err := f.db.Exec("UPDATE account_resource_link SET origin = 'linked' WHERE address = ?", "person5@"+hosted)
	require.NoError(t, err)
	assert.Contains(t, page(), "Mailboxes that were here before they were linked: 1.")

	try := func(address, password string) string {
		a := f.post(f.base+"/signin/try", url.Values{"try_address": {address}, "try_password": {password}})
		require.Equal(t, http.StatusOK, a.status, f.log)
		assert.NotContains(t, a.body, password)
		found := regexp.MustCompile(`data-verdict="([a-z_]+)"`).FindStringSubmatch(a.body)
		require.NotNil(t, found)
		return found[1]
	}
	assert.Equal(t, "ok", try("person0@"+hosted, personPassword))
	assert.Equal(t, "wrong", try("person0@"+hosted, "Wrong-Secret-1"))
	assert.Equal(t, "not_directory", try("nobody@"+hosted, personPassword))
	assert.Equal(t, http.StatusUnprocessableEntity, f.post(f.base+"/signin/try", url.Values{"try_address": {"x"}}).status)

	lua := f.get(f.base + "/signin/files/account-resource-sign-in.lua?dovecot=2.3&store=pgsql")
	assert.Equal(t, "text/plain; charset=utf-8", lua.header.Get("Content-Type"))
	assert.Contains(t, lua.header.Get("Content-Disposition"), "attachment")
	assert.Contains(t, lua.body, signInURL)
	token := regexp.MustCompile(`TOKEN = "([A-Za-z0-9_-]{43})"`).FindStringSubmatch(lua.body)
	require.NotNil(t, token)
	assert.Contains(t, f.get(f.base+"/signin/files/account-resource.conf?store=pgsql").body, "/etc/dovecot/dovecot-pgsql.conf")
	assert.Equal(t, http.StatusNotFound, f.get(f.base+"/signin/files/passwd").status)

	server := httptest.NewServer(f.module.SignInHandler())
	defer server.Close()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+signin.Path,
		strings.NewReader(url.Values{"user": {"person3@" + hosted}, "password": {personPassword}}.Encode()))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Authorization", "Bearer "+token[1])
	response, err := server.Client().Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.Equal(t, http.StatusOK, response.StatusCode)
	assert.NotContains(t, page(), "Dovecot has never asked")
	assert.Contains(t, page(), "The directory accepts the password.")

	// Passwords of people are sent under TLS only.
	plain := url.Values{}
	for name, values := range f.form {
		plain[name] = values
	}
	plain.Del("tls")
	a := f.post(f.base+"/connection", plain)
	assert.Equal(t, http.StatusUnprocessableEntity, a.status)
	assert.Contains(t, a.body, "Switch Sign-in off first.")
	require.Equal(t, http.StatusSeeOther, f.post(f.base+"/signin", url.Values{"signin": {"off"}}).status)
	require.Equal(t, http.StatusSeeOther, f.post(f.base+"/connection", plain).status)
	a = f.post(f.base+"/signin", url.Values{"signin": {"directory"}})
	assert.Equal(t, http.StatusUnprocessableEntity, a.status)
	assert.Contains(t, a.body, "The passwords of people are only sent under TLS.")
}
