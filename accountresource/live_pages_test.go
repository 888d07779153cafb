package accountresource_test

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/directory/fakead"
)

// followed is a resource on a fake directory, enabled and served over TCP, as streams need it.
type followed struct {
	*host
	ad   *fakead.Server
	base string
	url  string
	form url.Values
}

func newFollowed(t *testing.T, users int) *followed {
	t.Helper()
	f := &followed{host: newHost(t)}
	var err error
	f.ad, err = fakead.Start(fakead.Options{MaxPageSize: 20})
	require.NoError(t, err)
	t.Cleanup(func() { _ = f.ad.Close() })
	require.NoError(t, f.ad.Populate(users, 2))
	name, err := f.ad.Reader("reader", "Secret-77")
	require.NoError(t, err)
	f.base = f.add()
	f.form = url.Values{
		"domain": {hosted}, "host": {"127.0.0.1"}, "port": {strconv.Itoa(f.ad.Addr().Port)}, "tls": {"on"}, "timeout": {"10"},
		"base_dn": {f.ad.StaffOU()}, "bind_dn": {name}, "bind_password": {"Secret-77"}, "ca_certificate": {string(f.ad.CA())},
	}
	require.Equal(t, http.StatusSeeOther, f.post(f.base+"/connection", f.form).status)
	require.Equal(t, http.StatusSeeOther, f.post(f.base+"/enable", nil).status)
	f.idle()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ended := make(chan error, 1)
	f.app.Handler() // without a word to the console
	go func() { ended <- f.app.Server().Serve(listener) }()
	t.Cleanup(func() {
		require.NoError(t, f.app.ShutdownWithTimeout(10*time.Second), "open streams hold nobody up")
		require.NoError(t, <-ended)
	})
	f.url = "http://" + listener.Addr().String()
	return f
}

func (f *followed) idle() {
	f.t.Helper()
	require.Eventually(f.t, func() bool {
		return strings.Contains(f.get(f.base+"/status").body, `"running":false`)
	}, time.Minute, 10*time.Millisecond)
}

// replicate runs to the end.
func (f *followed) replicate() {
	f.t.Helper()
	require.Equal(f.t, http.StatusSeeOther, f.post(f.base+"/replicate", nil).status)
	f.idle()
}

// happening is an event of the stream.
type happening struct {
	id       string
	Resource int64
	Running  bool
	Run      *int64
	Mode     string
	Phase    string
	Server   string
	Objects  int
	Planned  int
	Done     int
	Counts   map[string]int
	Elapsed  *int
	Left     *int
	Outcome  string
	Text     map[string]string
}

// listener reads a stream.
type listener struct {
	f      *followed
	events chan happening
	closed chan struct{} // the stream has ended
	leave  func()
}

func (f *followed) listen(path string, headers ...string) *listener {
	f.t.Helper()
	ctx, leave := context.WithCancel(context.Background())
	f.t.Cleanup(leave)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, f.url+path, nil)
	require.NoError(f.t, err)
	request.Header.Set("X-Who", "global")
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := (&http.Transport{}).RoundTrip(request)
	require.NoError(f.t, err)
	require.Equal(f.t, http.StatusOK, response.StatusCode)
	require.Equal(f.t, "text/event-stream", response.Header.Get("Content-Type"))
	l := &listener{f: f, events: make(chan happening, 1000), closed: make(chan struct{}), leave: leave}
	go func() {
		defer close(l.closed)
		defer response.Body.Close()
		var h happening
		for lines := bufio.NewScanner(response.Body); lines.Scan(); {
			if id, found := strings.CutPrefix(lines.Text(), "id: "); found {
				h = happening{id: id}
			}
			if data, found := strings.CutPrefix(lines.Text(), "data: "); found && json.Unmarshal([]byte(data), &h) == nil {
				l.events <- h
			}
		}
	}()
	return l
}

// until reads events until one is as wanted.
func (l *listener) until(what string, wanted func(happening) bool) happening {
	l.f.t.Helper()
	over := time.After(time.Minute)
	for {
		select {
		case h := <-l.events:
			if wanted(h) {
				return h
			}
		case <-over:
			require.FailNow(l.f.t, "waited in vain: "+what)
		}
	}
}

func (l *listener) ended() {
	l.f.t.Helper()
	select {
	case <-l.closed:
	case <-time.After(30 * time.Second):
		require.FailNow(l.f.t, "the stream does not end")
	}
}

