//go:build integration

package directory_test

import (
	"encoding/binary"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/integration_test/servers"
)

// schemaIDs name attributes in access control entries (MS-ADA3, schemaIDGUID).
var schemaIDs = map[string]string{
	"title":              "bf967a55-0de6-11d0-a285-00aa003049e2",
	"userAccountControl": "bf967a68-0de6-11d0-a285-00aa003049e2",
}

// hideTree denies an account to list and to read an object and all below it.
func hideTree(ad servers.Directory) func(t *testing.T, account, dn string) {
	return func(t *testing.T, account, dn string) {
		t.Helper()
		denyOnSamba(t, ad, dn, fmt.Sprintf("(D;CI;RPLCLORC;;;%s)", sidOf(t, ad, account)))
	}
}

// hideAttribute denies an account to read an attribute of an object. The entry is the object's own: what it inherits comes behind
// what the schema grants everybody.
func hideAttribute(ad servers.Directory) func(t *testing.T, account, dn, attribute string) {
	return func(t *testing.T, account, dn, attribute string) {
		t.Helper()
		denyOnSamba(t, ad, dn, fmt.Sprintf("(OD;;RP;%s;;%s)", schemaIDs[attribute], sidOf(t, ad, account)))
	}
}

// denyOnSamba adds an access control entry (MS-DTYP 2.5.1.1).
func denyOnSamba(t *testing.T, ad servers.Directory, dn, entry string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "samba-tool", "dsacl", "set", "-H", "ldaps://"+ad.Host,
		"--simple-bind-dn="+ad.BindDN, "--password="+ad.Password, "--option=tls verify peer = no_check", "--objectdn="+dn, "--sddl="+entry)
	output, err := command.CombinedOutput()
	require.NoError(t, err, string(output))
}

// sidOf returns the SID of an account as text (MS-DTYP 2.4.2.1).
func sidOf(t *testing.T, ad servers.Directory, dn string) string {
	t.Helper()
	found, err := ad.Connect(t).Search(ldap.NewSearchRequest(dn, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 1, 0, false, "(objectClass=*)",
		[]string{"objectSid"}, nil))
	require.NoError(t, err)
	require.Len(t, found.Entries, 1)
	sid := found.Entries[0].GetRawAttributeValue("objectSid")
	require.GreaterOrEqual(t, len(sid), 8+4*int(sid[1]))
	parts := []string{"S-1", fmt.Sprint(sid[7])} // the authority of Windows fits into one byte
	for i := range int(sid[1]) {
		parts = append(parts, fmt.Sprint(binary.LittleEndian.Uint32(sid[8+4*i:])))
	}
	return strings.Join(parts, "-")
}
