package accountresource_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/directory/fakead"
)

func TestALogIsAFile(t *testing.T) {
	f := newFollowed(t, 60)
	odd := f.ad.People()[7]
	require.NoError(t, f.ad.Modify(odd, fakead.Attributes{"displayName": {`=HYPERLINK("http://x"),` + "\nline"}}))
	f.replicate()
	require.NoError(t, f.ad.Modify(odd, fakead.Attributes{"displayName": {"=1+1"}, "userPrincipalName": {"@left"}}))
	f.replicate()

	rows := f.table(f.get(f.base + "/log?run=1&format=csv"))
	require.Len(t, rows, 61)
	assert.Equal(t, []string{"Time", "Run", "Action", "Account", "Kind", "In the directory", "Changes", "Reason", "Source ID", "Detail"}, rows[0])
	rows = f.table(f.get(f.base + "/log?run=1&action=created&q=anna.andersen@&format=csv"))
	require.Len(t, rows, 2)
	assert.Equal(t, []string{"1", "created", "anna.andersen@corp.example", "mailbox"}, rows[1][1:5])
	rows = f.table(f.get(f.base + "/log?run=2&format=csv"))
	require.Len(t, rows, 3, "the name has followed, and the address cannot")
	for _, row := range rows {
		for _, cell := range row {
			assert.NotRegexp(t, `^[=+@\t-]`, cell, "a spreadsheet takes it for a formula")
		}
	}
	assert.Len(t, f.table(f.get(f.base+"/log?run=1&q=nobody+at+all&format=csv")), 1, "a header at least")
	assert.Len(t, f.table(f.get(f.base+"/log?run=1&from=2001-01-01&to=2001-01-02&format=csv")), 1)
	today := time.Now().Format(time.DateOnly)
	assert.Len(t, f.table(f.get(f.base+"/log?run=1&from="+today+"&to="+today+"&format=csv")), 61)
	assert.Equal(t, http.StatusNotFound, f.get(f.base+"/log?run=99&format=csv").status)
}

func TestAnAccountHasAStory(t *testing.T) {
	f := newFollowed(t, 20)
	f.replicate()
	person := f.ad.People()[0]
	require.NoError(t, f.ad.Modify(person, fakead.Attributes{"userPrincipalName": {"new.name@corp.example"}}))
	f.replicate()
	require.NoError(t, f.ad.Modify(person, fakead.Attributes{"displayName": {"New Name"}}))
	f.replicate()
	link := regexp.MustCompile(`href="([^"]*log\?account=[^"]+)"`)
	found := link.FindStringSubmatch(f.get(f.base + "/log?run=3").body)
	require.NotNil(t, found, "each address leads to the story of its account")
	for _, path := range []string{found[1], f.base + "/log?account=New.Name%40corp.example"} {
		page := f.get(path)
		require.Equal(t, http.StatusOK, page.status)
		at := func(text string) int { return strings.Index(page.body, text) }
		assert.True(t, 0 < at("New Name") && at("New Name") < at("ar-a-renamed") && at("ar-a-renamed") < at("ar-a-created"), "newest first")
		assert.Contains(t, page.body, f.base+"/log?run=2")
		assert.Len(t, f.table(f.get(path+"&format=csv")), 4)
	}
	assert.Contains(t, f.get(f.base+"/log?account=nobody%40corp.example").body, "Nothing has happened to this account")
	evil := f.get(f.base + "/log?account=" + url.QueryEscape(`"><script>alert(1)</script>`) + "&q=" + url.QueryEscape(`"><script>`))
	assert.Equal(t, http.StatusOK, evil.status)
	assert.NotContains(t, evil.body, "<script>")
}

func TestALongLogHasPages(t *testing.T) {
	f := newFollowed(t, 120)
	f.replicate()
	next := regexp.MustCompile(`rel="next" href="([^"]+)"`)
	page := f.get(f.base + "/log?run=1")
	assert.Contains(t, page.body, "120 rows")
	assert.Contains(t, page.body, "Page 1 of 3")
	found := next.FindStringSubmatch(page.body)
	require.NotNil(t, found)
	page = f.get(strings.ReplaceAll(found[1], "&amp;", "&"))
	assert.Contains(t, page.body, "Page 2 of 3")
	found = next.FindStringSubmatch(page.body)
	require.NotNil(t, found)
	page = f.get(strings.ReplaceAll(found[1], "&amp;", "&"))
	assert.Contains(t, page.body, "Page 3 of 3")
	assert.Nil(t, next.FindStringSubmatch(page.body))
	byNumber := f.get(f.base + "/log?run=1&page=3").body
	last := regexp.MustCompile(`(?s)<table class="ar-log">.*</table>`)
	assert.Equal(t, last.FindString(page.body), last.FindString(byNumber), "a page by its number is the same")
	for _, query := range []string{"?page=99999", "?after=x&before=-1", "?from=soon&to=never", "?older=1", "?older=x", "?run=1&page=-4"} {
		assert.Equal(t, http.StatusOK, f.get(f.base+"/log"+query).status, query)
	}
}

