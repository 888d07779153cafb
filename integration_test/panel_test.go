//go:build integration

package integration_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The example panel as a child process, driven over HTTP as a browser without script would.
type panel struct {
	tb      testing.TB
	url     string
	command *exec.Cmd
	client  *http.Client
	log     *syncBuffer
	ended   chan struct{} // closed when the process has ended
	secrets []string      // must never be seen in the log
}

const (
	adminName     = "admin@panel.example"
	adminPassword = "panel-admin-password"
	patience      = 60 * time.Second // for anything that is waited for; a slow machine under -race needs much of it
)

// builds makes each kind of panel binary once for all tests of the process.
type builds struct {
	mu    sync.Mutex
	dir   string
	paths map[bool]string
}

var binaries = &builds{paths: map[bool]string{}}

// TestMain removes the binaries that tests have built.
func TestMain(m *testing.M) {
	code := m.Run()
	_ = os.RemoveAll(binaries.dir)
	os.Exit(code)
}

func (b *builds) panel(tb testing.TB, race bool) string {
	tb.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if path := b.paths[race]; path != "" {
		return path
	}
	if b.dir == "" {
		dir, err := os.MkdirTemp("", "account-resource-panel-")
		require.NoError(tb, err)
		b.dir = dir
	}
	path := filepath.Join(b.dir, fmt.Sprintf("panel-race-%t", race))
	args := []string{"build", "-o", path}
	if race {
		args = append(args, "-race")
	}
	build := exec.Command("go", append(args, "./examples/panel")...)
	build.Dir = ".."
	out, err := build.CombinedOutput()
	require.NoError(tb, err, "build the panel: %s", out)
	b.paths[race] = path
	return path
}

// settings are the panel's environment, over what every panel of the tests has.
type settings map[string]string

// startPanel runs the panel with the race detector, signs in as its global admin and stops it when the test ends.
func startPanel(tb testing.TB, s settings, secrets ...string) *panel {
	tb.Helper()
	return startBinary(tb, binaries.panel(tb, true), s, secrets...)
}

func startBinary(tb testing.TB, binary string, s settings, secrets ...string) *panel {
	tb.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(tb, err)
	p := &panel{
		tb: tb, client: &http.Client{Jar: jar, Timeout: patience}, log: &syncBuffer{}, ended: make(chan struct{}),
		secrets: append([]string{adminPassword}, secrets...),
	}
	dir := tb.TempDir()
	environment := settings{
		"PANEL_LISTEN": "127.0.0.1:0", "PANEL_ADMIN": adminName, "PANEL_PASSWORD": adminPassword, "PANEL_DIRECTORY": "none",
		"PANEL_BACKEND": "sqlite", "PANEL_DB": filepath.Join(dir, "panel.db"), "PANEL_SECRET_KEY": strings.Repeat("5e", 32),
		"PATH": os.Getenv("PATH"), "HOME": dir, "TMPDIR": dir,
		"TZ": "Asia/Tokyo", // not UTC, so that a time written in the wrong zone is noticed
	}
	p.command = exec.Command(binary)
	p.command.Dir, p.command.Stdout, p.command.Stderr = dir, p.log, p.log
	for name, value := range s {
		environment[name] = value
	}
	for name, value := range environment {
		p.command.Env = append(p.command.Env, name+"="+value)
	}
	require.NoError(tb, p.command.Start())
	go func() {
		_ = p.command.Wait() // stop looks at how it ended
		close(p.ended)
	}()
	tb.Cleanup(p.finish)
	p.awaitUp()
	p.signIn()
	return p
}

// said is where a panel says that it is to be found.
var said = regexp.MustCompile(`Panel +(http://\S+)`)

