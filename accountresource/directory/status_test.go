package directory_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/directory"
	"github.com/mailpanel/account-resource/accountresource/directory/fakead"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// A user has a userAccountControl: where it is not shown, the bind account may not read it. Any other attribute may be absent.
func TestR22_AStatusThatIsNotShownIsUnknown(t *testing.T) {
	ad := startFake(t, fakead.Options{})
	require.NoError(t, ad.Populate(0, 0))
	reader, err := ad.Reader("reader", "reader-Secret-1")
	require.NoError(t, err)
	for name, more := range map[string]fakead.Attributes{
		"on": {"userAccountControl": {"512"}}, "off": {"userAccountControl": {"514"}, "title": {"inactive"}}, "hidden": {},
		"odd": {"userAccountControl": {"normal"}},
	} {
		attributes := fakead.Attributes{"objectClass": {"user"}, "userPrincipalName": {name + "@corp.example"}}
		for attribute, values := range more {
			attributes[attribute] = values
		}
		require.NoError(t, ad.Add("CN="+name+","+ad.StaffOU(), attributes))
	}
	require.NoError(t, ad.Modify("CN=hidden,"+ad.StaffOU(), fakead.Attributes{"userAccountControl": {}})) // each user is given one
	for attribute, want := range map[string]map[string]string{
		"userAccountControl": {"on": "on", "off": "off", "hidden": "unknown", "odd": "unknown"},
		"title":              {"on": "on", "off": "off", "hidden": "on", "odd": "on"},
		"":                   {"on": "on", "off": "on", "hidden": "on", "odd": "on"},
	} {
		s := resource.Defaults()
		s.Connection = resource.Connection{
			Domain: "corp.example", Host: "127.0.0.1", Port: ad.Addr().Port, TLS: true, Timeout: 30, CACertificate: string(ad.CA()),
			BaseDN: ad.StaffOU(), BindDN: reader, BindPassword: resource.NewSecret("reader-Secret-1"),
		}
		s.Users.Status, s.Users.Filter = attribute, "(objectClass=user)"
		r, err := directory.Options{}.Open(s)
		require.NoError(t, err)
		got := map[string]string{}
		_, err = r.List(t.Context(), run.Query{Kind: account.User}, func(o account.Object) error {
			got[account.LocalPart(o.Mail[0])] = map[bool]string{true: "unknown", false: map[bool]string{true: "off", false: "on"}[o.Disabled]}[o.NoStatus]
			return nil
		})
		require.NoError(t, err)
		require.NoError(t, r.Close())
		assert.Equal(t, want, got, attribute)
	}
}

// AD LDS says TRUE of what is disabled, where other directories say TRUE of what is active.
func TestAStatusOfADLDS(t *testing.T) {
	values := map[int]string{1: "TRUE", 2: "FALSE", 3: "true"}
	script := activeDirectory()
	read := script.read
	script.read = func(dn string, attributes []string) (map[string][]string, bool) {
		if dn == subschemaDN {
			return map[string][]string{"attributeTypes": append([]string{"( 1.2.840.113556.1.4.1853 NAME 'msDS-UserAccountDisabled' )"}, attributeTypes...)}, true
		}
		return read(dn, attributes)
	}
	script.list = func(s *session, r request) {
		for i := 1; i <= 4; i++ {
			e := map[string][]string{"objectGUID": {"123456789012345" + strconv.Itoa(i)}, "cn": {strconv.Itoa(i)}}
			if values[i] != "" {
				e["msDS-UserAccountDisabled"] = []string{values[i]}
			}
			s.entry(r, userDN(i), e)
		}
		s.page(r, "")
	}
	s := settings(t, script.serve(t))
	s.Users.Status = "msDS-UserAccountDisabled"
	r := open(t, s, 10)
	_, err := r.Probe(t.Context())
	require.NoError(t, err)
	got := map[string]bool{}
	_, err = r.List(t.Context(), run.Query{Kind: account.User}, func(o account.Object) error {
		assert.False(t, o.NoStatus)
		got[o.DN] = o.Disabled
		return nil
	})
	require.NoError(t, err)
	assert.Equal(t, map[string]bool{userDN(1): true, userDN(2): false, userDN(3): true, userDN(4): false}, got)
}
