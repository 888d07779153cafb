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

	"github.com/mailpanel/account-resource/accountresource/directory/fakead"
)

// The panel's process stays small, and sends few statements, whatever the size of the directory. It runs without the
// race detector, which takes memory of its own; the directory is in the test's process.
func TestTwentyThousandUsersTakeLittleMemoryAndFewStatements(t *testing.T) {
	const users, megabytes = 20_000, 120
	const leastBatch = 100 // batches follow the mail store, down to this where it is slow, as on a busy machine (run/pace.go)
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
	assert.LessOrEqual(t, mail.writes(), 2*users/leastBatch, "two inserts for each batch")
	before := mail.writes()
	require.Equal(t, run{}, s.succeeded().counts())
	assert.Equal(t, before, mail.writes(), "nothing changed, so nothing is written")
	peak := peakMemory(t, p.command.Process.Pid)
	t.Logf("%d users: %d MB at most, %d writing statements", users, peak>>20, before)
	assert.Less(t, peak, megabytes<<20)
}

// A group of fifty thousand comes in ranges of 1,500, as Windows gives it, and is one alias; a membership that changes is
// one alias that changes.
func TestR11_AGroupOfFiftyThousandMembers(t *testing.T) {
	t.Parallel()
	const users, megabytes = 50_000, 300
	mail := newMail(t)
	d := newBenchDirectory(t, users, mail.domain)
	everybody := "CN=Everybody," + d.ad.StaffOU()
	require.NoError(t, d.ad.Add(everybody, fakead.Attributes{
		"objectClass": {"group"}, "mail": {"everybody@" + mail.domain}, "member": d.ad.People(),
	}))
	p := startBinary(t, binaries.panel(t, false), mail.settings(), d.bind.BindPassword.Reveal())
	s := p.connected("activedirectory", values{
		"domain": mail.domain, "host": "127.0.0.1", "port": strconv.Itoa(d.bind.Port), "tls": "on", "timeout": "60",
		"base_dn": d.bind.BaseDN, "bind_dn": d.bind.BindDN, "bind_password": d.bind.BindPassword.Reveal(),
		"ca_certificate": string(d.ad.CA()),
	})
	s.saved("replication", values{"groups": "on"})
	require.Equal(t, run{Created: users + benchGroups + 1}, s.succeeded().counts())
	members := "SELECT COUNT(*) FROM forwardings WHERE is_list = 1 AND address = ?"
	active := mail.count("SELECT COUNT(*) FROM mailbox WHERE active = 1")
	require.Equal(t, active, mail.count(members, "everybody@"+mail.domain), "everybody who is not switched off")

	require.NoError(t, d.ad.Modify(everybody, fakead.Attributes{"member": d.ad.People()[1:]}))
	before := mail.writes()
	require.Equal(t, run{Updated: 1}, s.succeeded().counts())
	assert.LessOrEqual(t, mail.writes()-before, 2, "one alias is written, and nothing else")
	assert.Equal(t, active-1, mail.count(members, "everybody@"+mail.domain))
	peak := peakMemory(t, p.command.Process.Pid)
	t.Logf("%d members: %d MB at most", users, peak>>20)
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
