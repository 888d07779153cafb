package main

import (
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A test starts this binary again as the panel itself.
func TestMain(m *testing.M) {
	if os.Getenv("TEST_AS_PANEL") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// child is a panel in a process of its own.
type child struct {
	t       *testing.T
	command *exec.Cmd
	output  *bufio.Reader
	folder  string // where it finds the folder for temporary files
}

func startChild(t *testing.T, environment ...string) *child {
	t.Helper()
	p := &child{t: t, folder: t.TempDir()}
	p.command = exec.CommandContext(t.Context(), os.Args[0])
	p.command.Dir = t.TempDir()
	p.command.Env = append([]string{"TEST_AS_PANEL=yes", "TMPDIR=" + p.folder, "PANEL_LISTEN=127.0.0.1:0"}, environment...)
	p.command.Stderr = t.Output()
	output, err := p.command.StdoutPipe()
	require.NoError(t, err)
	p.output = bufio.NewReader(output)
	require.NoError(t, p.command.Start())
	return p
}

// read returns the panel's output up to and with a line that the pattern fits.
func (p *child) read(pattern string) (text string, found []string) {
	p.t.Helper()
	for {
		line, err := p.output.ReadString('\n')
		require.NoError(p.t, err, "no %s in: %s", pattern, text)
		text += line
		if found = regexp.MustCompile(pattern).FindStringSubmatch(line); found != nil {
			return text, found
		}
	}
}

// stop asks the panel to end and waits until it has.
func (p *child) stop() {
	p.t.Helper()
	require.NoError(p.t, p.command.Process.Signal(syscall.SIGTERM))
	_, err := io.Copy(io.Discard, p.output)
	require.NoError(p.t, err)
	require.NoError(p.t, p.command.Wait(), "the panel ends with success")
}

// files returns the modes of everything in the folder for temporary files, by path.
func (p *child) files() map[string]fs.FileMode {
	p.t.Helper()
	found := make(map[string]fs.FileMode)
	require.NoError(p.t, filepath.WalkDir(p.folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == p.folder {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			found[strings.TrimPrefix(path, p.folder+"/")] = info.Mode()
		}
		return err
	}))
	return found
}

// assertPrivate fails unless everything is in one folder of the panel's user alone, with a name that cannot be guessed.
func (p *child) assertPrivate() {
	p.t.Helper()
	files := p.files()
	assert.Greater(p.t, len(files), 1)
	for path, mode := range files {
		folder, _, inside := strings.Cut(path, "/")
		assert.Regexp(p.t, `^account-resource-panel-\d{6,}$`, folder)
		if !inside {
			assert.Equal(p.t, fs.ModeDir|0o700, mode, path)
		}
	}
}

func TestTemporaryFilesArePrivateAndRemoved(t *testing.T) {
	for name, environment := range map[string][]string{
		"the demo":       nil,
		"a panel set up": {"PANEL_DB=panel.db"},
	} {
		t.Run(name, func(t *testing.T) {
			p := startChild(t, environment...)
			said, at := p.read(`Panel +(http://\S+)`)
			p.assertPrivate()
			if file := regexp.MustCompile(`the content of (\S+)`).FindStringSubmatch(said); file != nil {
				content, err := os.ReadFile(file[1])
				require.NoError(t, err)
				assert.Contains(t, string(content), "BEGIN CERTIFICATE")
			}
			response, err := http.Get(at[1] + "/login")
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			assert.Equal(t, http.StatusOK, response.StatusCode)
			p.stop()
			assert.Empty(t, p.files(), "after the end")
		})
	}
}

func TestFormLargerThanTheLimit(t *testing.T) {
	p := startChild(t, "PANEL_DIRECTORY=none")
	_, at := p.read(`Panel +http://(\S+)`)
	for length, status := range map[int]int{4 << 20: http.StatusUnauthorized, 4<<20 + 1: http.StatusRequestEntityTooLarge} {
		connection, err := net.Dial("tcp", at[1])
		require.NoError(t, err)
		_, err = fmt.Fprintf(connection, "POST /login HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded\r\n"+
			"Content-Length: %d\r\n\r\n", at[1], length)
		require.NoError(t, err)
		if status == http.StatusUnauthorized { // the other one is answered before it is sent
			_, err = io.WriteString(connection, "username="+strings.Repeat("a", length-len("username=")))
			require.NoError(t, err)
		}
		response, err := http.ReadResponse(bufio.NewReader(connection), nil)
		require.NoError(t, err)
		assert.Equal(t, status, response.StatusCode, "%d bytes", length)
		require.NoError(t, response.Body.Close())
		require.NoError(t, connection.Close())
	}
	p.stop()
}
