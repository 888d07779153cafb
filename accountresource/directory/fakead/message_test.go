package fakead_test

import (
	"io"
	"net"
	"slices"
	"strconv"
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/directory/fakead"
)

// A client may refuse a message whose ID is written with more octets than it needs.
func TestMessageIDsAreMinimal(t *testing.T) {
	ad, err := fakead.Start(fakead.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = ad.Close() })
	for id, octets := range map[int64][]byte{
		1: {1}, 127: {0x7f}, 128: {0, 0x80}, 255: {0, 0xff}, 256: {1, 0}, 32768: {0, 0x80, 0}, 1<<31 - 1: {0x7f, 0xff, 0xff, 0xff},
	} {
		t.Run(strconv.FormatInt(id, 10), func(t *testing.T) {
			conn, err := net.Dial("tcp", ad.Addr().String())
			require.NoError(t, err)
			defer func() { _ = conn.Close() }()
			_, err = conn.Write(rootDSERequest(id))
			require.NoError(t, err)
			for _, kind := range []byte{0x64, 0x65} { // the entry and the result
				head := make([]byte, 6)
				_, err = io.ReadFull(conn, head[:2])
				require.NoError(t, err)
				require.Equal(t, byte(0x30), head[0])
				size := int(head[1])
				if digits := size & 0x7f; size > 0x7f {
					_, err = io.ReadFull(conn, head[2:2+digits])
					require.NoError(t, err)
					size = 0
					for _, digit := range head[2 : 2+digits] {
						size = size<<8 | int(digit)
					}
				}
				message := make([]byte, size)
				_, err = io.ReadFull(conn, message)
				require.NoError(t, err)
				require.Equal(t, byte(0x02), message[0])
				length := message[1]
				at := 2
				if length > 0x7f {
					at += int(length & 0x7f)
					length = message[at-1]
				}
				assert.Equal(t, octets, message[at:at+int(length)])
				assert.Equal(t, kind, message[at+int(length)])
			}
		})
	}
}

func rootDSERequest(id int64) []byte {
	message := ber.NewSequence("")
	message.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, id, ""))
	search := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldap.ApplicationSearchRequest, nil, "")
	search.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, "", ""))
	for range 2 {
		search.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, 0, ""))
	}
	for range 2 {
		search.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, 0, ""))
	}
	search.AppendChild(ber.NewBoolean(ber.ClassUniversal, ber.TypePrimitive, ber.TagBoolean, false, ""))
	filter, err := ldap.CompileFilter("(objectClass=*)")
	if err != nil {
		panic(err)
	}
	search.AppendChild(filter)
	search.AppendChild(ber.NewSequence(""))
	message.AppendChild(search)
	return message.Bytes()
}

func TestRootDSESaysWhatClientsKnowActiveDirectoryBy(t *testing.T) {
	ad, err := fakead.Start(fakead.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = ad.Close() })
	conn, err := ldap.DialURL("ldap://" + ad.Addr().String())
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	root := func() *ldap.Entry {
		found, err := conn.Search(ldap.NewSearchRequest("", ldap.ScopeBaseObject, ldap.NeverDerefAliases, 0, 0, false, "(objectClass=*)", nil, nil))
		require.NoError(t, err)
		require.Len(t, found.Entries, 1)
		return found.Entries[0]
	}
	for name, want := range map[string]string{
		"isSynchronized": "TRUE", "isGlobalCatalogReady": "TRUE", "forestFunctionality": "7", "domainFunctionality": "7",
		"domainControllerFunctionality": "7", "ldapServiceName": "corp.example:dc1$@CORP.EXAMPLE",
		"serverName": "CN=DC1,CN=Servers,CN=Default-First-Site-Name,CN=Sites,CN=Configuration,DC=corp,DC=example",
	} {
		assert.Equal(t, want, root().GetAttributeValue(name), name)
	}
	assert.True(t, slices.Contains(root().GetAttributeValues("supportedCapabilities"), "1.2.840.113556.1.4.800"))
	ad.SetSynchronized(false)
	assert.Equal(t, "FALSE", root().GetAttributeValue("isSynchronized"))

	// Each control that is announced is taken, and none besides.
	require.NoError(t, conn.Bind(ad.AdminDN(), fakead.AdminPassword))
	ask := func(control string) error {
		_, err := conn.Search(ldap.NewSearchRequest(ad.BaseDN(), ldap.ScopeBaseObject, ldap.NeverDerefAliases, 0, 0, false,
			"(objectClass=*)", nil, []ldap.Control{ldap.NewControlString(control, true, "")}))
		return err
	}
	for _, control := range root().GetAttributeValues("supportedControl") {
		if control != ldap.ControlTypePaging { // which needs a value
			assert.NoError(t, ask(control), control)
		}
	}
	assert.True(t, ldap.IsErrorWithCode(ask("1.2.3.4"), ldap.LDAPResultUnavailableCriticalExtension))
}