// What a network or a server says goes to the log of the panel; the pages have a sentence.
func TestAFailedRunShowsASentenceOnly(t *testing.T) {
	f := newFollowed(t, 3)
	f.replicate()
	require.NoError(t, f.ad.Close())
	f.replicate()
	assert.Contains(t, f.log.String(), "connection refused")
	for _, path := range []string{"/status", "/log", "/log?format=csv", ""} {
		page := f.get(f.base + path)
		require.Equal(t, http.StatusOK, page.status, path)
		for _, raw := range []string{"dial tcp", "connection refused", "LDAP Result", "127.0.0.1:"} {
			assert.NotContains(t, page.body, raw, path)
		}
	}
	assert.Contains(t, f.get(f.base+"/status").body, `refuses connections on port`)
}

// A search looks at 100,000 rows, says so, and goes on from there.
func TestALongSearchGoesOn(t *testing.T) {
	f := newFollowed(t, 63)
	f.replicate()
	for range 11 { // 129,024 rows
		_, err := f.db.Exec("INSERT INTO account_resource_log (run_id, at, action, kind, source_id, dn, address, diff, reason, detail)" +
			" SELECT run_id, at, action, kind, source_id, dn, address, diff, reason, detail FROM account_resource_log")
		require.NoError(t, err)
	}
	_, err := f.db.Exec("UPDATE account_resource_log SET detail = 'a needle' WHERE id = (SELECT MAX(id) FROM account_resource_log)")
	require.NoError(t, err)
	on := regexp.MustCompile(`href="([^"]+)">Continue searching`)
	page := f.get(f.base + "/log?run=1&q=needle")
	assert.Contains(t, page.body, "Searched 100,000 rows so far")
	found := on.FindStringSubmatch(page.body)
	require.NotNil(t, found)
	page = f.get(strings.ReplaceAll(found[1], "&amp;", "&"))
	assert.Contains(t, page.body, "a needle")
	assert.Nil(t, on.FindStringSubmatch(page.body))
	assert.Len(t, f.table(f.get(f.base+"/log?run=1&q=needle&format=csv")), 2, "a file is searched to the end")
	many := f.get(f.base + "/log?run=1&q=corp.example").body
	assert.Contains(t, many, "More than 1,000 rows")
	assert.Equal(t, http.StatusOK, f.get(f.base+"/log?run=1&page=9223372036854775807").status)
}

func TestAPreviewIsFilteredAndAFile(t *testing.T) {
	f := newFollowed(t, 60)
	form := url.Values{"user_filter": {"(objectClass=user)"}, "user_mail": {"userPrincipalName"}, "user_status": {"userAccountControl"}}
	page := f.post(f.base+"/preview", form)
	require.Equal(t, http.StatusOK, page.status)
	assert.Contains(t, page.body, "created 60")
	assert.Equal(t, 60, strings.Count(page.body, `<tr data-action="created">`))
	form.Set("preview_q", "ANNA.andersen@")
	form.Set("preview_action", "created")
	page = f.post(f.base+"/preview", form)
	assert.Contains(t, page.body, "created 60", "the numbers are of all")
	assert.Equal(t, 1, strings.Count(page.body, `<tr data-action="created">`))
	assert.Contains(t, page.body, "(objectClass=user)</textarea>", "the form keeps what is in it")
	form.Set("format", "csv")
	assert.Len(t, f.table(f.post(f.base+"/preview", form)), 2)
	form.Del("preview_q")
	form.Del("preview_action")
	rows := f.table(f.post(f.base+"/preview", form))
	require.Len(t, rows, 61)
	assert.Equal(t, []string{"Action", "Account", "Kind", "In the directory", "Changes", "Reason", "Source ID"}, rows[0])
	form.Set("preview_action", `"><script>`)
	assert.NotContains(t, f.post(f.base+"/preview", form).body, `"><script>`)

	f.ad.Break(fakead.Fault{After: 5, Cut: true})
	broken := f.post(f.base+"/preview", form)
	assert.Equal(t, http.StatusUnprocessableEntity, broken.status, "no file, but a page that says what is wrong")
	f.ad.Mend()
	var mailboxes int
	require.NoError(t, f.db.QueryRow("SELECT COUNT(*) FROM mailbox").Scan(&mailboxes))
	assert.Zero(t, mailboxes)
}

