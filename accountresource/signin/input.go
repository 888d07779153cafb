package signin

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

const (
	maxAddress  = 320 // bytes: 64 of the local part, @, 255 of the domain (RFC 5321, 4.5.3.1)
	maxPassword = 256 // bytes; Active Directory takes 256 characters at most
)

// canonical returns the address as links have it; false if it cannot be one.
func canonical(address string) (string, bool) {
	if len(address) > 2*maxAddress {
		return "", false
	}
	address = strings.ToLower(strings.TrimSpace(address))
	local, domain, found := strings.Cut(address, "@")
	if !found || local == "" || domain == "" || len(address) > maxAddress || strings.ContainsFunc(address, unfit) {
		return "", false
	}
	return address, true
}

// unfit reports whether no mailbox has this in its address (rule R3 has ASCII only).
func unfit(r rune) bool { return r <= ' ' || r >= 0x7f }

// sendable returns the password as the directory takes it, in UTF-8; false if it must not be sent. An empty password is never
// sent: a bind with one is anonymous, and succeeds (RFC 4513, 5.1.2). What is not UTF-8 is read as Windows-1252, the
// superset of Latin-1 that old mail clients send.
func sendable(password string) (string, bool) {
	if password == "" || len(password) > maxPassword || strings.ContainsRune(password, 0) {
		return "", false
	}
	if utf8.ValidString(password) {
		return password, true
	}
	decoded, err := charmap.Windows1252.NewDecoder().String(password)
	return decoded, err == nil && len(decoded) <= 2*maxPassword
}
