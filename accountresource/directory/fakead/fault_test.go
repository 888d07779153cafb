package fakead_test

import (
	"fmt"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/directory/fakead"
)

// listed reads ten people by pages of three, at most five pages, and gives how many entries each page had.
func listed(t *testing.T, ad *fakead.Server) (entries []int, controls bool, err error) {
	t.Helper()
	conn, err := ldap.DialURL("ldap://" + ad.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.Bind(ad.AdminDN(), fakead.AdminPassword))
	paging := ldap.NewControlPaging(3)
	for range 5 {
		found, err := conn.Search(ldap.NewSearchRequest(ad.StaffOU(), ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false,
			"(objectClass=user)", []string{"cn"}, []ldap.Control{paging}))
		if err != nil {
			return entries, controls, err
		}
		entries = append(entries, len(found.Entries))
		answer, ok := ldap.FindControl(found.Controls, ldap.ControlTypePaging).(*ldap.ControlPaging)
		if controls = ok; !ok || len(answer.Cookie) == 0 {
			break
		}
		paging.SetCookie(answer.Cookie)
	}
	return entries, controls, nil
}

func TestListingsGoWrongAsTold(t *testing.T) {
	ad, err := fakead.Start(fakead.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = ad.Close() })
	require.NoError(t, ad.Populate(10, 0))
	for _, c := range []struct {
		fault    fakead.Fault
		entries  []int
		code     uint16 // 0: none; 1000: the connection ended
		searches int
	}{
		{fakead.Fault{Search: 9}, []int{3, 3, 3, 1}, 0, 4},
		{fakead.Fault{Page: 2, After: 1, Cut: true}, []int{3}, 1000, 2},
		{fakead.Fault{Search: 3, After: 3, Code: ldap.LDAPResultBusy}, []int{3, 3}, ldap.LDAPResultBusy, 3},
		{fakead.Fault{Search: 4, Code: ldap.LDAPResultReferral}, []int{3, 3, 3}, ldap.LDAPResultReferral, 4},
		{fakead.Fault{Search: 2, Hollow: true}, []int{3, 0, 3, 1}, 0, 4},
		{fakead.Fault{Search: 2, Paging: fakead.Lost}, []int{3, 3}, 0, 2},
		{fakead.Fault{Search: 2, Paging: fakead.Bare}, []int{3, 3}, 0, 2},
		{fakead.Fault{Search: 1, Paging: fakead.Skipped}, []int{3, 3, 1}, 0, 3},
		{fakead.Fault{Paging: fakead.Circle}, []int{3, 3, 3, 3, 3}, 0, 5},
		{fakead.Fault{Search: 1, Paging: fakead.Garbled}, []int{3}, ldap.LDAPResultUnavailableCriticalExtension, 1},
	} {
		t.Run(fmt.Sprintf("%+v", c.fault), func(t *testing.T) {
			ad.Break(c.fault)
			defer ad.Mend()
			entries, controls, err := listed(t, ad)
			assert.Equal(t, c.entries, entries)
			assert.Equal(t, c.fault.Paging != fakead.Bare, controls || err != nil && len(entries) == 0)
			switch c.code {
			case 0:
				assert.NoError(t, err)
			case 1000:
				assert.Error(t, err)
			default:
				assert.True(t, ldap.IsErrorWithCode(err, c.code), "%v", err)
			}
			assert.Equal(t, c.searches, ad.Searches())
		})
	}
}
