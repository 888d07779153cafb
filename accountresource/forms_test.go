package accountresource_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/directory/fakead"
)

var (
	keptField   = regexp.MustCompile(`name="bind_password_kept" value="([^"]*)"`)
	trustButton = regexp.MustCompile(`name="trust" value="([^"]+)"`)
	useButton   = regexp.MustCompile(`name="use" value="([^"]+)"`)
)

// found is what stands in a page where the pattern says.
func found(t *testing.T, pattern *regexp.Regexp, a answer) string {
	t.Helper()
	match := pattern.FindStringSubmatch(a.body)
	require.NotNil(t, match, "%s in %s", pattern, a.body)
	return html.UnescapeString(match[1])
}

// An admin who knows an address and an account alone is led to a resource that runs, and types the password once.
func TestTheShortestWayWithoutScript(t *testing.T) {
	h := newHost(t)
	ad, err := fakead.Start(fakead.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = ad.Close() })
	require.NoError(t, ad.Populate(20, 1))
	name, err := ad.Reader("reader", "Secret-77")
	require.NoError(t, err)
	base := h.add()
	assert.Contains(t, h.get(base).body, `value="`+hosted+`"`, "there is one domain, so there is no choice")
	form := url.Values{
		"domain": {hosted}, "host": {"127.0.0.1"}, "port": {strconv.Itoa(ad.Addr().Port)}, "tls": {"on"}, "timeout": {"10"},
		"base_dn": {""}, "bind_dn": {name}, "bind_password": {"Secret-77"}, "ca_certificate": {""},
	}
	again := func(a answer) {
		t.Helper()
		assert.NotContains(t, a.body, "Secret-77")
		form.Set("bind_password", "")
		form.Set("bind_password_kept", found(t, keptField, a))
	}

	a := h.post(base+"/test", form)
	require.Equal(t, http.StatusUnprocessableEntity, a.status)
	assert.Contains(t, a.body, "corp.example CA")
	assert.Regexp(t, `([0-9A-F]{2}:){31}[0-9A-F]{2}`, a.body)
	again(a)

	form.Set("trust", found(t, trustButton, a))
	a = h.post(base+"/trust", form)
	require.Equal(t, http.StatusUnprocessableEntity, a.status)
	assert.Contains(t, html.UnescapeString(a.body), ">\n"+form.Get("trust")+"</textarea>", "it stands in the field")
	assert.Equal(t, ad.BaseDN(), found(t, useButton, a))
	again(a)
	form.Set("ca_certificate", form.Get("trust"))
	form.Del("trust")

	form.Set("use", ad.BaseDN())
	a = h.post(base+"/propose", form)
	require.Equal(t, http.StatusOK, a.status, a.body)
	assert.Contains(t, a.body, "Connection succeeded")
	assert.Contains(t, a.body, "Save, enable and replicate")
	assert.Zero(t, saved(h, "bind_password"), "nothing has been saved")
	again(a)
	form.Set("base_dn", form.Get("use"))
	form.Del("use")

	elsewhere := url.Values{}
	for name, values := range form {
		elsewhere[name] = values
	}
	elsewhere.Set("host", "127.0.0.2")
	assert.Contains(t, h.post(base+"/connection", elsewhere).body, "cannot be restored any more", "it is kept for this server only")

	form.Set("then", "replicate")
	a = h.post(base+"/connection", form)
	require.Equal(t, http.StatusSeeOther, a.status, a.body)
	assert.Contains(t, a.header.Get("Location"), base+"/log?run=")
	assert.NotContains(t, h.log.String(), "Secret-77")
}

// saved is the length of what the module's table holds in a column.
func saved(h *host, column string) (n int) {
	require.NoError(h.t, h.db.QueryRow("SELECT LENGTH("+column+") FROM account_resource_resource").Scan(&n))
	return n
}

func TestTheBaseDNIsProposedOnItsOwn(t *testing.T) {
	h := newHost(t)
	ad, err := fakead.Start(fakead.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = ad.Close() })
	base := h.add()
	form := url.Values{
		"host": {"127.0.0.1"}, "port": {strconv.Itoa(ad.Addr().Port)}, "tls": {"on"}, "timeout": {"10"}, "base_dn": {""},
		"ca_certificate": {string(ad.CA())},
	}
	a := h.post(base+"/propose", form)
	require.Equal(t, http.StatusOK, a.status, a.body)
	assert.Contains(t, a.body, `name="base_dn" type="text" autocomplete="off" autocapitalize="off" spellcheck="false" dir="ltr" value="`+ad.BaseDN())

	form.Set("base_dn", "OU=Mine,"+ad.BaseDN())
	a = h.post(base+"/propose", form)
	assert.Contains(t, a.body, `value="OU=Mine,`+ad.BaseDN(), "what was typed is not overwritten")
	assert.Equal(t, ad.BaseDN(), found(t, useButton, a))

	name, err := ad.Reader("reader", "Secret-77")
	require.NoError(t, err)
	form.Set("domain", hosted)
	form.Set("bind_dn", name)
	form.Set("bind_password", "Secret-77")
	form.Set("base_dn", "OU=Missing,"+ad.BaseDN())
	assert.Equal(t, ad.BaseDN(), found(t, useButton, h.post(base+"/test", form)), "a base DN that is wrong")

	form.Set("host", "")
	assert.Contains(t, h.post(base+"/propose", form).body, "This field is needed.")
	form.Set("host", "127.0.0.1")
	form.Set("ca_certificate", "")
	assert.Contains(t, h.post(base+"/propose", form).body, "is not trusted yet")
}

// link puts links into the module's table as a run leaves them.
func (h *host) link(n int, origin string) {
	h.t.Helper()
	for i := range n {
		_, err := h.db.Exec("INSERT INTO account_resource_link (resource_id, source_id, address, domain, kind, origin, state, dn, home,"+
			" disabled, intent, kept, changed) VALUES (1, ?, ?, ?, 'mailbox', ?, 'confirmed', ?, '', 0, '', '', 1750000000000)",
			origin+strconv.Itoa(i), origin+strconv.Itoa(i)+"@"+hosted, hosted, origin, "CN="+origin+strconv.Itoa(i))
		require.NoError(h.t, err)
	}
}

// What a removal will do is said in numbers before it is saved.
func TestTheReplicationTabSaysWhatDeletionWillDo(t *testing.T) {
	h := newHost(t)
	base := h.add()
	h.link(400, "created")
	h.link(80, "linked")
	page := regexp.MustCompile(`</?(b|bdi)[^>]*>`).ReplaceAllString(h.get(base+"?tab=replication").body, "")
	assert.Contains(t, page, "480 accounts are linked now.")
	assert.Contains(t, page, "(400) are deleted, those that were here before (80) are only disabled")
	assert.Contains(t, page, "More than 20 at once, or more than 48 (10 % of 480")
	assert.Contains(t, page, "None waits now.")
}

// The first load of a page is small.
func TestPagesAreLight(t *testing.T) {
	h := newHost(t)
	base := h.add()
	loaded := regexp.MustCompile(`(?:href|src)="(/account-resources/assets/[^"]+)"`)
	for _, path := range []string{"/account-resources", base, base + "?tab=replication", base + "?tab=users", base + "?tab=groups", base + "/log"} {
		page := h.get(path).body
		size := len(page)
		files := loaded.FindAllStringSubmatch(page, -1)
		require.NotEmpty(t, files)
		for _, file := range files {
			size += len(h.get(file[1]).body)
		}
		assert.Less(t, size, 60_000, path)
		t.Logf("%s: %d bytes", strings.TrimPrefix(path, "/account-resources"), size)
	}
}
