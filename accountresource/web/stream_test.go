package web_test

import (
	"bufio"
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
	"github.com/mailpanel/account-resource/accountresource/web"
)

// The ports as far as streams need them: resources whose newest run stands as the test says.
type (
	resources struct {
		web.Resources
		all []resource.Resource
	}
	operations struct {
		web.Operations
		running bool
	}
	history struct {
		web.History
		looks    atomic.Int64 // how often the newest runs were asked for
		started  time.Time
		finished time.Time
		progress map[int64]run.Progress
	}
	everybody struct{}
)

func (r *resources) All(context.Context) ([]resource.Resource, error) { return r.all, nil }

func (r *resources) Get(_ context.Context, id int64) (resource.Resource, error) {
	return resource.Resource{ID: id}, nil
}

func (o *operations) Running(context.Context, int64) (bool, error) { return o.running, nil }

func (h *history) Latest(_ context.Context, ids ...int64) (map[int64]run.Run, error) {
	h.looks.Add(1)
	latest := make(map[int64]run.Run)
	for _, id := range ids {
		latest[id] = run.Run{
			ID: id * 100, Resource: id, Mode: run.Full, Started: h.started, Finished: h.finished,
			Counts: map[account.Action]int{account.ActionCreated: 3, account.ActionConflict: 1},
		}
	}
	return latest, nil
}

func (h *history) ProgressOf(_ context.Context, id int64) (run.Progress, bool, error) {
	p, found := h.progress[id]
	p.Run = id * 100
	return p, found, nil
}

func (everybody) Admin(*fiber.Ctx) (web.Admin, bool) {
	return web.Admin{Username: "root", Session: "s", GlobalAdmin: true, Language: "en_US"}, true
}

func (everybody) LoginPath(*fiber.Ctx) string { return "/login" }

// site serves streams over TCP.
type site struct {
	t   *testing.T
	web *web.Web
	url string
}

func newSite(t *testing.T, r *resources, h web.History, o web.Operations) *site {
	t.Helper()
	return newSiteWith(t, web.Config{Auth: everybody{}, Resources: r, History: h, Operations: o}, 0)
}

// newSiteWith serves pages whose heartbeat and patience with clients are as short as the test says; zero leaves them.
func newSiteWith(t *testing.T, config web.Config, soon time.Duration) *site {
	t.Helper()
	config.Prefix, config.TokenKeys = "/r", [][]byte{make([]byte, 32)}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	pages, err := web.New(config)
	require.NoError(t, err)
	if soon > 0 {
		pages.Hasten(soon, soon)
	}
	app := fiber.New()
	app.Use(func(c *fiber.Ctx) error { // a host's middleware
		c.Locals("admin", web.Admin{Username: "root", GlobalAdmin: true, Session: "s"})
		return c.Next()
	})
	pages.Mount(app)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	app.Handler() // makes the routes
	ended := make(chan error, 1)
	go func() { ended <- app.Server().Serve(listener) }()
	t.Cleanup(func() {
		pages.Close()
		require.NoError(t, app.ShutdownWithTimeout(10*time.Second))
		require.NoError(t, <-ended)
	})
	return &site{t, pages, "http://" + listener.Addr().String()}
}

// open begins to read a stream; each line of data goes to the channel.
func (s *site) open(path string) (data <-chan string, status int, leave func()) {
	s.t.Helper()
	ctx, leave := context.WithCancel(context.Background())
	s.t.Cleanup(leave)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path, nil)
	require.NoError(s.t, err)
	request.Header.Set("X-Mark", "7")
	response, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(request)
	require.NoError(s.t, err)
	lines := make(chan string, 1000)
	go func() {
		defer close(lines)
		defer response.Body.Close()
		for scanner := bufio.NewScanner(response.Body); scanner.Scan(); {
			if text, found := strings.CutPrefix(scanner.Text(), "data: "); found {
				lines <- text
			}
		}
	}()
	return lines, response.StatusCode, leave
}

func await(t *testing.T, lines <-chan string) string {
	t.Helper()
	select {
	case text, open := <-lines:
		require.True(t, open, "the stream has ended")
		return text
	case <-time.After(30 * time.Second):
		require.FailNow(t, "no event")
		return ""
	}
}

