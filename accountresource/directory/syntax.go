package directory

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/mailpanel/account-resource/accountresource/resource"
)

// hostPattern is a name as it is looked up: labels with dots between them, and no scheme, port or path.
var hostPattern = regexp.MustCompile(`^[\p{L}\p{N}_-]+(\.[\p{L}\p{N}_-]+)*\.?$`)

// CheckSyntax finds mistakes in settings that need no server to be seen. What is empty is none: whether it is needed
// is not a question of syntax.
func CheckSyntax(s resource.Settings) resource.Problems {
	var problems resource.Problems
	c := s.Connection
	hosts := c.Hosts()
	if c.Host != "" && len(hosts) == 0 || slices.ContainsFunc(hosts, func(h string) bool { return !isHost(h) }) {
		problems = append(problems, resource.NewProblem("host", "host_syntax", nil))
	}
	if _, err := ldap.ParseDN(c.BaseDN); err != nil && c.BaseDN != "" {
		problems = append(problems, resource.NewProblem("base_dn", "base_syntax", err, "BaseDN", c.BaseDN))
	}
	if _, problem := authorities(c); problem != nil {
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
