//go:build integration

package integration_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The panel's process stays small, and sends few statements, whatever the size of the directory. It runs without the
// race detector, which takes memory of its own; the directory is in the test's process.
func TestTwentyThousandUsersTakeLittleMemoryAndFewStatements(t *testing.T) {
	const users, megabytes = 20_000, 150
	mail := newMail(t)
	d := newBenchDirectory(t, users, mail.domain)
	p := startBinary(t, binaries.panel(t, false), mail.settings(), d.bind.BindPassword.Reveal())
	s := p.connected("activedirectory", values{
		"domain": mail.domain, "host": "127.0.0.1", "port": strconv.Itoa(d.bind.Port), "tls": "on", "timeout": "60",
		"base_dn": d.bind.BaseDN, "bind_dn": d.bind.BindDN, "bind_password": d.bind.BindPassword.Reveal(),
		"ca_certificate": string(d.ad.CA()),
	})
	require.Equal(t, run{Created: users}, s.succeeded().counts())
	require.Equal(t, users, mail.count("SELECT COUNT(*) FROM mailbox"))
	// Two inserts for each batch of 500.
	assert.LessOrEqual(t, mail.writes(), 2*users/500+10)
	before := mail.writes()
	require.Equal(t, run{}, s.succeeded().counts())
	assert.Equal(t, before, mail.writes(), "nothing changed, so nothing is written")
	peak := peakMemory(t, p.command.Process.Pid)
	t.Logf("%d users: %d MB at most, %d writing statements", users, peak>>20, before)
	assert.Less(t, peak, megabytes<<20)
}

// peakMemory is the most memory a process has had, in bytes (VmHWM, proc_pid_status(5)).
func peakMemory(t *testing.T, pid int) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	require.NoError(t, err)
	_, after, found := strings.Cut(string(status), "VmHWM:")
	require.True(t, found)
	n, err := strconv.Atoi(strings.Fields(after)[0])
	require.NoError(t, err)
	return n << 10
}
