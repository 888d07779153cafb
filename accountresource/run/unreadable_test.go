package run_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/directory/fakead"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// inUnits is a harness over LDAP whose people are in two units, read by an account that is shown no tombstones.
func inUnits(t *testing.T) (r *harness, ad *fakead.Server, berlin, paris string) {
	t.Helper()
	r, ad = onLDAP(t)
	name, err := ad.Reader("reader", "reader-Secret-1")
	require.NoError(t, err)
	r.res.Settings.Connection.BindDN, r.res.Settings.Connection.BindPassword = name, resource.NewSecret("reader-Secret-1")
	r.res.Settings.Replication.Delete = true
	unit := func(name string, people int) string {
		dn := "OU=" + name + "," + ad.StaffOU()
		require.NoError(t, ad.Add(dn, fakead.Attributes{"objectClass": {"organizationalUnit"}}))
		for i := range people {
			cn := fmt.Sprintf("%s%d", name, i)
			require.NoError(t, ad.Add("CN="+cn+","+dn, fakead.Attributes{
				"objectClass": {"user"}, "userAccountControl": {"512"}, "userPrincipalName": {cn + "@example.com"},
			}))
		}
		return dn
	}
	berlin, paris = unit("berlin", 2), unit("paris", 30)
	require.Equal(t, 32, r.once().Counts[account.ActionCreated])
	return r, ad, berlin, paris
}

// A unit that may not be read any more, with or without being shown itself, looks as if everybody had left it.
func TestR13_AUnitThatCannotBeReadIsNoReasonToRemoveAnybody(t *testing.T) {
	for name, deny := range map[string]func(unit string) fakead.Denied{
		"the unit is not shown":         func(unit string) fakead.Denied { return fakead.Denied{Trees: []string{unit}} },
		"the unit is, and nobody in it": func(unit string) fakead.Denied { return fakead.Denied{Below: []string{unit}} },
		"no attribute in it may be read": func(unit string) fakead.Denied {
			return fakead.Denied{Attributes: []string{"objectClass"}, Of: []string{unit}}
		},
	} {
		for _, mode := range []run.Mode{run.Incremental, run.Full} {
			t.Run(fmt.Sprintf("%s, %s", name, mode), func(t *testing.T) {
				r, ad, berlin, paris := inUnits(t)
				ad.Deny(deny(berlin))
				require.NoError(t, ad.Delete("CN=paris3,"+paris))
				if mode == run.Full {
					r.res.Revision++
				}
				got := r.once()
				assert.Equal(t, mode, got.Mode)
				assert.Equal(t, map[account.Action]int{account.ActionDeleted: 1, account.ActionHeld: 2}, got.Counts, "who left elsewhere has left")
				assert.Contains(t, r.log(got), "held berlin1@example.com reason_held_unseen")
				assert.True(t, r.account("berlin0@example.com").Active)
				assert.Equal(t, map[account.Action]int{account.ActionHeld: 2}, r.once().Counts, "they wait")

				ad.Deny(fakead.Denied{})
				assert.Empty(t, r.once().Counts, "they are there after all")
				assert.Empty(t, r.tables.held)
			})
		}
	}
}

// Who left with the whole unit goes when an admin says so.
func TestR13_WhoIsHeldWithAUnitGoesWhenAnAdminConfirms(t *testing.T) {
	r, ad, berlin, _ := inUnits(t)
	for i := range 2 {
		require.NoError(t, ad.Delete(fmt.Sprintf("CN=berlin%d,%s", i, berlin)))
	}
	require.NoError(t, ad.Delete(berlin))
	require.Equal(t, map[account.Action]int{account.ActionHeld: 2}, r.once().Counts)
	r.decide(run.Confirmed)
	assert.Equal(t, map[account.Action]int{account.ActionDeleted: 2}, r.once().Counts)
}

// A tombstone is certain, whatever has become of the unit.
func TestR13_WhoIsATombstoneHasLeftWithTheUnit(t *testing.T) {
	r, ad, berlin, _ := inUnits(t)
	r.res.Settings.Connection.BindDN, r.res.Settings.Connection.BindPassword = ad.AdminDN(), resource.NewSecret(fakead.AdminPassword)
	for i := range 2 {
		require.NoError(t, ad.Delete(fmt.Sprintf("CN=berlin%d,%s", i, berlin)))
	}
	require.NoError(t, ad.Delete(berlin))
	got := r.once()
	assert.Equal(t, run.Incremental, got.Mode)
	assert.Equal(t, map[account.Action]int{account.ActionDeleted: 2}, got.Counts)
}
