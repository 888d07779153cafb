package servers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Dovecot's programs, where Debian keeps them.
const dovecotServer, doveadm = "/usr/sbin/dovecot", "/usr/bin/doveadm"

// The exit codes of doveadm that are an answer, of those in sysexits(3).
const (
	noUser       = 67
	notPermitted = 77
	tempFail     = 75
)

// Dovecot is a server that knows the accounts of a MailStore and nothing else: it has no mail and opens no port.
type Dovecot struct {
	tb     testing.TB
	config string
}

// dovecotConfig has a line for every path, so that the server touches nothing of an installed one. %[1]s is its
// folder, %[2]s the driver for the accounts. Without the listener for penalties no login waits for those that failed
// before it, which takes 15 seconds soon.
const dovecotConfig = `
protocols = none
base_dir = %[1]s/run
state_dir = %[1]s/state
log_path = /dev/stderr
ssl = no
default_login_user = dovenull
default_internal_user = dovecot
default_internal_group = dovecot
disable_plaintext_auth = no
auth_failure_delay = 0
mail_uid = 2000
mail_gid = 2000
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
passdb {
  driver = %[2]s
  args = %[1]s/accounts.conf
}
userdb {
  driver = %[2]s
  args = %[1]s/accounts.conf
}
`

// Dovecot starts a server of the test's own and waits until it answers; it stops when the test ends.
func (m MailStore) Dovecot(tb testing.TB) *Dovecot {
	tb.Helper()
	return m.dovecot(tb, "", "")
}

// DovecotAsking is one with a script and a configuration that has it ask a panel, both as the panel makes them for Debian.
func (m MailStore) DovecotAsking(tb testing.TB, script, configuration string) *Dovecot {
	tb.Helper()
	return m.dovecot(tb, script, configuration)
}

func (m MailStore) dovecot(tb testing.TB, script, configuration string) *Dovecot {
	tb.Helper()
	// Not the test's folder: its name is too long for a socket's.
	dir, err := os.MkdirTemp("", "dv")
	if err != nil {
		tb.Fatalf("make a folder for dovecot: %v", err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil { // parts of dovecot pass through as another user
		tb.Fatalf("open dovecot's folder: %v", err)
	}
	driver, accounts := m.dovecotAccounts()
	d := &Dovecot{tb: tb, config: filepath.Join(dir, "dovecot.conf")}
	write(tb, d.config, fmt.Sprintf(dovecotConfig, dir, driver))
	write(tb, filepath.Join(dir, "accounts.conf"), accounts)
	if script != "" {
		lua := filepath.Join(dir, "sign-in.lua")
		write(tb, lua, script)
		if err := exec.CommandContext(tb.Context(), "chown", "root:dovecot", lua).Run(); err != nil { // as the page says
			tb.Fatalf("give the script to dovecot: %v", err)
		}
		if err := os.Chmod(lua, 0o640); err != nil {
			tb.Fatalf("give the script to dovecot: %v", err)
		}
		write(tb, d.config, fmt.Sprintf(dovecotConfig, dir, driver)+strings.NewReplacer("/etc/dovecot/account-resource-sign-in.lua", lua,
			"/etc/dovecot/dovecot-"+m.Kind+".conf", filepath.Join(dir, "accounts.conf")).Replace(configuration))
	}
	p, err := start("dovecot", dir, nil, dovecotServer, "-F", "-c", d.config)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(p.stop)
	ctx, cancel := context.WithTimeout(tb.Context(), 20*time.Second)
	defer cancel()
	err = p.await(ctx, func(ctx context.Context) error {
		_, _, err := d.user(ctx, "nobody@dovecot.invalid")
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// dovecotAccounts is how Dovecot reaches the store and what it asks there.
func (m MailStore) dovecotAccounts() (driver, config string) {
	if m.Kind == "ldap" {
		return "ldap", fmt.Sprintf("uris = %s\ndn = %s\ndnpass = %s\nbase = %s\nldap_version = 3", m.URI, m.BindDN,
			m.BindPassword, m.BaseDN) + dovecotLDAP
	}
	access := fmt.Sprintf("driver = %s\nconnect = host=%s port=%d dbname=%s user=%s", m.Kind, m.Host, m.Port, m.Database,
		m.User)
	if m.Password != "" {
		access += " password=" + m.Password
	}
	quote := map[string]string{"mysql": "`", "pgsql": `"`}[m.Kind]
	return "sql", access + strings.NewReplacer("[", quote, "]", quote).Replace(dovecotSQL)
}

// User is the home of a user whom Dovecot knows under the address.
func (d *Dovecot) User(address string) (home string, ok bool) {
	d.tb.Helper()
	home, ok, err := d.user(d.tb.Context(), address)
	if err != nil {
		d.tb.Fatal(err)
	}
	return home, ok
}

// user gives no error when Dovecot answers, be it that there is no such user.
func (d *Dovecot) user(ctx context.Context, address string) (home string, ok bool, err error) {
	out, code, err := d.doveadm(ctx, "user", "-f", "home", address)
	switch {
	case err == nil:
		return strings.TrimSuffix(out, "\n"), true, nil
	case code == noUser:
		return "", false, nil
	}
	return "", false, fmt.Errorf("ask dovecot for %q: %w", address, err)
}

// Login reports whether the password lets the user in to IMAP.
func (d *Dovecot) Login(address, password string) bool {
	d.tb.Helper()
	_, code, err := d.doveadm(d.tb.Context(), "auth", "test", "-x", "service=imap", address, password)
	// It says "not permitted" of a store that cannot be asked, too.
	if err != nil && (code != notPermitted || strings.Contains(err.Error(), "code=temp_fail")) {
		d.tb.Fatalf("try a password of %q: %v", address, err)
	}
	return err == nil
}

// refusal finds the code of a refused login in what doveadm says.
var refusal = regexp.MustCompile(`\bcode=(\w+)`)

// Refusal returns why a login to a service is refused: "wrong", or Dovecot's code such as temp_fail, user_disabled or pass_expired; empty
// where it is not.
func (d *Dovecot) Refusal(service, address, password string) string {
	d.tb.Helper()
	_, code, err := d.doveadm(d.tb.Context(), "auth", "test", "-x", "service="+service, "-x", "rip=192.0.2.7", address, password)
	switch {
	case err == nil:
		return ""
	case code != notPermitted && code != tempFail:
		d.tb.Fatalf("try a password of %q: %v", address, err)
	}
	if found := refusal.FindStringSubmatch(err.Error()); found != nil {
		return found[1]
	}
	return "wrong"
}

// doveadm runs the program; what it says is part of the error.
func (d *Dovecot) doveadm(ctx context.Context, args ...string) (out string, code int, err error) {
	text, err := exec.CommandContext(ctx, doveadm, append([]string{"-c", d.config}, args...)...).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return "", exit.ExitCode(), fmt.Errorf("doveadm: %w: %s%s", err, text, exit.Stderr)
	}
	if err != nil {
		return "", 0, fmt.Errorf("run doveadm: %w", err)
	}
	return string(text), 0, nil
}
