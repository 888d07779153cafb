package run_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// Who has no display name is called by the common name, or by given name and surname.
func TestR7_TheNameFallsBack(t *testing.T) {
	r := newHarness(t)
	call := func(display, common, given, surname string) {
		o := user("ann", "ann@example.com", display)
		o.CommonName, o.Profile[account.FirstName], o.Profile[account.LastName] = common, given, surname
		r.put(o)
		r.once()
	}
	name := func() string { return r.account("ann@example.com").Profile[account.Name] }
	call("", "Ann Common", "Ann", "Sur")
	assert.Equal(t, "Ann Common", name())
	call("", "Ann Married", "Ann", "Sur")
	assert.Equal(t, "Ann Married", name(), "it follows")
	call("", "", "Ann", "Sur")
	assert.Equal(t, "Ann Sur", name())
	call("", "", "", "Sur")
	assert.Equal(t, "Sur", name())
	call("Ann Shown", "Ann Common", "Ann", "Sur")
	assert.Equal(t, "Ann Shown", name())
	call("", "Ann Common", "Ann", "Sur")
	assert.Equal(t, "Ann Common", name(), "the display name was taken away")
}

// What the directory has never shown of an object keeps its local value, at linking and later; what it has shown goes with it.
func TestR4_R7_LinkingClearsNothing(t *testing.T) {
	r := newHarness(t)
	local := account.Account{Address: "ann@example.com", Kind: account.Mailbox, Active: true, Home: "/ann/"}
	local.Profile[account.Name], local.Profile[account.Mobile], local.Profile[account.LastName] = "Ann, front desk", "+1 local", "Local"
	r.mail.AddAccount(local)
	o := user("ann", "ann@example.com", "")
	o.CommonName, o.Profile[account.LastName] = "Ann Common", "Sur"
	r.put(o)
	got := r.once()
	require.Equal(t, map[account.Action]int{account.ActionLinked: 1}, got.Counts)
	here := r.account("ann@example.com").Profile
	assert.Equal(t, "Ann, front desk", here[account.Name])
	assert.Equal(t, "+1 local", here[account.Mobile])
	assert.Equal(t, "Sur", here[account.LastName])

	r.res.Revision++
	assert.Empty(t, r.once().Counts, "nothing differs")
	o.Profile[account.Mobile], o.Profile[account.Name] = "+1 directory", "Ann Shown"
	r.put(o)
	r.once()
	o.Profile[account.Mobile], o.Profile[account.LastName] = "", ""
	r.put(o)
	r.once()
	here = r.account("ann@example.com").Profile
	assert.Equal(t, account.Profile{account.Name: "Ann Shown"}, here, "what the directory showed before goes with it")
}

// What a system made for itself gets no mailbox, and is looked after where it is linked.
func TestR3_SystemObjectsAreLeftOut(t *testing.T) {
	r := newHarness(t)
	o := user("health", "health@example.com", "Health")
	o.System = account.ExchangeSystem
	r.put(o)
	got := r.once()
	assert.Equal(t, []string{"ignored health@example.com reason_system_object"}, r.log(got))

	o.System = ""
	r.put(o)
	assert.Equal(t, []string{"created health@example.com"}, r.log(r.once()))
	o.System, o.Disabled = account.BuiltIn, true
	r.put(o)
	assert.Equal(t, []string{"disabled health@example.com"}, r.log(r.once()))
}
