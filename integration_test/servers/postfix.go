package servers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// postmap is Postfix's program that asks a table, where Debian keeps it.
const postmap = "/usr/sbin/postmap"

// Postfix answers where mail goes, from the accounts of a MailStore. No server runs: Postfix's own client of the store
// is asked.
type Postfix struct {
	tb     testing.TB
	dir    string
	tables map[string][]string // by parameter, in order
}

// Postfix writes a configuration of its own for the store's lookups.
func (m MailStore) Postfix(tb testing.TB) *Postfix {
	tb.Helper()
	p := &Postfix{tb: tb, dir: tb.TempDir(), tables: map[string][]string{}}
	write(tb, filepath.Join(p.dir, "main.cf"), "compatibility_level = 3.6\nmeta_directory = "+p.dir+"\n")
	// Debian has the clients of the stores in packages, which Postfix loads by this list.
	write(tb, filepath.Join(p.dir, "dynamicmaps.cf"), fmt.Sprintf("%s\tpostfix-%[1]s.so\tdict_%[1]s_open\n", m.Kind))
	lookups := sqlLookups
	if m.Kind == "ldap" {
		lookups = ldapLookups
	}
	for i, l := range lookups {
		file := filepath.Join(p.dir, strconv.Itoa(i)+"-"+l.parameter+".cf")
		write(tb, file, m.postfixAccess(l.under)+l.settings+"\n")
		p.tables[l.parameter] = append(p.tables[l.parameter], m.Kind+":"+file)
	}
	return p
}

// postfixAccess is how Postfix reaches the store.
func (m MailStore) postfixAccess(under string) string {
	if m.Kind == "ldap" {
		return fmt.Sprintf("server_host = %s\nversion = 3\nbind = yes\nbind_dn = %s\nbind_pw = %s\nsearch_base = %s",
			m.URI, m.BindDN, m.BindPassword, under+m.BaseDN)
	}
	return fmt.Sprintf("hosts = %s\nuser = %s\npassword = %s\ndbname = %s",
		net.JoinHostPort(m.Host, strconv.Itoa(m.Port)), m.User, m.Password, m.Database)
}

// Domain reports whether mail for the domain ends here.
func (p *Postfix) Domain(name string) bool {
	p.tb.Helper()
	return p.ask("virtual_mailbox_domains", name) != ""
}

// Mailbox is the folder of an address that is a mailbox, and "" for any other.
func (p *Postfix) Mailbox(address string) string {
	p.tb.Helper()
	answer, _ := p.find("virtual_mailbox_maps", address)
	return answer
}

// SenderLogins are the logins that may send as the address, in order of the alphabet.
func (p *Postfix) SenderLogins(address string) []string {
	p.tb.Helper()
	answer, _ := p.find("smtpd_sender_login_maps", address)
	return list(answer)
}

// BCC is who gets a copy of what comes for the address.
func (p *Postfix) BCC(address string) []string {
	p.tb.Helper()
	answer, _ := p.find("recipient_bcc_maps", address)
	return list(answer)
}

// Recipients are the addresses that stand for this one, in order of the alphabet; none when it stands for itself.
func (p *Postfix) Recipients(address string) []string {
	p.tb.Helper()
	answer, extension := p.find("virtual_alias_maps", address)
	recipients := list(answer)
	for i, r := range recipients {
		if local, domain, ok := cut(r); ok {
			recipients[i] = local + extension + "@" + domain
		}
	}
	return recipients
}

// Expand is who gets a letter for the address in the end: Postfix asks for every recipient again until he stands for
// himself. Aliases that go round in a circle fail the test, as they fail the letter.
func (p *Postfix) Expand(address string) []string {
	p.tb.Helper()
	final := map[string]bool{}
	p.expand(strings.ToLower(address), nil, final)
	var recipients []string
	for r := range final {
		recipients = append(recipients, r)
	}
	slices.Sort(recipients)
	return recipients
}

func (p *Postfix) expand(address string, from []string, final map[string]bool) {
	p.tb.Helper()
	switch {
	case final[address]:
		return
	case slices.Contains(from, address):
		p.tb.Fatalf("the aliases go round in a circle: %s", strings.Join(append(from, address), ", "))
	}
	recipients := p.Recipients(address)
	// Before the others: one of them may lead back here.
	if recipients == nil || slices.Contains(recipients, address) {
		final[address] = true
	}
	for _, r := range recipients {
		p.expand(strings.ToLower(r), append(slices.Clip(from), address), final)
	}
}

// find asks as Postfix does: for the address, for the address without the extension behind its "+", and for its
// "@domain". The first answer is the one; an extension that was no part of the question comes back too.
func (p *Postfix) find(parameter, address string) (answer, extension string) {
	p.tb.Helper()
	if answer := p.ask(parameter, address); answer != "" {
		return answer, ""
	}
	local, domain, ok := cut(address)
	if !ok {
		return "", ""
	}
	if name, rest, extended := strings.Cut(local, "+"); extended && name != "" {
		if answer := p.ask(parameter, name+"@"+domain); answer != "" {
			return answer, "+" + rest
		}
	}
	return p.ask(parameter, "@"+domain), ""
}

// ask gives the answer of the parameter's first table that has one.
func (p *Postfix) ask(parameter, key string) string {
	p.tb.Helper()
	for _, table := range p.tables[parameter] {
		answer, err := p.query(p.tb.Context(), table, key)
		if err != nil {
			p.tb.Fatal(err)
		}
		if answer != "" {
			return answer
		}
	}
	return ""
}

// query asks one table. That it has no answer is told by exit code 1 and silence.
func (p *Postfix) query(ctx context.Context, table, key string) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, postmap, "-c", p.dir, "-q", key, table)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case stderr.Len() > 0:
		return "", fmt.Errorf("ask %s for %q: %s", table, key, stderr.String())
	case errors.As(err, &exit) && exit.ExitCode() == 1 && stdout.Len() == 0:
		return "", nil
	case err != nil:
		return "", fmt.Errorf("ask %s for %q: %w", table, key, err)
	}
	return strings.TrimSuffix(stdout.String(), "\n"), nil
}

// list sorts what an answer names.
func list(answer string) []string {
	if answer == "" {
		return nil
	}
	names := strings.Split(answer, ",")
	for i := range names {
		names[i] = strings.TrimSpace(names[i])
	}
	slices.Sort(names)
	return names
}

// cut divides an address at its last "@".
func cut(address string) (local, domain string, ok bool) {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return "", "", false
	}
	return address[:at], address[at+1:], true
}

// write makes a file that may hold a password.
func write(tb testing.TB, file, text string) {
	tb.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
}
