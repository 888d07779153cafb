package accountresource_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// serve has the host listen on a port of its own.
func (h *host) serve(wrap func(net.Listener) net.Listener) (address string) {
	h.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(h.t, err)
	ended := make(chan error, 1)
	h.app.Handler() // without a word to the console
	go func() { ended <- h.app.Server().Serve(wrap(listener)) }()
	h.t.Cleanup(func() {
		require.NoError(h.t, h.app.ShutdownWithTimeout(10*time.Second))
		require.NoError(h.t, <-ended)
	})
	return listener.Addr().String()
}

func plainly(l net.Listener) net.Listener { return l }

// silence is a directory that takes connections and says nothing.
type silence struct {
	port string
	open atomic.Int64 // connections
}

func newSilence(t *testing.T) *silence {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	s := &silence{port: strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.open.Add(1)
			go func() {
				_, _ = io.Copy(io.Discard, conn)
				_ = conn.Close()
				s.open.Add(-1)
			}()
		}
	}()
	return s
}

func (s *silence) form() url.Values {
	return url.Values{
		"domain": {hosted}, "host": {"127.0.0.1"}, "port": {s.port}, "tls": {""}, "timeout": {"300"}, "base_dn": {"DC=corp,DC=example"},
		"bind_dn": {"reader@corp.example"}, "bind_password": {"Secret-77"}, "ca_certificate": {""},
	}
}

// waiting is a client that waits for an answer.
type waiting struct {
	conn  net.Conn
	reply chan string // the status line; empty where there is none
}

// begin sends a form over a connection of its own, and waits until the directory is asked.
func (h *host) begin(conn net.Conn, path string, form url.Values) *waiting {
	h.t.Helper()
	body := form.Encode()
	_, err := io.WriteString(conn, "POST "+path+" HTTP/1.1\r\nHost: panel\r\nX-Who: global\r\nX-CSRF-Token: "+h.token()+
		"\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: "+strconv.Itoa(len(body))+"\r\n\r\n"+body)
	require.NoError(h.t, err)
	w := &waiting{conn, make(chan string, 1)}
	go func() {
		line := make([]byte, len("HTTP/1.1 503"))
		_, _ = io.ReadFull(conn, line)
		w.reply <- strings.TrimLeft(string(line), "\x00")
	}()
	return w
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	require.Eventually(t, holds, 20*time.Second, 5*time.Millisecond, what)
}

// trialForms are the forms that make the panel ask a directory.
func trialForms(s *silence) map[string]url.Values {
	csv, base := s.form(), s.form()
	csv.Set("format", "csv")
	base.Set("base_dn", "")
	return map[string]url.Values{"/test": s.form(), "/preview": s.form(), "/preview?csv": csv, "/propose": base, "/trust": s.form()}
}

func TestAFewTestsAndPreviewsAtOnce(t *testing.T) {
	h := newHost(t)
	base, address, dir := h.add(), h.serve(plainly), newSilence(t)
	forms := trialForms(dir)
	var open []*waiting
	for _, path := range []string{"/test", "/preview", "/propose", "/trust"} {
		open = append(open, h.begin(dial(t, address), base+path, forms[path]))
		eventually(t, "the directory is asked", func() bool { return dir.open.Load() == int64(len(open)) })
	}
	for path, form := range forms {
		path, _, _ = strings.Cut(path, "?")
		a := h.post(base+path, form)
		assert.Equal(t, http.StatusServiceUnavailable, a.status, path)
		assert.Equal(t, "10", a.header.Get("Retry-After"), path)
		assert.Contains(t, a.body, "tests and previews", path)
	}
	for i, one := range open {
		require.NoError(t, one.conn.Close())
		eventually(t, "it ends with its client", func() bool { return dir.open.Load() == int64(len(open)-i-1) })
	}
	one := h.begin(dial(t, address), base+"/preview", forms["/preview?csv"])
	eventually(t, "a slot is free again", func() bool { return dir.open.Load() == 1 })
	require.NoError(t, one.conn.Close())
	eventually(t, "a file ends with its client, too", func() bool { return dir.open.Load() == 0 })
}

// A client over TLS says good-bye before it closes, so that there is something to read.
func TestATestEndsWithAClientOverTLS(t *testing.T) {
	h := newHost(t)
	base, dir := h.add(), newSilence(t)
	address := h.serve(func(l net.Listener) net.Listener {
		return tls.NewListener(l, selfSigned(t))
	})
	conn := tls.Client(dial(t, address), &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // a test
	h.begin(conn, base+"/test", dir.form())
	eventually(t, "the directory is asked", func() bool { return dir.open.Load() == 1 })
	require.NoError(t, conn.Close())
	eventually(t, "it ends with its client", func() bool { return dir.open.Load() == 0 })
}

func TestClosingTheModuleEndsTestsAndPreviews(t *testing.T) {
	for path := range trialForms(&silence{}) {
		t.Run(path, func(t *testing.T) {
			h := newHost(t)
			base, address, dir := h.add(), h.serve(plainly), newSilence(t)
			form := trialForms(dir)[path]
			where, _, _ := strings.Cut(path, "?")
			one := h.begin(dial(t, address), base+where, form)
			eventually(t, "the directory is asked", func() bool { return dir.open.Load() == 1 })
			began := time.Now()
			require.NoError(t, h.module.Close(context.Background()))
			assert.Less(t, time.Since(began), 20*time.Second)
			eventually(t, "nothing is asked any more", func() bool { return dir.open.Load() == 0 })
			assert.Equal(t, "HTTP/1.1 503", <-one.reply)
			a := h.post(base+where, form)
			assert.Equal(t, http.StatusServiceUnavailable, a.status)
			assert.Contains(t, a.body, "stopping or restarting")
		})
	}
}

func TestAServerThatShutsDownDoesNotWaitForTests(t *testing.T) {
	h := newHost(t)
	base, address, dir := h.add(), h.serve(plainly), newSilence(t)
	one := h.begin(dial(t, address), base+"/test", dir.form())
	eventually(t, "the directory is asked", func() bool { return dir.open.Load() == 1 })
	require.NoError(t, h.app.ShutdownWithTimeout(5*time.Second))
	assert.Equal(t, "HTTP/1.1 503", <-one.reply)
}
