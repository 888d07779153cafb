package directory_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What a filter names decides whether the change counter tells all, not what its values look like.
func TestR17_AFilterOnStoredAttributesIsFollowed(t *testing.T) {
	for filter, follows := range map[string]bool{
		"(&(objectClass=user)(mail=*))":                                   true,
		"(msDS-cloudExtensionAttribute1=mail)":                            true,
		"(!(msDS-cloudExtensionAttribute20=no mail))":                     true,
		"(description=memberOf the board)":                                true,
		"(displayName=allowed*)":                                          true,
		"(userAccountControl:1.2.840.113556.1.4.803:=2)":                  true,
		"(memberOf=CN=Mail,DC=example,DC=com)":                            false,
		"(&(a=b)(!(MEMBEROF=CN=Mail,DC=example,DC=com)))":                 false,
		"(1.2.840.113556.1.2.102=CN=Mail,DC=example,DC=com)":              false,
		"(manager:1.2.840.113556.1.4.1941:=CN=Boss,DC=x)":                 false,
		"(:1.2.840.113556.1.4.1941:=CN=Boss,DC=x)":                        false,
		"(memberOf:dn:1.2.840.113556.1.4.1941:=CN=Boss,DC=x)":             false,
		"(msDS-User-Account-Control-Computed:1.2.840.113556.1.4.803:=16)": false,
		"(msDS-UserAccountDisabled=TRUE)":                                 false,
		"(lastLogon>=1)":                                                  false,
		"(|(mail=*)(tokenGroups=*))":                                      false,
	} {
		s := settings(t, activeDirectory().serve(t))
		s.Users.Filter = filter
		p, err := open(t, s, 3).Probe(t.Context())
		require.NoError(t, err, filter)
		assert.Equal(t, follows, p.Follows, filter)
	}
}
