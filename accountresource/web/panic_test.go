package web_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
	"github.com/mailpanel/account-resource/accountresource/web"
)

// faulty are ports that panic where a test wants it.
type (
	faulty struct {
		longLog
		row    int64        // whose reading panics
		latest atomic.Int64 // how often the newest runs are still to panic
	}
	faultyResources struct{ resources }
	faultyAuth      struct{ everybody }
	lines           struct {
		mu sync.Mutex
		b  bytes.Buffer
	}
)

func (f *faulty) Rows(ctx context.Context, id int64, filter web.LogFilter) ([]run.Entry, error) {
	if filter.After >= f.row {
		panic("a row that nobody expected")
	}
	return f.longLog.Rows(ctx, id, filter)
}

func (f *faulty) Latest(ctx context.Context, ids ...int64) (map[int64]run.Run, error) {
	if f.latest.Add(-1) >= 0 {
		panic("a run that nobody expected")
	}
	return f.longLog.Latest(ctx, ids...)
}

func (*faultyResources) All(context.Context) ([]resource.Resource, error) {
	panic("a resource that nobody expected")
}

func (faultyAuth) Admin(*fiber.Ctx) (web.Admin, bool) { panic("a session that nobody expected") }

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// read gets a page.
func (s *site) read(path string) (status int, body string, err error) {
	s.t.Helper()
	response, err := s.download(path)
	require.NoError(s.t, err)
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, string(text), err
}

// A panic ends what it happened in, is logged with its stack, and the host goes on.
func TestAPanicEndsNothingElse(t *testing.T) {
	log := &lines{}
	config := web.Config{
		Auth: everybody{}, Resources: &faultyResources{}, History: &faulty{longLog: longLog{rows: 100_000}, row: 50_000},
		Operations: &operations{running: true}, Logger: slog.New(slog.NewTextHandler(log, nil)),
	}
	s := newSiteWith(t, config, 0)
	status, body, err := s.read("/r/")
	require.NoError(t, err)
	assert.Equal(t, http.StatusInternalServerError, status)
	assert.Contains(t, body, "<html", "it is a page")
	assert.NotContains(t, body, "nobody expected")
	assert.Regexp(t, `level=ERROR .*a resource that nobody expected.*incident=\w+.*panic_test.go`, log.String())

	_, _, err = s.read(endless)
	require.Error(t, err, "the download is broken off")
	assert.Regexp(t, `level=ERROR msg="send a download".*a row that nobody expected.*stack=.*panic_test.go`, log.String())

	config.History = &faulty{longLog: longLog{rows: 100_000}}
	s = newSiteWith(t, config, 0)
	status, _, err = s.read(endless)
	require.NoError(t, err)
	assert.Equal(t, http.StatusInternalServerError, status)

	config.Auth = faultyAuth{}
	status, body, err = newSiteWith(t, config, 0).read("/r/domains")
	require.NoError(t, err)
	assert.Equal(t, http.StatusInternalServerError, status)
	assert.Contains(t, body, `{"error":`)
	assert.Contains(t, log.String(), "a session that nobody expected")

	config.Auth, config.Layout = everybody{}, func(*fiber.Ctx, web.Page) error { panic("a layout that nobody expected") }
	status, body, err = newSiteWith(t, config, 0).read("/r/")
	require.NoError(t, err)
	assert.Equal(t, http.StatusInternalServerError, status)
	assert.NotContains(t, body, "<")
	assert.Contains(t, log.String(), "a layout that nobody expected")
}

func TestALookThatPanicsIsMadeAgain(t *testing.T) {
	log := &lines{}
	h := &faulty{longLog: longLog{history: history{started: time.Now()}}}
	h.latest.Store(1)
	s := newSiteWith(t, web.Config{
		Auth: everybody{}, Resources: &resources{}, History: h, Operations: &operations{running: true},
		Logger: slog.New(slog.NewTextHandler(log, nil)),
	}, 0)
	events, status, _ := s.open("/r/1/progress")
	require.Equal(t, http.StatusOK, status)
	await(t, events)
	assert.Regexp(t, `level=ERROR msg="look how far runs are".*a run that nobody expected.*stack=.*panic_test.go`, log.String())
}
