package fakead

import (
	"strconv"
	"strings"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// bitAnd is the matching rule that all bits of the value are set (LDAP_MATCHING_RULE_BIT_AND, MS-ADTS 3.1.1.3.4.4.1).
const bitAnd = "1.2.840.113556.1.4.803"

// matches reports whether an entry passes a filter as it came over the wire. What cannot be decided does not match.
func (t *tree) matches(filter *ber.Packet, e *entry) bool { return t.evaluate(filter, e) == yes }

// evaluate returns what a filter comes to for an entry (RFC 4511, section 4.5.1.7). It is undefined for what may not be read;
// an attribute that is absent is simply not equal.
func (t *tree) evaluate(filter *ber.Packet, e *entry) truth {
	switch filter.Tag {
	case ldap.FilterAnd:
		all := yes
		for _, part := range filter.Children {
			if all = min(all, t.evaluate(part, e)); all == no {
				break
			}
		}
		return all
	case ldap.FilterOr:
		any := no
		for _, part := range filter.Children {
			if any = max(any, t.evaluate(part, e)); any == yes {
				break
			}
		}
		return any
	case ldap.FilterNot:
		if len(filter.Children) != 1 {
			return undefined
		}
		return yes - t.evaluate(filter.Children[0], e)
	case ldap.FilterPresent:
		name := attributeName(filter.Data.String())
		if t.denied.hidesAttribute(e, name) {
			return undefined
		}
		return truthOf(len(e.values(name)) > 0)
	case ldap.FilterExtensibleMatch:
		return t.extensible(filter.Children, e)
	}
	if len(filter.Children) != 2 {
		return no
	}
	name := attributeName(text(filter.Children[0]))
	if t.denied.hidesAttribute(e, name) {
		return undefined
	}
	for _, value := range e.values(name) {
		if t.compares(filter, name, value) {
			return yes
		}
	}
	return no
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
func (t *tree) extensible(parts []*ber.Packet, e *entry) truth {
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
	if t.denied.hidesAttribute(e, name) {
		return undefined
	}
	bits := number(value)
	return truthOf(rule == bitAnd && e.first(name) != "" && number(e.first(name))&bits == bits)
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
