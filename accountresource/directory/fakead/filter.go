package fakead

import (
	"strconv"
	"strings"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// bitAnd is the matching rule that all bits of the value are set (LDAP_MATCHING_RULE_BIT_AND, MS-ADTS 3.1.1.3.4.4.1).
const bitAnd = "1.2.840.113556.1.4.803"

// matches reports whether an entry passes a filter as it came over the wire (RFC 4511, section 4.5.1.7). What cannot
// be decided does not match.
func (t *tree) matches(filter *ber.Packet, e *entry) bool {
	switch filter.Tag {
	case ldap.FilterAnd:
		for _, part := range filter.Children {
			if !t.matches(part, e) {
				return false
			}
		}
		return true
	case ldap.FilterOr:
		for _, part := range filter.Children {
			if t.matches(part, e) {
				return true
			}
		}
		return false
	case ldap.FilterNot:
		return len(filter.Children) == 1 && !t.matches(filter.Children[0], e)
	case ldap.FilterPresent:
		return len(e.values(attributeName(filter.Data.String()))) > 0
	case ldap.FilterExtensibleMatch:
		return extensible(filter.Children, e)
	}
	if len(filter.Children) != 2 {
		return false
	}
	name := attributeName(text(filter.Children[0]))
	for _, value := range e.values(name) {
		if t.compares(filter, name, value) {
			return true
		}
	}
	return false
}

func (t *tree) compares(filter *ber.Packet, name, value string) bool {
	switch filter.Tag {
	case ldap.FilterEqualityMatch, ldap.FilterApproxMatch:
		return t.equal(name, value, text(filter.Children[1]))
	case ldap.FilterGreaterOrEqual:
		return number(value) >= number(text(filter.Children[1]))
	case ldap.FilterLessOrEqual:
		return number(value) <= number(text(filter.Children[1]))
	case ldap.FilterSubstrings:
		return contains(value, filter.Children[1].Children)
	}
	return false
}

func (t *tree) equal(name, value, wanted string) bool {
	switch strings.ToLower(name) {
	case "objectguid", "objectsid":
		return value == wanted
	case "objectcategory": // a class may stand for the DN of its category
		if !strings.Contains(wanted, "=") {
			wanted = "CN=" + wanted + "," + t.schemaDN()
		}
		fallthrough
	case "member", "memberof", "distinguishedname", "manager", "managedby":
		a, errA := keyOf(value)
		b, errB := keyOf(wanted)
		return errA == nil && errB == nil && a == b
	}
	return strings.EqualFold(value, wanted)
}

// contains matches the parts of a substring filter: beginning 0, anywhere 1, end 2.
func contains(value string, parts []*ber.Packet) bool {
	value = strings.ToLower(value)
	for _, part := range parts {
		wanted := strings.ToLower(part.Data.String())
		switch part.Tag {
		case ldap.FilterSubstringsInitial:
			rest, found := strings.CutPrefix(value, wanted)
			if !found {
				return false
			}
			value = rest
		case ldap.FilterSubstringsAny:
			i := strings.Index(value, wanted)
			if i < 0 {
				return false
			}
			value = value[i+len(wanted):]
		case ldap.FilterSubstringsFinal:
			if !strings.HasSuffix(value, wanted) {
				return false
			}
		}
	}
	return true
}

// extensible knows one matching rule.
func extensible(parts []*ber.Packet, e *entry) bool {
	var rule, name, value string
	for _, part := range parts {
		switch part.Tag {
		case ldap.MatchingRuleAssertionMatchingRule:
			rule = part.Data.String()
		case ldap.MatchingRuleAssertionType:
			name = attributeName(part.Data.String())
		case ldap.MatchingRuleAssertionMatchValue:
			value = part.Data.String()
		}
	}
	bits := number(value)
	return rule == bitAnd && e.first(name) != "" && number(e.first(name))&bits == bits
}

func attributeName(asked string) string {
	if known, ok := schemaName(asked); ok {
		return known
	}
	return asked
}

// text is the value of an octet string.
func text(p *ber.Packet) string { return p.Data.String() }

func decimal(n int) string { return strconv.Itoa(n) }
