//go:build integration

package integration_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/directory/fakead"
)

// A newcomer who wants the address of somebody else is decided on with a button of its own. What is on another page of the list is
// marked only with the whole kind.
func TestBrowserDecidesWhoseMailboxANewcomerGets(t *testing.T) {
	d := newSlowDirectory(t, 140)
	p, s := livePanel(t, d)
	b := signedIn(t, p)
	s.succeeded()
	gone := d.People()[0]
	require.NoError(t, d.Modify(gone, fakead.Attributes{"userPrincipalName": {"shared@corp.example"}}))
	require.NoError(t, d.Modify(d.People()[1], fakead.Attributes{"userPrincipalName": {"moved@elsewhere.example"}}))
	s.succeeded()
	for _, dn := range append(d.People()[50:120:120], gone) {
		require.NoError(t, d.Delete(dn))
	}
	require.NoError(t, d.Add("CN=Newcomer,"+d.StaffOU(), fakead.Attributes{
		"objectClass": {"user"}, "sAMAccountName": {"newcomer"}, "userPrincipalName": {"shared@corp.example"},
		"userAccountControl": {"512"}, "displayName": {"Newcomer"},
	}))
	s.succeeded()

	b.open(s.path(""))
	b.awaitText("wanted by a newcomer: 1")
	b.awaitText("Page 1 of 2")
	b.accessible("held-kinds")
	b.shot("held-kinds")
	evaluate[bool](b, `document.querySelector('#ar-held-0-0').click(), true`)
	assert.True(t, evaluate[bool](b, `document.querySelector('[data-all="1"]').checked`), "all there is of the kind is marked")
	b.click(`.ar-held button[value=putaway]`)
	b.awaitText("Confirmed: these changes are made.")
	s.idle()
	assert.Equal(t, 1, s.status().Run.Renamed)
	assert.Equal(t, 1, s.status().Run.Created)

	b.open(s.path("/removals?page=2"))
	b.awaitText("Page 2 of 2")
	evaluate[bool](b, `document.querySelectorAll('.ar-heldlist input[name=source]').forEach((box) => box.checked || box.click()), true`)
	assert.False(t, evaluate[bool](b, `[...document.querySelectorAll('[data-all]')].some((all) => all.checked && all.dataset.all > 50)`),
		"those of the other page are not meant")
	b.shot("held-page")
	b.open(s.path(""))
	evaluate[bool](b, `[...document.querySelectorAll('[data-all]')].find((all) => all.dataset.all > 50).click(), true`)
	b.awaitText("marked")
	b.click(`.ar-held button[value=confirm]`)
	b.awaitText("Confirmed")
	s.idle()
	assert.Equal(t, 69, s.status().Run.Disabled, "one of the seventy was disabled before")
	assert.Empty(t, b.complaints())
}
