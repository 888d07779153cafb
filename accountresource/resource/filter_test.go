package resource_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/mailpanel/account-resource/accountresource/resource"
)

func filtered(text string) string {
	u, _ := resource.ParseUsers(func(name string) (string, bool) { return text, name == "user_filter" }, resource.Users{})
	return u.Filter
}

// However a filter is laid out, it says the same.
func TestFiltersMayHaveLineBreaksAndBlanks(t *testing.T) {
	const plain = "(&(objectClass=user)(!(mail=*.old))(|(title=Head of IT)(sn=Berg)))"
	for _, typed := range []string{
		plain, "  " + plain + "\n",
		"(&\n  (objectClass=user)\n  (!(mail=*.old))\n  (|\n    (title=Head of IT)\n    (sn=Berg)\n  )\n)",
		"(&\r\n\t(objectClass=user)\r\n\t(!(mail=*.old))\r\n\t(|(title=Head of IT)(sn=Berg))\r\n)",
		"( & ( objectClass=user) ( ! ( mail=*.old) ) ( | (title=Head of IT) (sn=Berg) ) )",
		"(& (objectClass = user) (! (mail = *.old)) (| (title = Head of IT) (sn =Berg)))",
		"(&(objectClass=user\n)(!(mail=*.old\n   ))(|(title=Head of IT)(sn=Berg\t\r\n)))",
		"(&(objectClass=\nuser)(!(mail\n=*.old))(|(title=Head of IT)(\nsn=Berg)))",
	} {
		t.Run(typed, func(t *testing.T) {
			assert.Equal(t, plain, filtered(typed))
		})
	}
	for typed, want := range map[string]string{
		"(userAccountControl:1.2.840.113556.1.4.803: = 2)": "(userAccountControl:1.2.840.113556.1.4.803:=2)",
		"(uSNChanged >= 5)":               "(uSNChanged>=5)",
		"(cn= Anna)":                      "(cn= Anna)",
		`(cn=\28 Anna \29)`:               `(cn=\28 Anna \29)`,
		"(description=a = b)":             "(description=a = b)",
		"(memberOf=CN=A B,OU=C D,DC=e)":   "(memberOf=CN=A B,OU=C D,DC=e)",
		"(displayName=Anna\n Berg)":       "(displayName=Anna Berg)",
		"(displayName=Anna\u00a0Berg )":   "(displayName=Anna\u00a0Berg )",
		"(;binary:dn:caseExactMatch:= x)": "(;binary:dn:caseExactMatch:= x)",
		"":                                "",
	} {
		assert.Equal(t, want, filtered(typed), typed)
	}
}
