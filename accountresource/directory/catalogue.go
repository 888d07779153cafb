package directory

import (
	"context"
	"fmt"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/mailpanel/account-resource/accountresource/resource"
)

// The ports on which Active Directory answers with the global catalogue.
const portCatalogue, portCatalogueTLS = 3268, 3269

// checkCatalogue refuses mapped attributes that the global catalogue does not hold: the schema knows them, and yet
// they are absent from every entry there. Samba answers on these ports with whole entries.
func (r *Reader) checkCatalogue(ctx context.Context, root *ldap.Entry) error {
	port, schemaDN := r.settings.Connection.Port, first(root, "schemaNamingContext")
	if port != portCatalogue && port != portCatalogueTLS || schemaDN == "" || strings.Contains(first(root, "vendorName"), "Samba") {
		return nil
	}
	attributes := mapped(r.checked())
	var wanted strings.Builder
	for _, a := range attributes {
		wanted.WriteString("(lDAPDisplayName=" + ldap.EscapeFilter(r.names.answered(a.name)) + ")")
	}
	result, err := r.search(ctx, defaultPageSize, &ldap.SearchRequest{
		BaseDN: schemaDN, Scope: ldap.ScopeSingleLevel, Attributes: []string{"lDAPDisplayName", "isMemberOfPartialAttributeSet"},
		Filter: "(&(objectClass=attributeSchema)(|" + wanted.String() + "))",
	})
	if hidden(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("ask what the global catalogue holds: %w", stopped(ctx, requestProblem(r.settings.Connection, err)))
	}
	missing := make(map[string]bool)
	for _, entry := range result.Entries {
		held := strings.EqualFold(first(entry, "isMemberOfPartialAttributeSet"), "TRUE")
		missing[strings.ToLower(first(entry, "lDAPDisplayName"))] = !held
	}
	var problems resource.Problems
	for _, a := range attributes {
		if missing[strings.ToLower(r.names.answered(a.name))] {
			problems = append(problems, resource.NewProblem(a.field, "attribute_not_in_catalogue", nil, "Attribute", a.name))
		}
	}
	return problems.AsError()
}