func TestTheStreamTellsOfARunFromItsBeginningToItsEnd(t *testing.T) {
	f := newFollowed(t, 200)
	l := f.listen(f.base + "/progress")
	first := l.until("nothing runs", func(happening) bool { return true })
	assert.False(t, first.Running)
	assert.Nil(t, first.Run)
	f.ad.Break(fakead.Fault{Delay: 300 * time.Millisecond})
	require.Equal(t, http.StatusSeeOther, f.post(f.base+"/replicate", nil).status)
	going := l.until("the run reads", func(h happening) bool { return h.Running && h.Objects > 0 })
	assert.Equal(t, "Reading the users", going.Phase)
	assert.Equal(t, "dc1.corp.example", going.Server)
	assert.Equal(t, "full", going.Mode)
	assert.Nil(t, going.Left, "nothing is known of a first run")
	next := l.until("it goes on", func(h happening) bool { return h.Objects > going.Objects })
	assert.NotEqual(t, going.id, next.id)
	f.ad.Mend()
	end := l.until("it ends", func(h happening) bool { return !h.Running })
	assert.Equal(t, "succeeded", end.Outcome)
	assert.Equal(t, map[string]int{"created": 200}, end.Counts)
	assert.Equal(t, "The replication has ended: succeeded.", end.Text["end"])

	all := f.listen("/account-resources/progress")
	assert.Equal(t, end.id, all.until("the same is told to the page of all", func(happening) bool { return true }).id)
	again := f.listen(f.base+"/progress", "Last-Event-ID", end.id)
	f.ad.Break(fakead.Fault{Delay: 500 * time.Millisecond})
	require.Equal(t, http.StatusSeeOther, f.post(f.base+"/replicate", url.Values{"mode": {"full"}}).status)
	assert.True(t, again.until("a page that came back", func(happening) bool { return true }).Running, "it knew the rest")
	about := again.until("how many there are is known now", func(h happening) bool { return strings.Contains(h.Text["objects"], "about 200") })
	assert.Equal(t, "full", about.Mode)
	f.ad.Mend()

	// The module closes while pages follow: streams end, and nobody waits for them.
	require.NoError(t, f.module.Close(t.Context()))
	for _, open := range []*listener{l, all, again} {
		open.ended()
	}
	assert.Equal(t, http.StatusServiceUnavailable, f.get(f.base+"/progress").status, "there are no more")
}

func TestTheServerGoesDownWhilePagesFollow(t *testing.T) {
	f := newFollowed(t, 5)
	l := f.listen(f.base + "/progress")
	l.until("it is open", func(happening) bool { return true })
	require.NoError(t, f.app.ShutdownWithTimeout(10*time.Second))
	l.ended()
}

func TestStreamsAreForGlobalAdmins(t *testing.T) {
	h := newHost(t)
	base := h.add()
	for _, path := range []string{base + "/progress", "/account-resources/progress"} {
		h.as = "nobody"
		assert.Equal(t, http.StatusUnauthorized, h.get(path).status, path)
		h.as = "domain"
		assert.Equal(t, http.StatusForbidden, h.get(path).status, path)
	}
	h.as = "global"
	assert.Equal(t, http.StatusNotFound, h.get("/account-resources/99/progress").status)
	h.as = "domain"
	assert.Equal(t, http.StatusForbidden, h.send(http.MethodPost, base+"/cancel", nil).status)
	h.as = "global"
	assert.Equal(t, http.StatusForbidden, h.send(http.MethodPost, base+"/cancel", nil).status, "no token")
}

func TestARunIsCancelledByAButton(t *testing.T) {
	f := newFollowed(t, 200)
	idle := f.post(f.base+"/cancel", nil)
	assert.Equal(t, f.base+"/log?done=idle", idle.header.Get("Location"))
	f.replicate()
	idle = f.post(f.base+"/cancel", url.Values{"back": {"list"}})
	assert.Equal(t, "/account-resources/?done=idle", idle.header.Get("Location"))
	assert.Contains(t, f.get("/account-resources/?done=idle").body, "nothing to cancel")

	f.ad.Break(fakead.Fault{Delay: 300 * time.Millisecond})
	require.Equal(t, http.StatusSeeOther, f.post(f.base+"/replicate", url.Values{"mode": {"full"}}).status)
	for range 2 { // the second is harmless: the run is on its way, or has ended
		assert.Contains(t, "cancelled idle", strings.TrimPrefix(f.post(f.base+"/cancel", nil).header.Get("Location"), f.base+"/log?done="))
	}
	f.idle()
	assert.Contains(t, f.get(f.base+"/status").body, `"outcome":"interrupted"`)
	assert.Contains(t, f.get(f.base+"/log?done=cancelled").body, "ends between two batches")
}

