package directory

import (
	"regexp"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// follows reports whether the change counter tells all that changes in the scope.
func (r *Reader) follows() bool {
	base, errBase := ldap.ParseDN(r.settings.Connection.BaseDN)
	root, errRoot := ldap.ParseDN(r.naming)
	if errBase != nil || errRoot != nil || r.naming == "" {
		return false
	}
	if !root.EqualFold(base) && !root.AncestorOfFold(base) {
		return false
	}
	s := r.checked()
	for _, filter := range []string{s.Users.Filter, s.Groups.Filter} {
		if borrowed(filter) {
			return false
		}
	}
	return true
}

// conditionStart is where a condition of a filter begins: the name of an attribute, and a matching rule after colons. A
// parenthesis within a value is escaped (RFC 4515, section 3).
var conditionStart = regexp.MustCompile(`\(([^()=<>~:;]*)(?:;[^()=<>~:]*)?((?::[^()=:]*)*)[<>~:]*=`)

// changesElsewhere are the beginnings of names, and the whole identifiers, of attributes that are computed, are links the other
// way round, or differ between servers: no counter tells when they change (MS-ADTS 3.1.1.4.5).
var changesElsewhere = []string{
	"memberof", "1.2.840.113556.1.2.102", "directreports", "managedobjects", "msds-", "tokengroups", "lastlogon", "badpwdcount",
	"logoncount", "allowed",
}

// storedMSDS are attributes that are stored like any other, although their names begin as those of computed ones do (MS-ADA2).
var storedMSDS = []string{"msds-cloudextensionattribute", "msds-externaldirectoryobjectid", "msds-phonetic", "msds-preferreddatalocation"}

const memberOfInChain = "1.2.840.113556.1.4.1941" // LDAP_MATCHING_RULE_IN_CHAIN, MS-ADTS 3.1.1.3.4.4.3

// borrowed reports whether a filter asks for what changes with other objects only: back links, chains of links, and
// attributes that are computed.
func borrowed(filter string) bool {
	for _, condition := range conditionStart.FindAllStringSubmatch(strings.ToLower(filter), -1) {
		name, rule := strings.TrimSpace(condition[1]), condition[2]
		begins := func(prefix string) bool { return strings.HasPrefix(name, prefix) }
		if strings.Contains(rule, memberOfInChain) || slices.ContainsFunc(changesElsewhere, begins) && !slices.ContainsFunc(storedMSDS, begins) {
			return true
		}
	}
	return false
}
