package run_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/directory/fakead"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// A contact, somebody outside of the base and a nested group that are deleted leave the alias in the next incremental run, though the
// bind account is shown no deleted objects and their groups do not count as changed.
func TestR12_MembersWithoutAnAccountAreAskedForByIdentity(t *testing.T) {
	r, ad := onLDAP(t)
	name, err := ad.Reader("reader", "reader-Secret-1")
	require.NoError(t, err)
	r.res.Settings.Connection.BindDN, r.res.Settings.Connection.BindPassword = name, resource.NewSecret("reader-Secret-1")
	contact := enter(t, ad, "contact", "contact", fakead.Attributes{"mail": {"contact@elsewhere.example"}})
	outside := "CN=outside,CN=Users," + ad.BaseDN()
	require.NoError(t, ad.Add(outside, fakead.Attributes{"objectClass": {"user"}, "userAccountControl": {"512"}, "mail": {"outside@elsewhere.example"}}))
	ann := enter(t, ad, "user", "ann", fakead.Attributes{"userPrincipalName": {"ann@example.com"}})
	stays := enter(t, ad, "contact", "stays", fakead.Attributes{"mail": {"stays@elsewhere.example"}})
	nested := "CN=nested,CN=Users," + ad.BaseDN()
	require.NoError(t, ad.Add(nested, fakead.Attributes{"objectClass": {"group"}, "member": {ann}}))
	enter(t, ad, "group", "team", fakead.Attributes{"mail": {"team@example.com"}, "member": {contact, outside, stays, nested}})
	require.Equal(t, run.Succeeded, r.once().Outcome)
	require.Equal(t, []string{"ann", "contact", "outside", "stays"}, r.team())

	for _, c := range []struct {
		dn   string
		team []string
	}{
		{contact, []string{"ann", "outside", "stays"}},
		{outside, []string{"ann", "stays"}},
		{nested, []string{"stays"}},
	} {
		require.NoError(t, ad.Delete(c.dn))
		got := r.once()
		assert.Equal(t, run.Incremental, got.Mode, c.dn)
		assert.Equal(t, c.team, r.team(), c.dn)
		assert.Equal(t, map[account.Action]int{account.ActionUpdated: 1}, got.Counts, c.dn)
		assert.Empty(t, r.once().Counts, "nothing is left to do")
	}
	assert.Len(t, r.tables.unlinked, 1)

	// A new one is known from the run that made it a member.
	more := enter(t, ad, "contact", "more", fakead.Attributes{"mail": {"more@elsewhere.example"}})
	team := "CN=team," + ad.StaffOU()
	require.NoError(t, ad.Modify(team, fakead.Attributes{"member": {stays, more}}))
	require.Equal(t, map[account.Action]int{account.ActionUpdated: 1}, r.once().Counts)
	require.NoError(t, ad.Delete(more))
	r.once()
	assert.Equal(t, []string{"stays"}, r.team())
}