func TestPagesShowARunWhileItGoesOn(t *testing.T) {
	f := newFollowed(t, 100)
	f.ad.Break(fakead.Fault{Delay: 300 * time.Millisecond})
	require.Equal(t, http.StatusSeeOther, f.post(f.base+"/replicate", nil).status)
	for _, path := range []string{"/account-resources", f.base + "/log"} {
		a := f.get(path)
		assert.Equal(t, "5", a.header.Get("Refresh"), path)
		assert.Contains(t, a.body, f.base+`/cancel"`, path)
		assert.Regexp(t, `<progress[^>]*max="100" aria-label`, a.body, "nothing is known yet")
	}
	f.ad.Mend()
	f.idle()
	for _, path := range []string{"/account-resources", f.base + "/log"} {
		a := f.get(path)
		assert.Empty(t, a.header.Get("Refresh"), path)
		assert.Contains(t, a.body, `name="mode" value="full"`)
	}
}

// table reads a download.
func (f *followed) table(a answer) [][]string {
	f.t.Helper()
	require.Equal(f.t, http.StatusOK, a.status, a.body)
	require.Equal(f.t, "text/csv; charset=utf-8", a.header.Get("Content-Type"))
	require.Regexp(f.t, `^attachment; filename="[a-z0-9-]+\.csv"$`, a.header.Get("Content-Disposition"))
	text, marked := strings.CutPrefix(a.body, "\uFEFF")
	require.True(f.t, marked, "spreadsheets want to be told that it is UTF-8")
	require.Equal(f.t, strings.Count(text, "\n"), strings.Count(text, "\r\n"))
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	require.NoError(f.t, err)
	return rows
}

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
	require.Len(t, rows, 2)
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
	assert.Contains(t, page.body, `value="(objectClass=user)"`[7:24])
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

func TestHeldRemovalsSayWhatWillHappen(t *testing.T) {
	f := newFollowed(t, 40)
	f.replicate()
	for _, dn := range f.ad.People()[:8] {
		require.NoError(t, f.ad.Delete(dn))
	}
	f.replicate()
	assert.Contains(t, f.get("/account-resources").body, "8 removals wait")
	page := f.get(f.base).body
	assert.Contains(t, page, "8 removals wait for you")
	assert.Contains(t, page, "Removing disables the accounts")
	ids := regexp.MustCompile(`name="shown" value="([^"]+)"`).FindAllStringSubmatch(page, -1)
	require.Len(t, ids, 8)
	require.Equal(t, http.StatusSeeOther, f.post(f.base+"/replication", url.Values{
		"interval": {"60"}, "existing_accounts": {"link"}, "delete": {"on"}, "keep_days": {"30"}, "max_removals": {"20"}, "max_removal_percent": {"10"},
	}).status)
	assert.Contains(t, f.get(f.base).body, "keeps their mail until "+time.Now().AddDate(0, 0, 30).Format(time.DateOnly))

	answer := f.post(f.base+"/removals", url.Values{"decision": {"dismiss"}})
	assert.Equal(t, f.base+"?done=unmarked", answer.header.Get("Location"))
	answer = f.post(f.base+"/removals", url.Values{"decision": {"dismiss"}, "source": {ids[0][1]}, "shown": {ids[0][1], ids[1][1]}})
	assert.Equal(t, f.base+"?done=dismissed", answer.header.Get("Location"))
	page = f.get(f.base + "?done=dismissed").body
	assert.Contains(t, page, "Dismissed: these accounts stay as they are")
	assert.Contains(t, page, "7 removals wait for you")
	assert.Contains(t, page, "One is decided")
	answer = f.post(f.base+"/removals", url.Values{"decision": {"confirm"}, "shown": {ids[1][1], ids[2][1]}})
	assert.Equal(t, f.base+"?done=confirmed", answer.header.Get("Location"))
	f.idle()
	assert.Contains(t, f.get(f.base+"?done=confirmed").body, "Confirmed: these accounts are removed")
	assert.Contains(t, f.get(f.base+"/status").body, `"deleted":2`)
	assert.Contains(t, f.get("/account-resources").body, "5 removals wait")
}
