package backends

import (
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// Storage is the host's rule for where a new mailbox lies. The zero value of the switches is not iRedMail's default;
// take DefaultStorage and change it. (iRedAdmin's settings of the same names.)
type Storage struct {
	BaseDirectory   string // absolute; its last component is the storage node
	PrependDomain   bool   // example.com/ in front
	HashDomain      bool   // e/x/ before that
	Hash            bool   // a/n/n/ before the local part
	AppendTimestamp bool   // -2006.01.02.15.04.05 behind the local part, in the server's local time
}

// DefaultStorage is the rule of a fresh iRedMail installation.
func DefaultStorage() Storage {
	return Storage{BaseDirectory: "/var/vmail/vmail1", PrependDomain: true, Hash: true, AppendTimestamp: true}
}

// Under is the rule with the base directory that a domain has for itself. One that is empty, or would not do for a host, changes nothing.
func (s Storage) Under(base string) Storage {
	if base = path.Clean(base); path.IsAbs(base) && path.Dir(base) != "/" {
		s.BaseDirectory = base
	}
	return s
}

// Home is the absolute mail directory of a new mailbox, with a slash at the end. It is lower case throughout, since
// Dovecot lower-cases the path; the timestamp keeps a re-created account from inheriting old mail, and iRedAdmin's
// clean-up deletes only directories that end in one.
func (s Storage) Home(address string, now time.Time) string { return s.home(address, "", now) }

// Another is a mail directory for an address whose Home is taken: "ann-2" in place of "ann". n, from 2 on, tells it from
// others of that address. It ends in the time whatever the rule says.
func (s Storage) Another(address string, now time.Time, n int) string {
	s.AppendTimestamp = true
	return s.home(address, "-"+strconv.Itoa(n), now)
}

func (s Storage) home(address, suffix string, now time.Time) string {
	local, domain := account.LocalPart(address), account.DomainOf(address)
	var b strings.Builder
	b.WriteString(strings.TrimRight(s.BaseDirectory, "/") + "/")
	if s.HashDomain {
		label, _, _ := strings.Cut(domain, ".")
		b.WriteString(levels(label, 2, "-_.~"))
	}
	if s.PrependDomain || s.HashDomain {
		b.WriteString(domain + "/")
	}
	if s.Hash {
		b.WriteString(levels(local, 3, ".~"))
	}
	b.WriteString(local + suffix)
	if s.AppendTimestamp {
		b.WriteString(now.Format("-2006.01.02.15.04.05"))
	}
	return strings.ToLower(b.String()) + "/"
}

// levels makes n one-character directories of the first characters of name; what is missing or one of unfit becomes an
// underscore.
func levels(name string, n int, unfit string) string {
	var b strings.Builder
	for i := range n {
		c := byte('_')
		if i < len(name) && strings.IndexByte(unfit, name[i]) < 0 {
			c = name[i]
		}
		b.WriteByte(c)
		b.WriteByte('/')
	}
	return b.String()
}
