//go:build integration

package integration_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestBrowserEndToEnd is an admin's first hour: from an empty panel to the users of a Samba AD as mailboxes, all in a
// browser, on each kind of mail server. It leaves pictures of every page.
func TestBrowserEndToEnd(t *testing.T) { onEveryStore(t, endToEnd) }

func endToEnd(t *testing.T, mail mailStore) {
	ad := newPeople(t)
	const people = 12
	ad.crowd(people, mail.hosted())
	ad.add("Odd One", "odd@"+mail.hosted(), attributes{"displayName": `<b>O'Brien</b> "Bob" 🦊 山田`})
	left := "left@" + unique() + ".example" // no two accounts of a directory have one, in whatever part
	ad.add("Left Out", left, nil)
	group := ldap.NewAddRequest("CN=Team,"+ad.unit, nil)
	group.Attribute("objectClass", []string{"group"})
	group.Attribute("mail", []string{"team@" + mail.hosted()})
	require.NoError(t, ad.conn.Add(group))
	p := startPanel(t, mail.settings(), ad.directory.Password)
	b := newBrowser(t, p.url)

	b.open("/account-resources")
	b.shot("sign-in")
	b.fill("username", adminName)
	b.fill("password", adminPassword)
	b.click("button[type=submit]")
	b.click(`nav a[href="/account-resources"]`)
	b.shot("list-empty")
	b.click(`button[value=samba]`)

	// A mistake first: the sentence stands at the field, and nothing is lost.
	for name, value := range sambaConnection(ad.directory, ad.unit, mail.hosted()) {
		if name != "tls" {
			b.fill(name, value)
		}
	}
	b.fill("bind_password", "not-the-password")
	require.EqualValues(t, 422, b.click(`button[formaction$="/test"]`))
	assert.Contains(t, b.text(), "refuses the password")
	assert.Equal(t, ad.unit, evaluate[string](b, `document.querySelector('[name=base_dn]').value`))
	assert.Empty(t, evaluate[string](b, `document.querySelector('[name=bind_password]').value`))
	b.shot("connection-mistake")

	b.fill("bind_password", ad.directory.Password)
	require.EqualValues(t, 200, b.click(`.ar-bar button:not([formaction])`))
	b.awaitText("Saved.")
	require.EqualValues(t, 200, b.click(`button[formaction$="/test"]`))
	assert.Contains(t, b.text(), "Connection succeeded")
	assert.Equal(t, 10, evaluate[int](b, `document.querySelectorAll('.ar-sample table')[0].tBodies[0].rows.length`))
	assert.Equal(t, 1, evaluate[int](b, `document.querySelectorAll('.ar-sample table')[1].tBodies[0].rows.length`))
	b.shot("connection-test")

	b.click(`.ar-tabs a[href$="tab=users"]`)
	b.shot("users")
	require.EqualValues(t, 200, b.click(`button[formaction$="/preview"]`))
	assert.Contains(t, b.text(), fmt.Sprintf("created %d", people+1))
	assert.Empty(t, mail.active(), "nothing has been written")
	b.shot("preview")
	assert.Zero(t, evaluate[int](b, `document.querySelectorAll('.ar-tabs a[href$="tab=groups"]').length`), "groups are off")
	b.click(`.ar-tabs a[href$="tab=replication"]`)
	b.fill("interval", "60")
	b.check("groups", true)
	b.click(`.ar-bar button:not([formaction])`)
	b.shot("replication")
	b.click(`.ar-tabs a[href$="tab=groups"]`)
	b.shot("groups")

	b.click(`.ar-tabs a[href$="tab=connection"]`)
	b.click(`.ar-offer button`)
	b.shot("list-enabled")
	b.click(`form[action$="/replicate"] button`)
	b.awaitText("succeeded")
	assert.Len(t, mail.active(), people+1)
	assert.Equal(t, `<b>O'Brien</b> "Bob" 🦊 山田`, mail.active()["odd@"+mail.hosted()])
	b.open(evaluate[string](b, "location.pathname"))
	b.shot("log")
	assert.Contains(t, b.text(), left+" is not an address of "+mail.hosted())
	b.open("/users/user0001@" + mail.hosted())
	assert.Contains(t, b.text(), "Person Number 1")
	assert.Contains(t, b.text(), "Managed in the directory: CN=Person 0001,")
	b.shot("panel-user")
	b.open("/account-resources")
	assert.Contains(t, b.text(), fmt.Sprintf("created %d", people+2)) // and an alias
	b.shot("list")

	// Half of the people leave at once: nothing happens to them until the admin has looked.
	resource := evaluate[string](b, `new URL(document.querySelector('.ar-card-head a, .ar-card h2 a').href).pathname`)
	for i := 1; i <= people/2; i++ {
		require.NoError(t, ad.conn.Del(ldap.NewDelRequest(rdn(fmt.Sprintf("Person %04d", i))+","+ad.unit, nil)))
	}
	b.click(`form[action$="/replicate"] button`)
	b.awaitText(fmt.Sprintf("held %d", people/2))
	assert.Len(t, mail.active(), people+1)
	b.open(resource)
	assert.Contains(t, b.text(), fmt.Sprintf("%d removals wait for you", people/2))
	b.shot("held")
	b.do(chromedp.Click(chromedp.CSS(`[data-all]`), chromedp.NodeVisible))
	b.click(`.ar-held button[value=dismiss]`)
	b.awaitText("Dismissed")
	assert.Len(t, mail.active(), people+1)
	b.open("/account-resources")
	b.click(".ar-confirm summary + form button, .ar-actions a[href$='/log']") // the log; deleting asks first
	assert.Empty(t, b.complaints(), "a strict Content-Security-Policy is enough")
}
