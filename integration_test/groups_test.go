//go:build integration

package integration_test

import (
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/backends"
)

// group makes a group in the test's unit and gives its DN.
func (p *people) group(cn, mail string, members ...string) string {
	p.tb.Helper()
	dn := rdn(cn) + "," + p.unit
	request := ldap.NewAddRequest(dn, nil)
	request.Attribute("objectClass", []string{"group"})
	if mail != "" {
		request.Attribute("mail", []string{mail})
	}
	if len(members) > 0 {
		request.Attribute("member", members)
	}
	require.NoError(p.tb, p.conn.Add(request), "add %s", dn)
	return dn
}

// members changes who is in a group.
func (p *people) members(group string, add, remove []string) {
	p.tb.Helper()
	request := ldap.NewModifyRequest(group, nil)
	if len(add) > 0 {
		request.Add("member", add)
	}
	if len(remove) > 0 {
		request.Delete("member", remove)
	}
	require.NoError(p.tb, p.conn.Modify(request))
}

// Groups of a Samba AD become aliases, and Postfix says who gets their mail.
func TestR10_R11_R12_GroupsAreAliases(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, store mailStore) {
		t.Parallel()
		ad := newPeople(t)
		p := startPanel(t, store.settings(), ad.directory.Password)
		s := p.connected("samba", sambaConnection(ad.directory, ad.unit, store.hosted()))
		s.saved("replication", values{"groups": "on"})
		at := func(local string) string { return local + "@" + store.hosted() }

		ann, bob := ad.add("Ann, A.", at("ann"), nil), ad.add("Bob #1", at("bob"), nil)
		outside := "partner@" + unique() + ".example"
		partner := ad.add("Partner", "login@"+unique()+".example", attributes{"mail": outside}) // nobody has mail at a login name
		nested := ad.group("Nested", "", bob)
		team := ad.group("Team Ω", at("team"), ann)
		all := ad.group("All", at("all"), nested, team, partner)
		ad.members(nested, []string{all}, nil) // a circle
		empty := ad.group("Empty", at("empty"))

		got := s.succeeded()
		assert.Equal(t, run{Created: 5, Ignored: 2}, got.counts(), s.log(got, "").text)
		postfix := store.lookups().Postfix(t)
		assert.Equal(t, []string{at("ann")}, postfix.Expand(at("team")))
		assert.ElementsMatch(t, []string{at("ann"), at("bob"), outside}, postfix.Expand(at("all")))
		assert.Equal(t, run{}, s.succeeded().counts(), "nothing changes")

		assert.Contains(t, p.page("/aliases/"+at("all")).text, "Managed in the directory: "+all)

		// A member's own changes show in the alias, though the group was not touched.
		ad.change(bob, attributes{"userPrincipalName": at("rob")})
		ad.change(ann, attributes{"userAccountControl": accountDisabled})
		got = s.succeeded()
		assert.Equal(t, 1, got.Renamed, s.log(got, "").text)
		assert.Equal(t, 1, got.Disabled)
		assert.ElementsMatch(t, []string{outside, at("rob"), at("team")}, postfix.Expand(at("all")), "team has nobody left")
		assert.NotContains(t, postfix.Expand(at("team")), at("ann"))
		ad.change(ann, attributes{"userAccountControl": accountEnabled})
		assert.Equal(t, 1, s.succeeded().Enabled)
		assert.Equal(t, []string{at("ann")}, postfix.Expand(at("team")))

		// A contact, somebody outside of the base DN, and the manager as moderator.
		friend, guest := "friend+news@"+unique()+".example", "guest@"+unique()+".example"
		contact := ldap.NewAddRequest("CN=Friend,"+ad.unit, nil)
		contact.Attribute("objectClass", []string{"contact"})
		contact.Attribute("mail", []string{friend})
		require.NoError(t, ad.conn.Add(contact))
		elsewhere := newPeople(t)
		far := elsewhere.add("Guest", "guest@"+unique()+".example", attributes{"mail": guest})
		mixed := ad.group("Mixed", at("mixed"), contact.DN, far)
		ad.change(mixed, attributes{"managedBy": ann})
		s.saved("users", values{"user_filter": "(objectClass=user)"})
		s.saved("groups", values{"group_moderator": "on", "access_policy": "moderatorsonly"})
		assert.Equal(t, 1, s.succeeded().Created)
		assert.ElementsMatch(t, []string{friend, guest}, postfix.Expand(at("mixed")))
		b, err := store.open(t.Context())
		require.NoError(t, err)
		query := backends.Query{Addresses: []string{at("mixed")}, Members: true}
		for a, err := range b.Accounts(t.Context(), store.hosted(), query) {
			require.NoError(t, err)
			assert.Equal(t, []string{at("ann")}, a.Moderators)
		}

		ad.members(empty, []string{ann, partner}, nil)
		ad.members(team, nil, []string{ann})
		ad.change(all, attributes{"mail": at("everybody")})
		got = s.succeeded()
		assert.Equal(t, run{Updated: 2, Renamed: 1}, got.counts(), s.log(got, "").text)
		assert.ElementsMatch(t, []string{at("ann"), outside}, postfix.Expand(at("empty")))
		assert.ElementsMatch(t, []string{outside, at("rob"), at("team")}, postfix.Expand(at("everybody")))
		assert.Equal(t, run{}, s.succeeded().counts())
	})
}
