package account

import (
	"regexp"
	"strings"
)

// The panel's own pattern for the address of a user, in ASCII: no "+", "=" or "/" (extension delimiter, SRS, folder
// names), no quotes and no blanks. Longer last labels are valid for a domain but not for an address.
var addressPattern = regexp.MustCompile(`^[a-z0-9_\-#][a-z0-9_\-.&#]*@([a-z0-9_\-]+\.)+[a-z0-9\-]{2,15}$`)

// The limits of RFC 5321, section 4.5.3.1, in octets.
const (
	maxLocalPart = 64
	maxAddress   = 254
)

// ParseAddress brings the text to the form in which addresses are stored (trimmed, lower case) and tells whether it
// is one that a user may have here (rule R3).
func ParseAddress(text string) (address string, ok bool) {
	address = strings.ToLower(strings.TrimSpace(text))
	local, _, found := strings.Cut(address, "@")
	if !found || len(local) > maxLocalPart || len(address) > maxAddress {
		return address, false
	}
	return address, addressPattern.MatchString(address)
}

// Any address that an alias may send on to: a user's, and with the extension and other characters that mail servers
// elsewhere accept (the panel's own pattern for any address).
var recipientPattern = regexp.MustCompile(`^[a-z0-9_\-#][a-z0-9_\-.&#+=/]*@([a-z0-9_\-]+\.)+[a-z0-9\-]{2,15}$`)

// ParseRecipient is ParseAddress for an address that need not be one of a user here.
func ParseRecipient(text string) (address string, ok bool) {
	address = strings.ToLower(strings.TrimSpace(text))
	local, _, found := strings.Cut(address, "@")
	if !found || len(local) > maxLocalPart || len(address) > maxAddress {
		return address, false
	}
	return address, recipientPattern.MatchString(address)
}

// DomainOf is the part behind the last "@", or all of it where there is none.
func DomainOf(address string) string {
	return address[strings.LastIndexByte(address, '@')+1:]
}

// LocalPart is the part before the last "@".
func LocalPart(address string) string {
	if i := strings.LastIndexByte(address, '@'); i >= 0 {
		return address[:i]
	}
	return address
}