func TestAPreviewShowsTheGreatestImpactFirst(t *testing.T) {
	f := newFollowed(t, 700)
	require.Equal(t, http.StatusSeeOther, f.post(f.base+"/replication", url.Values{
		"interval": {"60"}, "existing_accounts": {"link"}, "delete": {"on"}, "keep_days": {"30"}, "max_removals": {"20"}, "max_removal_percent": {"10"},
	}).status)
	f.replicate()
	people := f.ad.People()
	for _, dn := range people[:600] {
		require.NoError(t, f.ad.Modify(dn, fakead.Attributes{"title": {"Head"}}))
	}
	for _, dn := range people[690:] {
		require.NoError(t, f.ad.Delete(dn))
	}
	page := f.post(f.base+"/preview", f.form)
	require.Equal(t, http.StatusOK, page.status)
	assert.Contains(t, page.body, "updated 600, deleted 10")
	assert.Equal(t, 500, strings.Count(page.body, "<tr data-action="))
	assert.Equal(t, 10, strings.Count(page.body, `<tr data-action="deleted">`))
	assert.Less(t, strings.Index(page.body, `<tr data-action="deleted">`), strings.Index(page.body, `<tr data-action="updated">`))
	assert.Contains(t, page.body, "Not shown: updated 110.")
	form := url.Values{"format": {"csv"}}
	for name, values := range f.form {
		form[name] = values
	}
	assert.Len(t, f.table(f.post(f.base+"/preview", form)), 611, "a file has all")
}

func TestR15_HeldRemovalsSayWhatWillHappenAndThatIsDecidedOn(t *testing.T) {
	f := newFollowed(t, 40)
	f.replicate()
	for _, dn := range f.ad.People()[:8] {
		require.NoError(t, f.ad.Delete(dn))
	}
	f.replicate()
	assert.Contains(t, f.get("/account-resources").body, "8 changes wait")
	page := f.get(f.base).body
	assert.Contains(t, page, "8 removals wait for you")
	assert.Contains(t, page, "Removing disables the accounts")
	ids := regexp.MustCompile(`name="shown" value="([^"]+)"`).FindAllStringSubmatch(page, -1)
	require.Len(t, ids, 8)
	assert.Equal(t, 8, strings.Count(page, "The account would be disabled."))
	require.Equal(t, http.StatusSeeOther, f.post(f.base+"/replication", url.Values{
		"interval": {"60"}, "existing_accounts": {"link"}, "delete": {"on"}, "keep_days": {"30"}, "max_removals": {"20"}, "max_removal_percent": {"10"},
	}).status)
	assert.Contains(t, f.get(f.base).body, "Removing disables the accounts", "that is what is held")
	confirmed := url.Values{"decision": {"confirm"}, "source": {ids[0][1]}, "shown_action": {"disabled " + ids[0][1]}}
	assert.Equal(t, f.base+"?done=confirmed", f.post(f.base+"/removals", confirmed).header.Get("Location"))
	f.idle()
	page = f.get(f.base).body
	assert.Contains(t, page, "8 removals wait for you", "a disabling was confirmed, and no deletion")
	assert.Equal(t, 8, strings.Count(page, "The account would be deleted."))
	assert.Contains(t, page, "keeps their mail until "+time.Now().AddDate(0, 0, 30).Format(time.DateOnly))
	assert.Contains(t, page, `name="shown_action" value="deleted `+ids[0][1]+`"`)
	for _, decision := range []string{"confirm", "dismiss"} { // on a page that was shown before
		confirmed.Set("decision", decision)
		assert.Equal(t, f.base+"?done=changed", f.post(f.base+"/removals", confirmed).header.Get("Location"))
	}
	page = f.get(f.base + "?done=changed").body
	assert.Contains(t, page, "nothing was decided on them")
	assert.Contains(t, page, "8 removals wait for you")

	answer := f.post(f.base+"/removals", url.Values{"decision": {"confirm"}, "shown": {ids[0][1], ids[1][1]}})
	assert.Equal(t, f.base+"?done=unmarked", answer.header.Get("Location"), "nothing acts without a selection")
	answer = f.post(f.base+"/removals", url.Values{"decision": {"dismiss"}, "source": {ids[0][1]}, "shown": {ids[0][1], ids[1][1]}})
	assert.Equal(t, f.base+"?done=dismissed", answer.header.Get("Location"))
	page = f.get(f.base + "?done=dismissed").body
	assert.Contains(t, page, "Dismissed: these accounts stay as they are")
	assert.Contains(t, page, "7 removals wait for you")
	assert.Contains(t, page, "One is decided")
	answer = f.post(f.base+"/removals", url.Values{"decision": {"confirm"}, "source": {ids[0][1]}})
	assert.Equal(t, http.StatusUnprocessableEntity, answer.status, "deleting asks once more, also what was decided before")
	assert.Equal(t, 1, strings.Count(answer.body, " checked>"), "it is still marked")
	assert.Equal(t, 1, strings.Count(answer.body, `id="ar-held-sure"`))
	deletion := url.Values{"decision": {"confirm"}, "source": {ids[1][1], ids[2][1]}, "shown_action": {"deleted " + ids[1][1]}}
	answer = f.post(f.base+"/removals", deletion)
	assert.Equal(t, http.StatusUnprocessableEntity, answer.status, "deleting asks once more")
	assert.Contains(t, answer.body, "2 of the marked accounts would be deleted with their mailboxes. Nothing has been done yet")
	assert.Equal(t, 2, strings.Count(answer.body, " checked>"), "they are still marked")
	assert.Contains(t, f.get(f.base).body, "7 removals wait for you")
	deletion.Set("sure", "on")
	answer = f.post(f.base+"/removals", deletion)
	assert.Equal(t, f.base+"?done=confirmed", answer.header.Get("Location"))
	f.idle()
	assert.Contains(t, f.get(f.base+"?done=confirmed").body, "Confirmed: these accounts are removed")
	assert.Contains(t, f.get(f.base+"/status").body, `"deleted":2`)
	assert.Contains(t, f.get("/account-resources").body, "5 changes wait")
}

