package directory

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// HostPolicy says which directory servers may be connected to. The zero value is the default: every address except
// loopback, link-local, unspecified and multicast ones, which lead to this machine and to services beside it.
type HostPolicy struct {
	restricted bool // by entries
	anyName    bool
	names      []string       // in lower case
	suffixes   []string       // each with its dot in front
	prefixes   []netip.Prefix // addresses are prefixes of full length
}

// numericEnd matches names that end in a number: they are IP addresses with a mistake.
var numericEnd = regexp.MustCompile(`(^|\.)[0-9]+$`)

// ParseHosts makes a policy of entries such as "dc1.corp.example", "*.corp.example" (every name below), "*" (every
// name), "192.0.2.7" and "10.0.0.0/8". No entries are the default policy. An error says which entry is malformed, or could
// never allow anything.
func ParseHosts(entries ...string) (HostPolicy, error) {
	p := HostPolicy{restricted: len(entries) > 0}
	for _, entry := range entries {
		if err := p.add(strings.TrimSpace(entry)); err != nil {
			return HostPolicy{}, fmt.Errorf("directory host %q: %w", entry, err)
		}
	}
	return p, nil
}

func (p *HostPolicy) add(entry string) error {
	if entry == "*" {
		p.anyName = true
		return nil
	}
	if address, err := netip.ParseAddr(entry); err == nil {
		if address.Zone() != "" {
			return fmt.Errorf("an address with a zone cannot be compared; leave out %%%s", address.Zone())
		}
		address = address.Unmap()
		p.prefixes = append(p.prefixes, netip.PrefixFrom(address, address.BitLen()))
		return nil
	}
	if strings.Contains(entry, "/") {
		prefix, err := netip.ParsePrefix(entry)
		if err != nil {
			return fmt.Errorf("not a range of addresses such as 10.0.0.0/8: %w", err)
		}
		if prefix.Addr().Is4In6() {
			return errors.New("write IPv4 addresses as such, such as 10.0.0.0/8")
		}
		p.prefixes = append(p.prefixes, prefix.Masked())
		return nil
	}
	name, below := strings.CutPrefix(canonicalName(entry), "*.")
	if !hostPattern.MatchString(name) || numericEnd.MatchString(name) {
		return errors.New("neither a host name, *.domain, an IP address nor a range of addresses")
	}
	if name == "localhost" || strings.HasSuffix(name, ".localhost") { // this machine (RFC 6761, section 6.3)
		return errors.New("a name does not allow loopback addresses; write 127.0.0.0/8 and ::1")
	}
	if below {
		p.suffixes = append(p.suffixes, "."+name)
	} else {
		p.names = append(p.names, name)
	}
	return nil
}

func canonicalName(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

// Allows reports whether a connection may be made to address, which host resolved to. host is what the settings name,
// without brackets. With entries, the name or the address must match one of them. Loopback and link-local addresses
// need an address entry of their own ("*", 0.0.0.0/0 and ::/0 do not cover them); unspecified and multicast ones are
// never allowed. It fits Options.Allowed.
func (p HostPolicy) Allows(host string, address netip.Addr) bool {
	address = address.Unmap().WithZone("")
	if !address.IsValid() || address.IsUnspecified() || address.IsMulticast() {
		return false
	}
	special := address.IsLoopback() || address.IsLinkLocalUnicast()
	if !p.restricted {
		return !special
	}
	covered := func(prefix netip.Prefix) bool {
		return prefix.Contains(address) && (!special || prefix.Bits() > 0)
	}
	return slices.ContainsFunc(p.prefixes, covered) || !special && p.named(host)
}

// named reports whether a name entry matches host.
func (p HostPolicy) named(host string) bool {
	if p.anyName {
		return true
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return false
	}
	host = canonicalName(host)
	below := func(suffix string) bool { return len(host) > len(suffix) && strings.HasSuffix(host, suffix) }
	return slices.Contains(p.names, host) || slices.ContainsFunc(p.suffixes, below)
}
