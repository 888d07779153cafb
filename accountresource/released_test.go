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
	assert.Contains(t, status, "A resource that was deleted had linked this account,")
	assert.NotContains(t, f.get(f.base).body, "wait for you")

	require.NoError(t, f.ad.Modify(people[1], fakead.Attributes{"userAccountControl": {"512"}}))
	require.NoError(t, f.ad.Delete(people[3]))
	f.replicate()
	assert.Equal(t, `"deleted":1 "enabled":1 "updated":1`, counts(), "what it was made by is known")
}

// Who is deleted in the directory and made again, with another identity and the same logon name, keeps the mailbox: in the same run,
// and where an earlier one had switched it off.
func TestR16_AUserWhoIsMadeAgainKeepsTheMailbox(t *testing.T) {
	f := newFollowed(t, 40)
	people := f.ad.People()
	nameOf := func(dn string) string {
		first, last, _ := strings.Cut(strings.TrimPrefix(strings.SplitN(dn, ",", 2)[0], "CN="), " ")
		return strings.ToLower(first + "." + last)
	}
	for _, dn := range people[:2] {
		require.NoError(t, f.ad.Modify(dn, fakead.Attributes{"sAMAccountName": {nameOf(dn)}}))
	}
	f.replicate()
	homes := func() map[string]string {
		all := make(map[string]string)
		rows, err := f.db.Query("SELECT username, maildir || ' ' || active FROM mailbox")
		require.NoError(t, err)
		defer rows.Close()
		for rows.Next() {
			var address, home string
			require.NoError(t, rows.Scan(&address, &home))
			all[address] = home
		}
		require.NoError(t, rows.Err())
		return all
	}
	before := homes()
	again := func(dn string) {
		name := nameOf(dn)
		require.NoError(t, f.ad.Add(dn, fakead.Attributes{
			"objectClass": {"user"}, "sAMAccountName": {name}, "userPrincipalName": {name + "@" + hosted}, "userAccountControl": {"512"},
			"displayName": {"Made again"},
		}))
	}
	require.NoError(t, f.ad.Delete(people[0]))
	again(people[0])
	require.NoError(t, f.ad.Delete(people[1]))
	f.replicate()
	assert.Contains(t, f.get(f.base+"/status").body, `"conflicts":0`)
	assert.Contains(t, f.get(f.base+"/status").body, `"disabled":1`, "only who was not made again")
	again(people[1])
	f.replicate()
	assert.Contains(t, f.get(f.base+"/status").body, `"enabled":1`)
	assert.Equal(t, before, homes())
	f.replicate()
	assert.Contains(t, f.get(f.base+"/status").body, `"conflicts":0`)
}
