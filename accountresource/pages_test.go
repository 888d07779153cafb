package accountresource_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/directory/fakead"
)

// Every route is for global admins, and every form needs a token of ours.
func TestEveryRouteIsForGlobalAdmins(t *testing.T) {
	h := newHost(t)
	base := h.add()
	routes := map[string][]string{
		http.MethodGet: {"/account-resources/", base, base + "?tab=users", base + "/log", base + "/status", "/account-resources/domains?q=c"},
		http.MethodPost: {
			"/account-resources/", base + "/connection", base + "/replication", base + "/users", base + "/groups", base + "/test", base + "/propose", base + "/trust", base + "/preview",
			base + "/replicate", base + "/enable", base + "/disable", base + "/removals", base + "/delete",
		},
	}
	for method, paths := range routes {
		for _, path := range paths {
			h.as = "nobody"
			a := h.send(method, path, nil, "Accept", "application/json")
			assert.Equal(t, http.StatusUnauthorized, a.status, "%s %s", method, path)
			if a = h.send(method, path, nil); a.status != http.StatusUnauthorized { // routes that are JSON anyway
				assert.Equal(t, "302 /login", strconv.Itoa(a.status)+" "+a.header.Get("Location"), "%s %s", method, path)
			}
			h.as = "domain"
			assert.Equal(t, http.StatusForbidden, h.send(method, path, nil).status, "%s %s", method, path)
			h.as = "global"
			if method == http.MethodPost {
				for _, token := range []string{"", "x.y", "zzzzzz.AAAA"} {
					assert.Equal(t, http.StatusForbidden, h.send(method, path, url.Values{"_csrf": {token}}).status, path)
				}
				continue
			}
			assert.Equal(t, http.StatusOK, h.send(method, path, nil).status, "%s %s", method, path)
		}
	}
	assert.Equal(t, http.StatusOK, h.get(base).status, "nothing was deleted")
}

func TestAFormFromElsewhereIsRefused(t *testing.T) {
	h := newHost(t)
	page := h.get("/account-resources").body
	form := url.Values{"kind": {"samba"}, "_csrf": {tokenField.FindStringSubmatch(page)[1]}}
	assert.Equal(t, http.StatusForbidden, h.send(http.MethodPost, "/account-resources/", form, "Sec-Fetch-Site", "cross-site").status)
	assert.Equal(t, http.StatusSeeOther, h.send(http.MethodPost, "/account-resources/", form, "Sec-Fetch-Site", "same-origin").status)
}

func TestWhatDoesNotExistIsNotFound(t *testing.T) {
	h := newHost(t)
	for _, path := range []string{"/99", "/x", "/99/log", "/99/status", "/1/log?run=7"} {
		assert.Equal(t, http.StatusNotFound, h.get("/account-resources"+path).status, path)
	}
	assert.Equal(t, http.StatusBadRequest, h.post("/account-resources/", url.Values{"kind": {"openldap"}}).status)
}

func TestHTMLIsShownAndNotObeyed(t *testing.T) {
	h := newHost(t)
	base := h.add()
	const evil = `"><script>alert(1)</script>`
	a := h.post(base+"/connection", url.Values{
		"domain": {hosted}, "host": {evil}, "port": {evil}, "timeout": {"10"}, "base_dn": {evil}, "bind_dn": {evil},
		"bind_password": {"Secret-77"}, "ca_certificate": {"</textarea>" + evil},
	})
	assert.Equal(t, http.StatusUnprocessableEntity, a.status)
	assert.NotContains(t, a.body, "<script>alert")
	assert.Contains(t, a.body, "&lt;script&gt;alert(1)")
	assert.NotContains(t, a.body, "Secret-77")
	for _, query := range []string{"?tab=" + url.QueryEscape(evil), "/log?q=" + url.QueryEscape(evil), "?done=" + url.QueryEscape(evil)} {
		assert.NotContains(t, h.get(base+query).body, "<script>alert")
	}
}