func TestR21_ARunWithAListingThatWasNotWholeSaysSoOnItsPagesAndInTheStatus(t *testing.T) {
	f := newFollowed(t, 60)
	f.replicate()
	assert.Contains(t, f.get(f.base+"/status").body, `"outcome":"succeeded"`)
	f.ad.Break(fakead.Fault{Page: 2, Paging: fakead.Lost})
	require.Equal(t, http.StatusSeeOther, f.post(f.base+"/replicate", url.Values{"mode": {"full"}}).status)
	f.idle()
	const sentence = "did not list all users"
	status := f.get(f.base + "/status").body
	assert.Contains(t, status, `"outcome":"partial"`)
	for _, path := range []string{"/status", "/log", "/log?run=2"} {
		assert.Contains(t, f.get(f.base+path).body, sentence, path)
	}
	assert.Contains(t, f.get("/account-resources").body, sentence)

	f.ad.Mend()
	f.replicate()
	assert.Contains(t, f.get(f.base+"/status").body, `"outcome":"succeeded"`)
	assert.NotContains(t, f.get(f.base+"/log").body, sentence)
}

func TestR23_HeldChangesAreListedByKindAndDecidedOn(t *testing.T) {
	f := newFollowed(t, 40)
	f.replicate()
	people := f.ad.People()
	for i, dn := range people[:12] {
		to := fakead.Attributes{"telephoneNumber": nil, "mobile": nil, "title": nil}
		if i < 6 {
			to = fakead.Attributes{"userPrincipalName": {fmt.Sprintf("renamed%d@%s", i, hosted)}}
		}
		require.NoError(t, f.ad.Modify(dn, to))
	}
	for _, dn := range people[12:14] {
		require.NoError(t, f.ad.Delete(dn))
	}
	f.replicate()
	page := f.get(f.base).body
	waiting := strings.Count(page, `name="shown" value=`)
	require.GreaterOrEqual(t, waiting, 6)
	assert.Contains(t, page, fmt.Sprintf("Changes that wait for you: %d", waiting))
	assert.Equal(t, 6, strings.Count(page, "The account would get another address."))
	assert.Contains(t, page, "renamed: 6")
	assert.Contains(t, page, "Make these changes")
	status := f.get(f.base + "/status").body
	assert.Contains(t, status, fmt.Sprintf(`"waiting":{"changes":%d,"since":"`, waiting))

	ids := regexp.MustCompile(`value="renamed ([^"]+)"`).FindAllStringSubmatch(page, -1)
	require.Len(t, ids, 6)
	form := url.Values{"decision": {"confirm"}, "all": {"renamed"}} // all of a kind that are shown to wait
	for _, id := range ids {
		form.Add("shown", id[1])
		form.Add("shown_action", "renamed "+id[1])
	}
	answer := f.post(f.base+"/removals", form)
	assert.Equal(t, f.base+"?done=confirmed_changes", answer.header.Get("Location"))
	f.idle()
	assert.Contains(t, f.get(f.base+"?done=confirmed_changes").body, "Confirmed: these changes are made.")
	assert.Contains(t, f.get(f.base+"/status").body, `"renamed":6`)
}
