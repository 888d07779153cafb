package accountresource_test

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
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
