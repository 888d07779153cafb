package plan

import (
	"encoding/binary"
	"strings"
	"time"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// A packed link is one text: numbers as varints, and texts behind their length. What many links have in common, such as the
// organizational unit of a DN or the folder of a domain's mail, is there once.

// packLink returns a confirmed link of the resource in the packed form, but for its resource, source ID and intent. It is valid
// until the next one is packed.
func (s *State) packLink(l *account.Link) []byte {
	p := packer{texts: s.texts, bytes: s.scratch[:0]}
	p.number(uint64(s.placeOf(l.Address)))
	p.shared(string(l.Kind))
	p.number(uint64(l.Shown))
	p.flags(l.Released, l.Parted, l.OffWaits)
	p.shared(string(l.Origin))
	p.shared(string(l.Off))
	p.dn(l.DN)
	p.text(l.Logon)
	p.text(l.EmployeeID)
	p.profile(&l.ExtraProfile)
	folder, home := splitHome(l.Home, account.DomainOf(l.Address))
	p.shared(folder)
	p.text(home)
	p.text(l.Made)
	p.number(uint64(max(l.Left.Unix(), 0)))
	s.scratch = p.bytes
	return p.bytes
}

// unpackLink returns the link that was packed.
func (s *State) unpackLink(number uint32) *account.Link {
	u := unpacker{texts: s.texts, rest: s.packed[number]}
	l := &account.Link{Resource: s.resource, Source: s.numbers.ids[number], State: account.Confirmed}
	l.Address = s.places[u.number()].address
	l.Kind = account.Kind(u.shared())
	l.Shown = account.Fields(u.number())
	u.flags(&l.Released, &l.Parted, &l.OffWaits)
	l.Origin = account.Origin(u.shared())
	l.Off = account.OffReason(u.shared())
	l.DN = u.dn()
	l.Logon = u.text()
	l.EmployeeID = u.text()
	u.profile(&l.ExtraProfile)
	folder := u.shared()
	l.Home = folder + u.text()
	l.Made = u.text()
	if at := u.number(); at > 0 {
		l.Left = time.Unix(int64(at), 0).UTC()
	}
	return l
}

// glance returns where and what the account of a packed link is.
func (s *State) glance(number uint32) (place uint32, kind account.Kind) {
	u := unpacker{texts: s.texts, rest: s.packed[number]}
	place = uint32(u.number())
	return place, account.Kind(u.shared())
}

// splitDN returns the first name of a DN, and the rest with the comma before it (RFC 4514).
func splitDN(dn string) (name, parent string) {
	for i := 0; i < len(dn); i++ {
		switch dn[i] {
		case '\\':
			i++
		case ',':
			return dn[:i], dn[i:]
		}
	}
	return dn, ""
}

// splitHome returns the folder of a domain's mail, and the rest of a mail directory.
func splitHome(home, domain string) (folder, rest string) {
	before, _, found := strings.Cut(home, "/"+domain+"/")
	if !found || domain == "" {
		return "", home
	}
	n := len(before) + len(domain) + 2
	return home[:n], home[n:]
}

// packer writes a packed text.
type packer struct {
	texts *texts
	bytes []byte
}

func (p *packer) number(n uint64) { p.bytes = binary.AppendUvarint(p.bytes, n) }

func (p *packer) shared(text string) { p.number(p.texts.share(text)) }

func (p *packer) text(text string) {
	p.number(uint64(len(text)))
	p.bytes = append(p.bytes, text...)
}

func (p *packer) dn(dn string) {
	name, parent := splitDN(dn)
	p.text(name)
	p.shared(parent)
}

func (p *packer) flags(flags ...bool) {
	var n uint64
	for i, flag := range flags {
		if flag {
			n |= 1 << i
		}
	}
	p.number(n)
}

func (p *packer) profile(values *account.Profile) {
	var filled account.Fields
	for f, v := range values {
		if v != "" {
			filled = filled.With(account.Field(f))
		}
	}
	p.number(uint64(filled))
	for _, v := range values {
		if v != "" {
			p.text(v)
		}
	}
}

// unpacker reads what a packer wrote.
type unpacker struct {
	texts *texts
	rest  string
}

func (u *unpacker) number() (n uint64) {
	for shift := 0; ; shift += 7 {
		b := u.rest[0]
		u.rest = u.rest[1:]
		n |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return n
		}
	}
}

func (u *unpacker) shared() string { return u.texts.list[u.number()] }

func (u *unpacker) text() (text string) {
	n := u.number()
	text, u.rest = u.rest[:n], u.rest[n:]
	return text
}

func (u *unpacker) dn() string {
	name := u.text()
	return name + u.shared()
}

func (u *unpacker) flags(flags ...*bool) {
	n := u.number()
	for i, flag := range flags {
		*flag = n&(1<<i) != 0
	}
}

func (u *unpacker) profile(values *account.Profile) {
	filled := account.Fields(u.number())
	for i := range values {
		if filled.Has(account.Field(i)) {
			values[i] = u.text()
		}
	}
}
