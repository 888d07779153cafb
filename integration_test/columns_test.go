//go:build integration

package integration_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The main job: a thousand users of a real Active Directory stand in a real MariaDB with every column that Postfix
// and Dovecot need, and a second run has nothing to say and nothing to write.
func TestR5_ThousandUsersOfSambaBecomeMailboxesInMariaDB(t *testing.T) {
	ad, mail := newPeople(t), newMail(t)
	const n = 1000
	ad.crowd(n, mail.domain)
	p := startPanel(t, mail.settings(), ad.directory.Password)
	s := p.connected("samba", sambaConnection(ad.directory, ad.unit, mail.domain))

	began := time.Now()
	first := s.succeeded()
	ended := time.Now()
	assert.Equal(t, run{Created: n}, first.counts())
	assert.Equal(t, []string{"full", "manual"}, []string{first.Mode, first.Trigger})

	mailboxes := mail.rows("SELECT * FROM mailbox ORDER BY username")
	require.Len(t, mailboxes, n)
	homes := map[string]bool{}
	for i, m := range mailboxes {
		checkNewMailbox(t, mail.domain, i+1, m, began, ended)
		homes[m["maildir"]] = true
	}
	require.Len(t, homes, n, "no two mailboxes share a directory")
	checkSelfRows(t, mail, n)
	assert.Zero(t, mail.count("SELECT COUNT(*) FROM alias")+mail.count("SELECT COUNT(*) FROM used_quota")+
		mail.count("SELECT COUNT(*) FROM domain_admins"), "nothing else was written")

	written := mail.writes()
	assert.LessOrEqual(t, written, 8*(n/500), "a few statements for each 500 accounts")
	second := s.succeeded()
	assert.Equal(t, run{}, second.counts(), "a second run has nothing to do")
	assert.Equal(t, written, mail.writes(), "a second run sends no writing statement to the mail database")
	assert.Equal(t, mailboxes, mail.rows("SELECT * FROM mailbox ORDER BY username"))
}

// checkNewMailbox compares a row of table mailbox with what user i of a crowd must have got.
func checkNewMailbox(t *testing.T, domain string, i int, m row, began, ended time.Time) {
	t.Helper()
	local := fmt.Sprintf("user%04d", i)
	address := local + "@" + domain
	want := row{
		"username": address, "domain": domain,
		"name": fmt.Sprintf("Person Number %d", i), "first_name": fmt.Sprintf("Given%d", i),
		"last_name": fmt.Sprintf("Surname%d", i), "employeeid": fmt.Sprintf("E-%05d", i),
		"mobile": fmt.Sprintf("+49 170 %07d", i), "telephone": fmt.Sprintf("+49 30 %07d", i),
		"storagebasedirectory": "/var/vmail", "storagenode": "vmail1", "mailboxformat": "maildir",
		"mailboxfolder": "Maildir", "quota": "1024", "language": "de_DE", "active": "1", "isadmin": "0",
		"isglobaladmin": "0", "allow_nets": "NULL", "transport": "", "recovery_email": "",
		"birthday": "0001-01-01", "expired": "9999-12-31 00:00:00", "settings": "timezone:Asia/Tokyo;",
		// The domain switches these two off for new users.
		"enablepop3": "0", "enablesogo": "0",
	}
	for column, value := range m {
		if strings.HasPrefix(column, "enable") && want[column] == "" {
			want[column] = "1"
			if value == "y" {
				want[column] = "y" // SOGo's are characters
			}
		}
	}
	for column, value := range want {
		require.Equal(t, value, m[column], "%s of %s", column, address)
	}
	require.Regexp(t, `^\{[A-Z0-9.-]+\}\S+$`, m["password"], address)
	for _, column := range []string{"passwordlastchange", "created", "modified"} {
		checkTime(t, address+" "+column, m[column], time.DateTime, time.UTC, began, ended)
	}
	home := regexp.MustCompile(`^` + regexp.QuoteMeta(domain) + `/u/s/e/` + local + `-(.{19})/$`)
	parts := home.FindStringSubmatch(m["maildir"])
	require.NotNil(t, parts, m["maildir"])
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	require.NoError(t, err)
	checkTime(t, address+" maildir", parts[1], "2006.01.02.15.04.05", tokyo, began, ended)
}

func checkTime(t *testing.T, what, text, layout string, zone *time.Location, from, to time.Time) {
	t.Helper()
	at, err := time.ParseInLocation(layout, text, zone)
	require.NoError(t, err, what)
	require.WithinRange(t, at, from.Add(-time.Second), to.Add(time.Second), what)
}

// checkSelfRows wants for each mailbox the one row that lets Postfix deliver to it.
func checkSelfRows(t *testing.T, mail *mail, n int) {
	t.Helper()
	rows := mail.rows("SELECT * FROM forwardings ORDER BY address")
	require.Len(t, rows, n)
	for i, r := range rows {
		delete(r, "id")
		address := fmt.Sprintf("user%04d@%s", i+1, mail.domain)
		require.Equal(t, row{
			"address": address, "forwarding": address, "domain": mail.domain, "dest_domain": mail.domain,
			"is_forwarding": "1", "is_alias": "0", "is_list": "0", "is_maillist": "0", "active": "1",
		}, r)
	}
}

// Names as people have them, and as nobody should.
func TestOddNamesArriveUnharmed(t *testing.T) {
	ad, mail := newPeople(t), newMail(t)
	names := map[string]string{
		"quotes":   `O'Brien "Bob" \ backslash ` + "`tick`",
		"commas":   `Doe, John; Jr. + #1 = <none>`,
		"hash":     `#hash at the beginning`,
		"emoji":    `Fox 🦊 Family 👨‍👩‍👧‍👦 🏳️‍🌈`,
		"japanese": `山田 太郎（やまだ たろう）`,
		"rtl":      "שלום עולם \u200f محمد بن علي",
		"combined": "Zoe\u0308 Å\u030a ﬁ ß İı",
		"html":     `<script>alert("x")</script> &amp; <b>bold</b>`,
		"sql":      `'); DROP TABLE mailbox; -- %s {{.}} ${7*7}`,
		"long":     strings.Repeat("長い名前", 63) + "end", // 255 characters
		"longest":  strings.Repeat("x", 255),
	}
	for local, name := range names {
		// The DN has the hard characters too, as far as 64 of them go.
		cn := local + " " + string([]rune(name)[:min(len([]rune(name)), 40)])
		ad.add(strings.TrimSpace(cn), local+"@"+mail.domain, attributes{"displayName": name})
	}
	p := startPanel(t, mail.settings(), ad.directory.Password)
	s := p.addSource("samba")
	connection := sambaConnection(ad.directory, ad.unit, mail.domain)
	s.saved("connection", connection)
	sample := s.test(connection)
	require.Equal(t, 200, sample.status, sample.text)
	shown := 0
	for _, name := range names {
		if strings.Contains(sample.text, strings.Join(strings.Fields(name), " ")) {
			shown++
		}
	}
	assert.Equal(t, 10, shown, "the test shows ten users with their names as they are")
	s.press("enable")
	r := s.succeeded()
	require.Equal(t, run{Created: len(names)}, r.counts())
	for local, name := range names {
		assert.Equal(t, name, mail.mailbox(local)["name"])
	}
	assert.Equal(t, run{}, s.succeeded().counts(), "what was stored compares equal")

	for _, page := range []*document{sample, s.log(r, "")} {
		assert.NotContains(t, page.body, `<script>alert(`)
		assert.NotContains(t, page.body, `<b>bold`)
	}
	assert.Contains(t, s.log(r, "&q=japanese").text, "山田 太郎")
}