func TestOneLooksForAllWhoFollow(t *testing.T) {
	h := &history{started: time.Now()}
	s := newSite(t, &resources{}, h, &operations{running: true})
	assert.Zero(t, h.looks.Load(), "nobody follows")
	var streams []<-chan string
	var leave []func()
	for i := range 200 {
		lines, status, gone := s.open("/r/" + strconv.Itoa(1+i%2) + "/progress")
		require.Equal(t, http.StatusOK, status)
		streams, leave = append(streams, lines), append(leave, gone)
	}
	for _, lines := range streams {
		await(t, lines)
	}
	_, status, _ := s.open("/r/1/progress")
	assert.Equal(t, http.StatusServiceUnavailable, status, "so many and no more")

	before, began := h.looks.Load(), time.Now()
	require.Eventually(t, func() bool { return h.looks.Load() >= before+3 }, time.Minute, 10*time.Millisecond)
	looks, seconds := h.looks.Load()-before, time.Since(began).Seconds()
	assert.LessOrEqual(t, float64(looks), seconds+2, "once a second, however many follow")

	for _, gone := range leave {
		gone()
	}
	require.Eventually(t, func() bool { // who has gone is noticed, and then nobody looks any more
		before := h.looks.Load()
		<-time.After(2500 * time.Millisecond)
		return before == h.looks.Load()
	}, time.Minute, time.Millisecond)
	_, status, _ = s.open("/r/1/progress")
	assert.Equal(t, http.StatusOK, status, "there is room again")
}

func TestClosingEndsEveryStream(t *testing.T) {
	s := newSite(t, &resources{}, &history{}, &operations{})
	lines, _, _ := s.open("/r/1/progress")
	await(t, lines)
	s.web.Close()
	for range lines { // until it ends
	}
	s.web.Close()
	_, status, _ := s.open("/r/1/progress")
	assert.Equal(t, http.StatusServiceUnavailable, status)
}

func TestProgressIsNeverGuessedTooEarly(t *testing.T) {
	cases := []struct {
		name     string
		progress run.Progress
		percent  any
		left     bool // whether the end is guessed
		objects  string
		done     string
	}{
		{"nothing is known", run.Progress{}, nil, false, "–", "–"},
		{"connecting", run.Progress{Phase: run.Connecting}, nil, false, "–", "–"},
		{"a first run", run.Progress{Phase: run.Users, Objects: 1700, Planned: 1500, Done: 1000}, nil, false, "1,700", "1,000 of 1,500 so far"},
		{"nothing to change", run.Progress{Phase: run.Users, Objects: 1000, Expected: 4000}, 25.0, true, "1,000 of about 4,000", "–"},
		{"writing is behind", run.Progress{Phase: run.Users, Objects: 2000, Expected: 4000, Planned: 1000, Done: 200}, 10.0, true, "2,000 of about 4,000", "200 of 1,000 so far"},
		{"more than there were", run.Progress{Phase: run.Groups, Objects: 5000, Expected: 4000}, 100.0, true, "5,000", "–"},
		{"asking who left", run.Progress{Phase: run.Leavers, Objects: 4000, Expected: 4000, Planned: 9, Done: 9}, nil, false, "4,000", "9 of 9 so far"},
		{"writing", run.Progress{Phase: run.Writing, Objects: 4000, Planned: 400, Done: 300}, 75.0, true, "4,000", "300 of 400"},
		{"just begun", run.Progress{Phase: run.Writing, Objects: 4000, Planned: 400, Done: 1}, 0.0, false, "4,000", "1 of 400"},
	}
	h := &history{started: time.Now().Add(-time.Minute), progress: make(map[int64]run.Progress)}
	var r resources
	for i, c := range cases {
		r.all = append(r.all, resource.Resource{ID: int64(i + 1)})
		h.progress[int64(i+1)] = c.progress
	}
	lines, _, _ := newSite(t, &r, h, &operations{running: true}).open("/r/progress")
	for i, c := range cases {
		var event map[string]any
		require.NoError(t, json.Unmarshal([]byte(await(t, lines)), &event))
		require.InDelta(t, i+1, event["resource"], 0)
		assert.Equal(t, c.percent, event["percent"], c.name)
		assert.Equal(t, c.left, event["left"] != nil, c.name)
		text := event["text"].(map[string]any)
		assert.Equal(t, c.objects, text["objects"], c.name)
		assert.Equal(t, c.done, text["done"], c.name)
		assert.Equal(t, map[string]any{"created": 3.0, "conflicts": 1.0}, event["counts"], "named as in the status")
	}
}
