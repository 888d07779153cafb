package run_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/directory"
	"github.com/mailpanel/account-resource/accountresource/directory/fakead"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// onLDAP is a harness that reads the simulated directory over LDAP, with groups.
func onLDAP(t *testing.T) (*harness, *fakead.Server) {
	t.Helper()
	ad, err := fakead.Start(fakead.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, ad.Close()) })
	r := newHarness(t)
	r.config.OpenReader = directory.Options{}.Open
	c := &r.res.Settings.Connection
	c.Host, c.Port, c.TLS, c.Timeout = "127.0.0.1", ad.Addr().Port, false, 30
	c.BaseDN, c.BindDN, c.BindPassword = ad.StaffOU(), ad.AdminDN(), resource.NewSecret(fakead.AdminPassword)
	r.res.Settings.Replication.Groups = true
	require.NoError(t, ad.Add(ad.StaffOU(), fakead.Attributes{"objectClass": {"organizationalUnit"}}))
	return r, ad
}

// enter adds an object of a class to the staff and returns its DN.
func enter(t *testing.T, ad *fakead.Server, class, name string, a fakead.Attributes) string {
	t.Helper()
	all := fakead.Attributes{"objectClass": {class}}
	if class == "user" {
		all["userAccountControl"] = []string{"512"}
	}
	for attribute, values := range a {
		all[attribute] = values
	}
	dn := "CN=" + name + "," + ad.StaffOU()
	require.NoError(t, ad.Add(dn, all))
	return dn
}

func TestR11_ContactsInTheBaseAreMembersByMailAndNobodysMailbox(t *testing.T) {
	r, ad := onLDAP(t)
	r.mail.AddAccount(account.Account{Address: "box@example.com", Kind: account.Mailbox, Active: true, Home: "/box/"})
	r.mail.AddAccount(account.Account{Address: "other@example.com", Kind: account.Mailbox, Active: true, Home: "/other/"})
	r.mail.AddAccount(account.Account{Address: "off@example.com", Kind: account.Mailbox, Home: "/off/"})
	friend := enter(t, ad, "contact", "friend", fakead.Attributes{"mail": {"friend@elsewhere.example"}, "targetAddress": {"SMTP:other@example.com"}})
	members := []string{
		friend,
		enter(t, ad, "contact", "target", fakead.Attributes{"targetAddress": {"SMTP:target@elsewhere.example"}}),
		enter(t, ad, "contact", "lower", fakead.Attributes{"targetAddress": {"smtp:Lower@elsewhere.example"}}),
		enter(t, ad, "contact", "here", fakead.Attributes{"mail": {"box@example.com"}}),
		enter(t, ad, "contact", "new", fakead.Attributes{"mail": {"ann@example.com"}}),
		enter(t, ad, "contact", "off", fakead.Attributes{"mail": {"off@example.com"}}),
		enter(t, ad, "contact", "sent on", fakead.Attributes{"mail": {"nobody@example.com"}, "targetAddress": {"SMTP:on@elsewhere.example"}}),
		enter(t, ad, "contact", "mute", nil),
	}
	enter(t, ad, "user", "ann", fakead.Attributes{"userPrincipalName": {"ann@example.com"}})
	enter(t, ad, "group", "team", fakead.Attributes{"mail": {"team@example.com"}, "member": members})
	first := r.once()
	assert.Equal(t, []string{"created ann@example.com", "created team@example.com reason_members_left_out"}, r.log(first))
	assert.Equal(t, "2", r.tables.entries[first.ID][1].Reason.Args["Count"], "without an address, and switched off here")
	assert.ElementsMatch(t, []string{
		"friend@elsewhere.example", "target@elsewhere.example", "lower@elsewhere.example", "box@example.com", "ann@example.com", "on@elsewhere.example",
	}, r.account("team@example.com").Members)
	assert.Len(t, r.tables.links, 2)

	require.NoError(t, ad.Modify(friend, fakead.Attributes{"mail": {"changed@elsewhere.example"}}))
	assert.Equal(t, []string{"updated team@example.com reason_members_left_out"}, r.log(r.incremental()))
	assert.Contains(t, r.account("team@example.com").Members, "changed@elsewhere.example")
	assert.NotContains(t, r.account("team@example.com").Members, "friend@elsewhere.example")
	full, err := run.New(r.config).Once(t.Context(), r.res, run.Manual, run.Full)
	require.NoError(t, err)
	assert.Empty(t, r.log(full))
}

// A scope with contacts only has no users, so that a removal is held.
func TestR15_ContactsAloneAreAnEmptyScope(t *testing.T) {
	r, ad := onLDAP(t)
	enter(t, ad, "contact", "friend", fakead.Attributes{"mail": {"friend@elsewhere.example"}})
	ann := enter(t, ad, "user", "ann", fakead.Attributes{"userPrincipalName": {"ann@example.com"}})
	assert.Equal(t, []string{"created ann@example.com"}, r.log(r.once()))
	require.NoError(t, ad.Delete(ann))
	assert.Equal(t, []string{"held ann@example.com reason_held_empty"}, r.log(r.incremental()))
	full, err := run.New(r.config).Once(t.Context(), r.res, run.Manual, run.Full)
	require.NoError(t, err)
	assert.Empty(t, r.log(full), "it waits already")
	assert.Equal(t, map[account.Action]int{account.ActionHeld: 1}, full.Counts)
}

func TestR11_WhoIsOfAnotherDomainIsAMemberByMailAndNotByALoginName(t *testing.T) {
	for _, attribute := range []string{"userPrincipalName", "mail"} {
		t.Run(attribute, func(t *testing.T) {
			r, ad := onLDAP(t)
			r.res.Settings.Users.Mail = attribute
			bob := enter(t, ad, "user", "bob", fakead.Attributes{"userPrincipalName": {"bob@corp.example"}, "mail": {"bob@elsewhere.example"}})
			enter(t, ad, "group", "team", fakead.Attributes{"mail": {"team@example.com"}, "member": {
				bob,
				enter(t, ad, "user", "carl", fakead.Attributes{"userPrincipalName": {"carl@corp.example"}}),
				enter(t, ad, "user", "dora", fakead.Attributes{"userPrincipalName": {"dora@corp.example"}, "mail": {"dora@elsewhere.example"}, "userAccountControl": {"514"}}),
				enter(t, ad, "user", "ann", fakead.Attributes{"userPrincipalName": {"ann@example.com"}, "mail": {"ann@example.com"}}),
			}})
			r.once()
			assert.ElementsMatch(t, []string{"bob@elsewhere.example", "ann@example.com"}, r.account("team@example.com").Members)

			require.NoError(t, ad.Modify(bob, fakead.Attributes{"mail": {"changed@elsewhere.example"}}))
			r.incremental()
			assert.ElementsMatch(t, []string{"changed@elsewhere.example", "ann@example.com"}, r.account("team@example.com").Members)
		})
	}
}

// An address elsewhere does not stand in for an account here that is switched off.
func TestR11_AnAccountSwitchedOffHereIsNotReplacedByAnAddressElsewhere(t *testing.T) {
	r, ad := onLDAP(t)
	r.mail.AddAccount(account.Account{Address: "ann@example.com", Kind: account.Mailbox, Home: "/ann/"})
	enter(t, ad, "group", "team", fakead.Attributes{"mail": {"team@example.com"}, "member": {
		enter(t, ad, "user", "ann", fakead.Attributes{"userPrincipalName": {"ann@example.com"}, "mail": {"ann@private.example"}}),
	}})
	r.once()
	assert.Empty(t, r.account("team@example.com").Members)
}
