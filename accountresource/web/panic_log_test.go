package web_test

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/run"
	"github.com/mailpanel/account-resource/accountresource/web"
)

// deafHandler is a host's log that panics, and counts how often it was to hear something.
type deafHandler struct {
	slog.Handler
	heard *atomic.Int64
}

func (deafHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h deafHandler) Handle(context.Context, slog.Record) error {
	h.heard.Add(1)
	panic("no log today")
}

// forgetfulAuth panics when it is asked again about a page that is open.
type forgetfulAuth struct {
	everybody
	asked *atomic.Int64
}

func (a forgetfulAuth) Admin(c *fiber.Ctx) (web.Admin, bool) {
	if a.asked.Add(1) > 2 {
		panic("a session that nobody expected")
	}
	return a.everybody.Admin(c)
}

// What goes on in the background outlives a host's log.
func TestALogThatPanicsEndsNothing(t *testing.T) {
	heard := new(atomic.Int64)
	config := web.Config{
		Auth: everybody{}, Resources: &resources{}, Operations: &operations{running: true}, Logger: slog.New(deafHandler{slog.DiscardHandler, heard}),
	}
	h := &faulty{longLog: longLog{history: history{started: time.Now()}}}
	h.latest.Store(1)
	config.History = h
	events, status, _ := newSiteWith(t, config, 0).open("/r/1/progress")
	require.Equal(t, http.StatusOK, status)
	await(t, events)
	assert.EqualValues(t, 1, heard.Load(), "the first look failed, the second did not")

	config.History = &faulty{longLog: longLog{rows: 100_000}, row: 50_000}
	s := newSiteWith(t, config, 0)
	_, _, err := s.read(endless)
	require.Error(t, err, "the download is broken off")
	config.History = &faulty{longLog: longLog{rows: 100_000}}
	s = newSiteWith(t, config, 0)
	status, _, err = s.read(endless)
	require.NoError(t, err)
	assert.Equal(t, http.StatusInternalServerError, status)

	before := heard.Load()
	config.History, config.Auth = &history{progress: map[int64]run.Progress{}}, forgetfulAuth{asked: new(atomic.Int64)}
	events, status, _ = newSiteWith(t, config, 20*time.Millisecond).open("/r/1/progress")
	require.Equal(t, http.StatusOK, status)
	for range events { // until the page is cut off
	}
	assert.Greater(t, heard.Load(), before)
}