func (p *panel) awaitUp() {
	p.tb.Helper()
	p.eventually("the panel answers", func() bool {
		select {
		case <-p.ended:
			require.FailNow(p.tb, "the panel ended", p.log.String())
		default:
		}
		at := said.FindStringSubmatch(p.log.String())
		if at == nil {
			return false
		}
		p.url = at[1]
		response, err := p.client.Get(p.url + "/login")
		if err != nil {
			return false
		}
		_ = response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
}

func (p *panel) signIn() {
	p.tb.Helper()
	form := p.get("/login").form(p.tb, "/login")
	form.set("username", adminName).set("password", adminPassword)
	answer := p.submit(form)
	require.Equal(p.tb, http.StatusOK, answer.status, answer.body)
	require.NotEqual(p.tb, "/login", answer.path, "still at the login: %s", answer.body)
}

// stop asks the panel to end and waits for it; it gives the exit code.
func (p *panel) stop() int {
	p.tb.Helper()
	_ = p.command.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(patience):
		_ = p.command.Process.Kill()
		<-p.ended
		p.tb.Errorf("the panel did not end within %s of SIGTERM", patience)
	}
	return p.command.ProcessState.ExitCode()
}

// finish looks at what every test must leave behind: a panel that ends cleanly, without a race and with no secret
// in its log.
func (p *panel) finish() {
	select {
	case <-p.ended:
	default:
		if code := p.stop(); code != 0 {
			p.tb.Errorf("the panel ended with code %d", code)
		}
	}
	log := p.log.String()
	for _, secret := range p.secrets {
		if strings.Contains(log, secret) {
			p.tb.Errorf("a password is in the panel's log")
		}
	}
	for _, trouble := range []string{"DATA RACE", "panic:", "goroutine "} {
		if strings.Contains(log, trouble) {
			p.tb.Errorf("the panel's log has %q", trouble)
		}
	}
	if p.tb.Failed() {
		p.tb.Logf("the panel's log:\n%s", log)
	}
}

func (p *panel) get(path string) *document {
	p.tb.Helper()
	request, err := http.NewRequestWithContext(p.tb.Context(), http.MethodGet, p.url+path, nil)
	require.NoError(p.tb, err)
	return p.send(request)
}

// page is a GET that must succeed.
func (p *panel) page(path string) *document {
	p.tb.Helper()
	d := p.get(path)
	require.Equal(p.tb, http.StatusOK, d.status, "GET %s: %s", path, d.body)
	return d
}

// submit sends a form as the browser's submit button does and follows the redirect.
func (p *panel) submit(f *form) *document {
	p.tb.Helper()
	request, err := http.NewRequestWithContext(p.tb.Context(), http.MethodPost, p.url+f.action,
		strings.NewReader(f.values.Encode()))
	require.NoError(p.tb, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Origin", p.url)
	request.Header.Set("Referer", p.url+f.page)
	return p.send(request)
}

func (p *panel) send(request *http.Request) *document {
	p.tb.Helper()
	response, err := p.client.Do(request)
	require.NoError(p.tb, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(p.tb, err)
	d := &document{status: response.StatusCode, path: response.Request.URL.Path, query: response.Request.URL.Query(),
		header: response.Header, body: string(body)}
	if strings.HasPrefix(response.Header.Get("Content-Type"), "text/html") {
		d.read(p.tb)
	}
	for _, secret := range p.secrets {
		require.NotContains(p.tb, d.body, secret, "a password came back to the browser")
		require.NotContains(p.tb, d.body, url.QueryEscape(secret), "a password came back to the browser")
	}
	return d
}

// eventually asks until the condition holds.
func (p *panel) eventually(what string, condition func() bool) {
	p.tb.Helper()
	eventually(p.tb, what, condition)
}

func eventually(tb testing.TB, what string, condition func() bool) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), patience)
	defer cancel()
	const soon, seldom = 10 * time.Millisecond, 250 * time.Millisecond // asking often slows down what is waited for
	for wait := soon; !condition(); wait = min(wait*5/4, seldom) {
		select {
		case <-ctx.Done():
			require.FailNow(tb, "waited in vain: "+what)
		case <-time.After(wait):
		}
	}
}

// unique makes a name that no other test uses, fit for a label of a domain.
func unique() string { return strings.ToLower(rand.Text()[:10]) }

// syncBuffer collects what a process prints while others look at it.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
