package web_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
	"github.com/mailpanel/account-resource/accountresource/web"
)

// searchedLog is a history whose searches come to what the test says.
type searchedLog struct {
	longLog
	page  run.Page
	busy  atomic.Int64 // how many searches are refused before one has its turn
	begun chan context.Context
}

func (l *searchedLog) Entries(ctx context.Context, _ int64, _ web.LogFilter) (run.Page, error) {
	if l.begun != nil {
		l.begun <- ctx
		<-ctx.Done()
		return run.Page{}, ctx.Err()
	}
	if l.busy.Add(-1) >= 0 {
		return run.Page{}, fmt.Errorf("search: %w", run.ErrBusy)
	}
	return l.page, nil
}

func (l *searchedLog) AccountHistory(_ context.Context, _ int64, _ string, f web.LogFilter) (run.Page, error) {
	switch {
	case !f.Wait && l.busy.Add(-1) >= 0:
		return run.Page{}, fmt.Errorf("search: %w", run.ErrBusy)
	case f.Before == 0:
		return run.Page{Searched: 100_000, Next: 500}, nil
	case f.Before == 500:
		return run.Page{Searched: 5, Entries: []run.Entry{{ID: 7, Time: time.Unix(0, 0), Action: account.ActionCreated, Address: "ann@example.com"}}}, nil
	}
	return run.Page{}, nil
}

func (s *site) page(path string) (status int, header http.Header, body string) {
	s.t.Helper()
	response, err := s.download(path)
	require.NoError(s.t, err)
	all, err := io.ReadAll(response.Body)
	require.NoError(s.t, err)
	return response.StatusCode, response.Header, string(all)
}

func TestASearchThatHasNoTurnIsAskedForLater(t *testing.T) {
	l := &searchedLog{}
	s := newSite(t, &resources{}, l, &operations{})
	for _, path := range []string{"/r/1/log?run=100&q=x", "/r/1/log?account=ann&q=x"} {
		l.busy.Store(1)
		status, header, body := s.page(path)
		assert.Equal(t, http.StatusServiceUnavailable, status)
		assert.Equal(t, "5", header.Get("Retry-After"))
		assert.Contains(t, body, "Wait a few seconds, then try again")
		status, _, _ = s.page(path)
		assert.Equal(t, http.StatusOK, status)
	}
}

func TestAFileOfAStoryWaitsForItsTurnAndGoesOn(t *testing.T) {
	l := &searchedLog{}
	l.busy.Store(3)
	_, _, body := newSite(t, &resources{}, l, &operations{}).page("/r/1/log?account=ann&q=x&format=csv")
	assert.Contains(t, body, "ann@example.com")
}

func TestASearchSaysHowFarItLookedAndGoesOn(t *testing.T) {
	l := &searchedLog{page: run.Page{Total: 0, Searched: 100_000, Next: 4321}}
	s := newSite(t, &resources{}, l, &operations{})
	_, _, body := s.page("/r/1/log?run=100&q=x")
	assert.Contains(t, body, "Searched 100,000 rows so far")
	assert.Contains(t, body, `href="/r/1/log?after=4321&amp;page=2&amp;q=x&amp;run=100&amp;searched=100000#ar-run"`)
	assert.NotContains(t, body, "Nothing matches")
	_, _, body = s.page("/r/1/log?after=4321&page=2&q=x&run=100&searched=100000")
	assert.Contains(t, body, "Searched 200,000 rows so far")
	_, _, body = s.page("/r/1/log?before=9999&page=2&q=x&run=100")
	assert.Contains(t, body, `href="/r/1/log?before=4321&amp;page=3&amp;`, "back too")

	l.page = run.Page{Total: -1, Searched: 10}
	_, _, body = s.page("/r/1/log?after=4321&page=2&q=x&run=100&searched=100000")
	assert.Contains(t, body, "Nothing matches")
	assert.NotContains(t, body, "Search on")
	assert.Contains(t, body, ">First</a>")

	_, _, body = s.page("/r/1/log?account=ann&q=x")
	assert.Contains(t, body, "Searched 100,000 rows so far")
	assert.Contains(t, body, `href="/r/1/log?account=ann&amp;before=500&amp;q=x&amp;searched=100000"`)
}

func TestTheNumberOfRowsIsKnownOnLaterPages(t *testing.T) {
	l := &searchedLog{page: run.Page{Total: 120, More: true, Searched: 400}}
	for n := range 50 {
		l.page.Entries = append(l.page.Entries, run.Entry{ID: int64(n + 1), Time: time.Unix(0, 0), Address: strconv.Itoa(n)})
	}
	s := newSite(t, &resources{}, l, &operations{})
	_, _, body := s.page("/r/1/log?run=100&q=x")
	assert.Contains(t, body, "120 rows")
	next := `/r/1/log?after=50&amp;page=2&amp;q=x&amp;run=100&amp;total=120`
	require.Contains(t, body, next)
	l.page.Total = -1
	_, _, body = s.page(strings.ReplaceAll(next, "&amp;", "&"))
	assert.Contains(t, body, "120 rows")
	assert.Contains(t, body, "Page 2 of 3")
	_, _, body = s.page("/r/1/log?after=50&page=2&q=x&run=100")
	assert.NotContains(t, body, "rows ·", "nobody knows")
	for _, odd := range []string{"page=99999999999999999999", "page=9223372036854775807", "page=-5&total=-9&searched=-1", "total=9223372036854775807&after=1", "searched=x"} {
		status, _, _ := s.page("/r/1/log?run=100&q=x&" + odd)
		assert.Equal(t, http.StatusOK, status, odd)
	}
}

func TestASearchEndsWithTheModule(t *testing.T) {
	l := &searchedLog{begun: make(chan context.Context, 1)}
	s := newSite(t, &resources{}, l, &operations{})
	answered := make(chan int, 1)
	go func() {
		response, err := s.download("/r/1/log?run=100&q=x")
		if assert.NoError(t, err) {
			answered <- response.StatusCode
		}
		close(answered)
	}()
	ctx := <-l.begun
	assert.NoError(t, ctx.Err())
	s.web.Close()
	assert.Equal(t, http.StatusServiceUnavailable, <-answered)
}
