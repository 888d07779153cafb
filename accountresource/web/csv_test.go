package web_test

import (
	"context"
	"errors"
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

// longLog is a run with many rows, which may end in an error.
type longLog struct {
	history
	rows, fails int
	pieces      atomic.Int64 // how often rows were asked for
	most        atomic.Int64 // the most that were asked for at once
}

func (l *longLog) Runs(context.Context, int64, int, int) ([]run.Run, int, error) { return nil, 0, nil }

func (l *longLog) Run(_ context.Context, id int64) (run.Run, error) {
	return run.Run{ID: id, Resource: 1}, nil
}

func (l *longLog) Rows(_ context.Context, _ int64, f web.LogFilter) (found []run.Entry, err error) {
	l.pieces.Add(1)
	l.most.Store(max(l.most.Load(), int64(f.Size)))
	for id := int(f.After) + 1; id <= l.rows && len(found) < f.Size; id++ {
		if id == l.fails {
			return nil, errors.New("the database went away")
		}
		found = append(found, run.Entry{
			ID: int64(id), Run: 100, Time: time.Unix(0, 0), Action: account.ActionUpdated, Kind: account.Mailbox,
			Source: account.SourceID(strconv.Itoa(id)), Address: "@odd \"" + strconv.Itoa(id) + "\"",
			Diff: []account.Difference{{What: "name", Old: "a, b", New: "-c"}},
		})
	}
	return found, nil
}

func (s *site) download(path string) (*http.Response, error) {
	response, err := http.Get(s.url + path) //nolint:noctx // a test
	if err == nil {
		s.t.Cleanup(func() { _ = response.Body.Close() })
	}
	return response, err
}

func TestADownloadIsReadInPieces(t *testing.T) {
	l := &longLog{rows: 100_000}
	response, err := newSite(t, &resources{}, l, &operations{}).download("/r/1/log?run=100&format=csv")
	require.NoError(t, err)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	lines := strings.Split(string(body), "\r\n")
	require.Len(t, lines, l.rows+2, "a title, and nothing behind the last end of line")
	assert.Equal(t, `"1970-01-01T00:00:00Z","100","updated","'@odd ""7""","mailbox","","Display name: a, b → -c","","7",""`, lines[7])
	assert.EqualValues(t, 101, l.pieces.Load())
	assert.EqualValues(t, 1000, l.most.Load())
}

func TestADownloadThatBreaksIsNotTakenForTheWhole(t *testing.T) {
	s := newSite(t, &resources{}, &longLog{rows: 100_000, fails: 50_000}, &operations{})
	response, err := s.download("/r/1/log?run=100&format=csv")
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, response.Body)
	require.Error(t, err, "the answer has no end")

	s = newSite(t, &resources{}, &longLog{rows: 100_000, fails: 1}, &operations{})
	response, err = s.download("/r/1/log?run=100&format=csv")
	require.NoError(t, err)
	assert.Equal(t, http.StatusInternalServerError, response.StatusCode, "nothing was sent yet: a page says so")

	s = newSite(t, &resources{}, &longLog{rows: 1 << 40}, &operations{})
	response, err = s.download("/r/1/log?run=100&format=csv")
	require.NoError(t, err)
	_, err = io.CopyN(io.Discard, response.Body, 1<<20)
	require.NoError(t, err)
	s.web.Close()
	_, err = io.Copy(io.Discard, response.Body)
	require.Error(t, err, "the module's end is the download's")
}
