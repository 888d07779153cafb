package accountresource_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/directory/fakead"
)

// A resource that is deleted and made again knows its people: whom it had switched off it switches on again, whom it had made it may
// delete, and nothing waits for an admin. Another scope takes away nobody's mailbox.
func TestR16_AResourceThatIsMadeAgainTakesItsAccountsBack(t *testing.T) {
	f := newFollowed(t, 40)
	groups := url.Values{
		"interval": {"60"}, "groups": {"on"}, "existing_accounts": {"leave"}, "disable_removed": {"on"}, "max_removals": {"20"}, "max_removal_percent": {"10"},
	}
	require.Equal(t, http.StatusSeeOther, f.post(f.base+"/replication", groups).status)
	f.replicate()
	people := f.ad.People()
	control := regexp.MustCompile(`"(created|linked|disabled|enabled|deleted|held|ignored|conflicts|updated)":[1-9]\d*`)
	counts := func() string { return strings.Join(control.FindAllString(f.get(f.base+"/status").body, -1), " ") }
	made := counts()
	for _, dn := range people[:2] {
		require.NoError(t, f.ad.Modify(dn, fakead.Attributes{"userAccountControl": {"514"}}))
	}
	require.NoError(t, f.ad.Delete(people[2]))
	f.replicate()
	require.Equal(t, `"disabled":3 "updated":2`, counts(), "of %s", made)

	require.Equal(t, http.StatusSeeOther, f.post(f.base+"/delete", nil).status)
	f.base = f.add()
	require.Equal(t, http.StatusSeeOther, f.post(f.base+"/connection", f.form).status)
	groups.Set("delete", "on")
	require.Equal(t, http.StatusSeeOther, f.post(f.base+"/replication", groups).status)
	require.NoError(t, f.ad.Modify(people[0], fakead.Attributes{"userAccountControl": {"512"}}))
	require.Equal(t, http.StatusSeeOther, f.post(f.base+"/enable", nil).status)
	f.idle()
	f.replicate()
	status := f.get(f.base + "/log?action=linked").body
	assert.Contains(t, status, "A resource that was deleted had linked this account.")
	assert.NotContains(t, f.get(f.base).body, "wait for you")

	require.NoError(t, f.ad.Modify(people[1], fakead.Attributes{"userAccountControl": {"512"}}))
	require.NoError(t, f.ad.Delete(people[3]))
	f.replicate()
	assert.Equal(t, `"deleted":1 "enabled":1 "updated":1`, counts(), "what it was made by is known")
}
