package web_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/web"
)

const endless = "/r/1/log?run=100&format=csv"

// idle asks for a download and reads its beginning only.
func (s *site) idle(path string) net.Conn {
	s.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = conn.Close() })
	_, err = io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: panel\r\n\r\n")
	require.NoError(s.t, err)
	status := make([]byte, len("HTTP/1.1 200"))
	_, err = io.ReadFull(conn, status)
	require.NoError(s.t, err)
	require.Equal(s.t, "HTTP/1.1 200", string(status))
	return conn
}

// status asks for a download and leaves.
func (s *site) status(path string) int {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path, nil)
	require.NoError(s.t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(s.t, err)
	defer response.Body.Close()
	return response.StatusCode
}

func TestDownloadsAtOnceAreFew(t *testing.T) {
	s := newSite(t, &resources{}, &longLog{rows: 1 << 40}, &operations{})
	var open []net.Conn
	for range 8 {
		open = append(open, s.idle(endless))
	}
	assert.Equal(t, http.StatusServiceUnavailable, s.status(endless))
	assert.Equal(t, http.StatusServiceUnavailable, s.status("/r/1/log?account=a@b.example&format=csv"))
	require.NoError(t, open[0].Close())
	require.Eventually(t, func() bool { return s.status(endless) == http.StatusOK }, 20*time.Second, 10*time.Millisecond, "it ends with its client")
	began := time.Now()
	s.web.Close()
	assert.Less(t, time.Since(began), 20*time.Second, "those that nobody reads do not hold it up")
	assert.Equal(t, http.StatusServiceUnavailable, s.status(endless))
}

func TestAClientThatTakesNothingIsDropped(t *testing.T) {
	s := newSiteWith(t, web.Config{Auth: everybody{}, Resources: &resources{}, History: &longLog{rows: 1 << 40}, Operations: &operations{}},
		100*time.Millisecond)
	for range 8 {
		s.idle(endless)
	}
	require.Eventually(t, func() bool { return s.status(endless) == http.StatusOK }, 20*time.Second, 10*time.Millisecond)
}