func TestAnEmptyPasswordKeepsTheStoredOne(t *testing.T) {
	h := newHost(t)
	base := h.add()
	form := url.Values{
		"domain": {hosted}, "host": {"dc1.corp.example"}, "port": {"636"}, "timeout": {"10"}, "base_dn": {"DC=corp,DC=example"},
		"bind_dn": {"reader@corp.example"}, "bind_password": {"Secret-77"},
	}
	require.Equal(t, http.StatusSeeOther, h.post(base+"/connection", form).status)
	var sealed string
	require.NoError(t, h.db.QueryRow("SELECT bind_password FROM account_resource_resource").Scan(&sealed))
	require.NotEmpty(t, sealed)
	assert.NotContains(t, sealed, "Secret-77")
	form.Set("bind_password", "")
	form.Set("base_dn", "OU=Staff,DC=corp,DC=example")
	require.Equal(t, http.StatusSeeOther, h.post(base+"/connection", form).status)
	assert.Equal(t, http.StatusSeeOther, h.post(base+"/enable", nil).status, "the connection is complete still")
	for _, path := range []string{base, "/account-resources", base + "/log"} {
		assert.NotContains(t, h.get(path).body, "Secret-77")
	}
	assert.NotContains(t, h.log.String(), "Secret-77")
}

func TestR20_NothingRunsBeforeItIsCompleteAndEnabled(t *testing.T) {
	h := newHost(t)
	base := h.add()
	a := h.post(base+"/enable", nil)
	assert.Equal(t, http.StatusConflict, a.status)
	assert.Contains(t, a.body, "not complete")
	assert.Equal(t, http.StatusConflict, h.post(base+"/replicate", nil).status)
	assert.JSONEq(t, `{"running": false, "run": null, "problem": "", "waiting": null}`, h.get(base+"/status").body)
}

// The whole way on the fake directory, with nothing but Go.
func TestTheUsersOfTheFakeDirectoryBecomeMailboxes(t *testing.T) {
	h := newHost(t)
	ad, err := fakead.Start(fakead.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = ad.Close() })
	require.NoError(t, ad.Populate(50, 3))
	name, err := ad.Reader("reader", "Secret-77")
	require.NoError(t, err)
	base := h.add()
	form := url.Values{
		"domain": {hosted}, "host": {"127.0.0.1"}, "port": {strconv.Itoa(ad.Addr().Port)}, "tls": {"on"}, "timeout": {"10"},
		"base_dn": {ad.StaffOU()}, "bind_dn": {name}, "bind_password": {"Secret-77"}, "ca_certificate": {string(ad.CA())},
	}
	tested := h.post(base+"/test", form)
	require.Equal(t, http.StatusOK, tested.status, tested.body)
	assert.Contains(t, tested.body, "Connection succeeded")
	assert.Contains(t, tested.body, "anna.andersen@corp.example")
	require.Equal(t, http.StatusSeeOther, h.post(base+"/connection", form).status)
	require.Equal(t, http.StatusSeeOther, h.post(base+"/enable", nil).status)
	require.Equal(t, http.StatusSeeOther, h.post(base+"/replicate", nil).status)

	var status struct {
		Running bool `json:"running"`
		Run     struct {
			Outcome, Mode, Trigger string
			Created                int
		} `json:"run"`
	}
	require.Eventually(t, func() bool {
		return json.Unmarshal([]byte(h.get(base+"/status").body), &status) == nil && !status.Running
	}, time.Minute, 10*time.Millisecond)
	assert.Equal(t, "succeeded full manual", status.Run.Outcome+" "+status.Run.Mode+" "+status.Run.Trigger)
	assert.Equal(t, 50, status.Run.Created)
	var active int
	require.NoError(t, h.db.QueryRow("SELECT COUNT(*) FROM mailbox WHERE active = 1").Scan(&active))
	assert.Equal(t, 49, active, "one in fifty is disabled")
	assert.Contains(t, h.get(base+"/log?action=created&q=andersen").body, "anna.andersen@corp.example")
	assert.NotContains(t, h.log.String(), "Secret-77")

	require.Equal(t, http.StatusSeeOther, h.post(base+"/delete", nil).status)
	assert.Equal(t, http.StatusNotFound, h.get(base).status)
	require.NoError(t, h.db.QueryRow("SELECT COUNT(*) FROM mailbox").Scan(&active))
	assert.Equal(t, 50, active, "the mailboxes stay")
}
