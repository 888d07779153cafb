package accountresource_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/directory/fakead"
)

// waiting returns the objects that the page shows to wait for an action, and the page.
func (f *followed) waiting(action string) (ids []string, page string) {
	f.t.Helper()
	page = f.get(f.base).body
	for _, found := range regexp.MustCompile(`name="shown_action" value="`+action+` ([^"]+)"`).FindAllStringSubmatch(page, -1) {
		ids = append(ids, found[1])
	}
	return ids, page
}

// decide presses a button for objects that wait.
func (f *followed) decide(button, action string, ids ...string) (done string) {
	f.t.Helper()
	form := url.Values{"decision": {button}}
	for _, id := range ids {
		form.Add("source", id)
		form.Add("shown_action", action+" "+id)
	}
	answer := f.post(f.base+"/removals", form)
	require.Equal(f.t, http.StatusSeeOther, answer.status, answer.body)
	f.idle()
	location, err := url.Parse(answer.header.Get("Location"))
	require.NoError(f.t, err)
	return location.Query().Get("done")
}

// Two newcomers have the addresses of two people who are gone. Both wait, with a button for the same person and one for somebody else. The
// button to retire an account does not fit them: nothing is decided, and the page says why.
func TestR16_ANewcomerForTheAddressOfAnotherHasTwoButtons(t *testing.T) {
	f := newFollowed(t, 40)
	f.replicate()
	address := func(n int) string { return fmt.Sprintf("shared%d@%s", n, hosted) }
	for n := range 2 {
		require.NoError(t, f.ad.Modify(f.ad.People()[n], fakead.Attributes{"userPrincipalName": {address(n)}}))
	}
	f.replicate()
	for n := range 2 {
		require.NoError(t, f.ad.Delete(f.ad.People()[n]))
		require.NoError(t, f.ad.Add(fmt.Sprintf("CN=Newcomer %d,%s", n, f.ad.StaffOU()), fakead.Attributes{
			"objectClass": {"user"}, "sAMAccountName": {fmt.Sprintf("newcomer%d", n)}, "userPrincipalName": {address(n)},
			"userAccountControl": {"512"}, "displayName": {fmt.Sprintf("Newcomer %d", n)},
		}))
	}
	f.replicate()
	ids, page := f.waiting("takenover")
	require.Len(t, ids, 2)
	assert.Contains(t, page, `value="putaway"`)
	assert.NotContains(t, page, `value="retire"`, "nobody has an address that cannot be used")
	assert.Contains(t, page, "Decide whether the newcomer is the same person.")

	assert.Equal(t, "unfit", f.decide("retire", "takenover", ids...))
	assert.Contains(t, f.get(f.base+"?done=unfit").body, "the button does not fit them")
	again, _ := f.waiting("takenover")
	assert.Equal(t, ids, again)

	assert.Equal(t, "confirmed_changes", f.decide("confirm", "takenover", ids[0]))
	assert.Contains(t, f.get(f.base+"/status").body, `"linked":1`)
	assert.Equal(t, "confirmed_changes", f.decide("putaway", "takenover", ids[1]))
	status := f.get(f.base + "/status").body
	assert.Contains(t, status, `"renamed":1`)
	assert.Contains(t, status, `"created":1`)
	log := f.get(f.base + "/log").body
	assert.Contains(t, log, "shared1.old@"+hosted)
	again, page = f.waiting("takenover")
	assert.Empty(t, again)
	assert.NotContains(t, page, `value="putaway"`)
}

// Who keeps an address since the directory's cannot be used may be retired. It is an offer: nothing is said to wait.
func TestR25_WhoHasNoUsableAddressMayBeRetired(t *testing.T) {
	f := newFollowed(t, 40)
	f.replicate()
	require.NoError(t, f.ad.Modify(f.ad.People()[0], fakead.Attributes{"userPrincipalName": {"moved@elsewhere.example"}}))
	f.replicate()
	ids, page := f.waiting("unusable")
	require.Len(t, ids, 1)
	assert.Contains(t, page, `value="retire"`)
	assert.NotContains(t, f.get("/account-resources").body, "change waits")
	assert.Contains(t, f.get(f.base+"/status").body, `"disabled":0`)

	assert.Equal(t, "unfit", f.decide("confirm", "unusable", ids...))
	assert.Equal(t, "confirmed_changes", f.decide("retire", "unusable", ids...))
	assert.Contains(t, f.get(f.base+"/status").body, `"disabled":1`)
	f.replicate()
	require.Equal(t, http.StatusSeeOther, f.post(f.base+"/replicate", url.Values{"mode": {"full"}}).status)
	f.idle()
	status := f.get(f.base + "/status").body
	assert.Contains(t, status, `"enabled":0`, "it stays off")
	assert.Contains(t, status, `"disabled":0`)
	again, _ := f.waiting("unusable")
	assert.Empty(t, again)
}

// What waits is on pages of fifty, and a kind may be marked whole: as it was shown, or not at all.
func TestR23_AKindIsDecidedOnWholeThoughItHasManyPages(t *testing.T) {
	f := newFollowed(t, 130)
	f.replicate()
	for _, dn := range f.ad.People()[:70] { // one of whom is disabled anyway
		require.NoError(t, f.ad.Delete(dn))
	}
	f.replicate()
	ids, page := f.waiting("disabled")
	assert.Len(t, ids, 50)
	assert.Contains(t, page, f.base+"/removals?page=2")
	assert.Contains(t, page, "disabled: 69")
	assert.Equal(t, 1, strings.Count(page, "69 of 130 linked accounts would be removed"), "one cause is said once")
	second := f.get(f.base + "/removals?page=2").body
	assert.Equal(t, 19, strings.Count(second, `name="shown" value=`))
	assert.Contains(t, second, "Page 2 of 2")
	for _, other := range []string{"0", "-1", "x", "9"} {
		assert.Equal(t, http.StatusOK, f.get(f.base+"/removals?page="+other).status, other)
	}

	whole := regexp.MustCompile(`name="whole" value="([^"]+)"`).FindStringSubmatch(page)
	require.Len(t, whole, 2)
	form := url.Values{"decision": {"dismiss"}, "all": {"disabled"}, "whole": {"0000000000000000 disabled"}, "shown": ids}
	assert.Equal(t, f.base+"?done=changed", f.post(f.base+"/removals", form).header.Get("Location"), "it is not what was shown")
	assert.Contains(t, f.get(f.base+"/status").body, `"waiting":{"changes":69`)
	form.Set("whole", whole[1])
	assert.Equal(t, f.base+"?done=dismissed", f.post(f.base+"/removals", form).header.Get("Location"))
	assert.Contains(t, f.get(f.base+"/status").body, `"waiting":null`)
	assert.Equal(t, http.StatusOK, f.get(f.base+"/removals").status)
}

func TestNothingWaitsOnAPageOfItsOwn(t *testing.T) {
	h := newHost(t)
	assert.Contains(t, h.get(h.add()+"/removals").body, "Nothing waits for a decision.")
}
