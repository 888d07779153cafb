package directory

import (
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/mailpanel/account-resource/accountresource/resource"
)

// hostPattern is a name as it is looked up: labels with dots between them, and no scheme, port or path.
var hostPattern = regexp.MustCompile(`^[\p{L}\p{N}_-]+(\.[\p{L}\p{N}_-]+)*\.?$`)

// maxHosts is how many servers a resource may name: each may be waited for.
const maxHosts = 8

// Check finds mistakes in settings that need no server to be seen: those of syntax, and addresses that Allowed refuses.
// Names are resolved only when a connection is made, and refused then.
func (o Options) Check(s resource.Settings) resource.Problems {
	problems := CheckSyntax(s)
	if o.Allowed == nil {
		return problems
	}
	for _, host := range s.Connection.Hosts() {
		name := withoutBrackets(host)
		if address, err := netip.ParseAddr(name); err == nil && !o.Allowed(name, address.Unmap()) {
			return append(problems, hostRefused(host))
		}
	}
	return problems
}

// CheckSyntax finds mistakes in settings that need no server to be seen. What is empty is none: whether it is needed
// is not a question of syntax.
func CheckSyntax(s resource.Settings) resource.Problems {
	var problems resource.Problems
	c := s.Connection
	hosts := c.Hosts()
	if len(hosts) > maxHosts {
		problems = append(problems, resource.NewProblem("host", "too_many_hosts", nil, "Max", strconv.Itoa(maxHosts)))
	}
	if c.Host != "" && len(hosts) == 0 || slices.ContainsFunc(hosts, func(h string) bool { return !isHost(h) }) {
		problems = append(problems, resource.NewProblem("host", "host_syntax", nil))
	}
	if _, err := ldap.ParseDN(c.BaseDN); err != nil && c.BaseDN != "" {
		problems = append(problems, resource.NewProblem("base_dn", "base_syntax", err, "BaseDN", c.BaseDN))
	}
	if _, problem := trustOf(c); problem != nil {
		problems = append(problems, problem)
	}
	for _, f := range []struct{ field, filter string }{
		{"user_filter", s.Users.Filter}, {"group_filter", s.Groups.Filter},
	} {
		if _, err := ldap.CompileFilter(f.filter); err != nil && f.filter != "" {
			problems = append(problems, resource.NewProblem(f.field, "filter_syntax", err))
		}
	}
	return problems
}

func isHost(host string) bool {
	address := host
	if inner, bracketed := strings.CutPrefix(host, "["); bracketed {
		address = strings.TrimSuffix(inner, "]")
		if address == inner || !strings.Contains(address, ":") {
			return false
		}
	}
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return hostPattern.MatchString(host)
	}
	return ip.Zone() == "" || hostPattern.MatchString(ip.Zone())
}
