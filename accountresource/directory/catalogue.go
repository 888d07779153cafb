package directory

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
)

// The ports on which Active Directory answers with the global catalogue.
const portCatalogue, portCatalogueTLS = 3268, 3269

// partialSet are the attributes of people and groups of which the global catalogue holds copies from every domain
// (isMemberOfPartialAttributeSet in Microsoft's schema for Windows Server 2012 R2; proxyAddresses by Exchange's). That an attribute is
// among them cannot be asked there, since it holds no copy of that either (MS-ADA1, isMemberOfPartialAttributeSet).
var partialSet = setOf(
	"c", "cn", "description", "displayName", "distinguishedName", "givenName", "homePhone", "ipPhone", "l", "legacyExchangeDN", "mail",
	"manager", "member", "memberOf", "name", "o", "objectCategory", "objectClass", "objectGUID", "objectSid", "otherIpPhone", "ou",
	"primaryGroupID", "proxyAddresses", "sAMAccountName", "sn", "st", "street", "telephoneNumber", "userAccountControl",
	"userPrincipalName", "msDS-PhoneticDisplayName", "msDS-PhoneticFirstName", "msDS-PhoneticLastName",
)

func setOf(names ...string) map[string]bool {
	set := make(map[string]bool)
	for i := range 20 {
		names = append(names, "msDS-cloudExtensionAttribute"+strconv.Itoa(i+1))
	}
	for _, name := range names {
		set[strings.ToLower(name)] = true
	}
	return set
}

// catalogue is what a reader has to know about a global catalogue.
type catalogue struct {
	domain []byte // the SID of the server's own domain; empty where it is not shown
}

// openCatalogue finds out whether a global catalogue answers that holds part of each entry only. Samba gives whole ones.
func (r *Reader) openCatalogue(ctx context.Context, root *ldap.Entry) error {
	port := r.settings.Connection.Port
	if port != portCatalogue && port != portCatalogueTLS || r.naming == "" || strings.Contains(first(root, "vendorName"), "Samba") {
		return nil
	}
	r.catalogue = &catalogue{}
	entry, err := r.entry(ctx, r.naming, "objectSid")
	if hidden(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("ask for the identifier of the domain: %w", stopped(ctx, requestProblem(r.settings.Connection, err)))
	}
	r.catalogue.domain = raw(entry, "objectSid")
	return nil
}

// attributes are those that are needed besides.
func (c *catalogue) attributes() []string {
	if c == nil {
		return nil
	}
	return []string{"objectSid", "groupType"}
}

// adapt takes back what a catalogue cannot tell of an object. Only universal groups have their members there, those of other kinds
// from other domains have none; and relative identifiers repeat in every domain.
func (c *catalogue) adapt(e *ldap.Entry, o *account.Object) {
	if c == nil {
		return
	}
	const universal = 0x8 // MS-ADTS 2.2.12
	kind, _ := strconv.ParseInt(first(e, "groupType"), 10, 64)
	o.Partial = o.Kind == account.Group && kind&universal == 0
	sid := raw(e, "objectSid")
	if len(c.domain) == 0 || len(sid) != len(c.domain)+4 || !bytes.Equal(sid[8:len(c.domain)], c.domain[8:]) {
		o.Primary = 0
	}
}

// checkCatalogue refuses mapped attributes that the global catalogue does not hold: the schema knows them, and yet they are absent
// from every entry there. One that a company has added to the partial set is shown by somebody.
func (r *Reader) checkCatalogue(ctx context.Context) error {
	if r.catalogue == nil {
		return nil
	}
	var problems resource.Problems
	attributes, s := mapped(r.checked()), r.checked()
	if s.Groups.Moderator {
		attributes = append(attributes, mappedAttribute{"group_moderator", "managedBy"})
	}
	for _, a := range attributes {
		name := r.names.answered(a.name)
		if partialSet[strings.ToLower(name)] {
			continue
		}
		result, err := r.search(ctx, 1, &ldap.SearchRequest{
			BaseDN: r.settings.Connection.BaseDN, Scope: ldap.ScopeWholeSubtree, SizeLimit: 1, Attributes: []string{"objectGUID"},
			Filter: "(" + name + "=*)",
		})
		if code, answered := answerOf(err); answered && code == ldap.LDAPResultSizeLimitExceeded { // there are more
			continue
		}
		if err != nil {
			return fmt.Errorf("ask what the global catalogue holds: %w", stopped(ctx, requestProblem(r.settings.Connection, err)))
		}
		if len(result.Entries) == 0 {
			problems = append(problems, resource.NewProblem(a.field, "attribute_not_in_catalogue", nil, "Attribute", a.name))
		}
	}
	return problems.AsError()
}
