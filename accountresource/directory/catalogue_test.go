package directory_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/directory/fakead"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// aCatalogue is a global catalogue with people and groups, and settings that lead to it.
func aCatalogue(t *testing.T, o fakead.Options) (*fakead.Server, resource.Settings) {
	t.Helper()
	o.Catalogue = true
	server := startFake(t, o)
	require.NoError(t, server.Populate(20, 4))
	s, _, _ := pair(t)
	s.Connection.Host, s.Connection.Port = "127.0.0.1", 3268
	s.Connection.BaseDN, s.Connection.BindDN = server.BaseDN(), server.AdminDN()
	s.Replication.Groups = true
	return server, s
}

// The global catalogue knows all attributes and holds few, and does not say which: those that it does not hold would be read as
// absent, and cleared.
func TestOnlyAttributesOutsideOfTheCatalogueAreRefused(t *testing.T) {
	server, s := aCatalogue(t, fakead.Options{})
	_, err := openVia(t, s, server.Addr().String()).Probe(t.Context())
	assert.ElementsMatch(t, []string{"user_employee_id", "user_title", "user_mobile"}, fieldsOf(err))
	for _, p := range resource.ProblemsOf(err) {
		assert.Equal(t, "problem_attribute_not_in_catalogue", p.Message.Key)
	}
	s.Users.EmployeeID, s.Users.Title, s.Users.Mobile = "", "", ""
	p, err := openVia(t, s, server.Addr().String()).Probe(t.Context())
	require.NoError(t, err)
	assert.False(t, p.Follows, "its counter is not that of the domains")
	assert.True(t, strings.HasPrefix(p.Invocation, "catalogue-"), "it does not show its database, but which server it is")

	other, s := aCatalogue(t, fakead.Options{Held: []string{"title"}})
	require.NoError(t, other.Modify(personOf(t, other, s), fakead.Attributes{"title": {"Engineer"}}))
	s.Users.EmployeeID, s.Users.Mobile = "", ""
	second, err := openVia(t, s, other.Addr().String()).Probe(t.Context())
	require.NoError(t, err, "the company has added this one to the catalogue")
	assert.NotEqual(t, p.Invocation, second.Invocation)
}

// personOf is the DN of somebody.
func personOf(t *testing.T, server *fakead.Server, s resource.Settings) (dn string) {
	t.Helper()
	s.Connection.Port = server.Addr().Port
	s.Users.EmployeeID, s.Users.Title, s.Users.Mobile = "", "", ""
	_, err := openVia(t, s, server.Addr().String()).List(t.Context(), run.Query{Kind: account.User}, func(o account.Object) error {
		if len(o.Mail) > 0 {
			dn = o.DN
		}
		return nil
	})
	require.NoError(t, err)
	return dn
}

// Only universal groups have their members in the catalogue: others keep those that they have (rule R12). Who has a primary group is
// known of the server's own domain only, since relative identifiers repeat in every domain.
func TestR12_OnlyUniversalGroupsOfTheCatalogueAreWhole(t *testing.T) {
	server, s := aCatalogue(t, fakead.Options{})
	s.Users.EmployeeID, s.Users.Title, s.Users.Mobile = "", "", ""
	partial := func() (names map[string]bool) {
		names = make(map[string]bool)
		r := openVia(t, s, server.Addr().String())
		_, err := r.Probe(t.Context())
		require.NoError(t, err)
		_, err = r.List(t.Context(), run.Query{Kind: account.Group}, func(o account.Object) error {
			names[o.DN] = o.Partial
			return nil
		})
		require.NoError(t, err)
		return names
	}
	before := partial()
	require.NotEmpty(t, before)
	for dn, is := range before {
		assert.True(t, is, dn)
		require.NoError(t, server.Modify(dn, fakead.Attributes{"groupType": {"-2147483640"}}))
	}
	for dn, is := range partial() {
		assert.False(t, is, dn)
	}

	r := openVia(t, s, server.Addr().String())
	_, err := r.Probe(t.Context())
	require.NoError(t, err)
	primary := make(map[uint32]int)
	_, err = r.List(t.Context(), run.Query{Kind: account.User}, func(o account.Object) error {
		primary[o.Primary]++
		return nil
	})
	require.NoError(t, err)
	assert.Positive(t, primary[513])

	child := []byte{1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 9, 0, 0, 0, 9, 0, 0, 0, 9, 0, 0, 0, 81, 4, 0, 0}
	require.NoError(t, server.Modify(personOf(t, server, s), fakead.Attributes{"objectSid": {string(child)}}))
	r = openVia(t, s, server.Addr().String())
	_, err = r.Probe(t.Context())
	require.NoError(t, err)
	foreign := 0
	_, err = r.List(t.Context(), run.Query{Kind: account.User}, func(o account.Object) error {
		if o.Primary == 0 {
			foreign++
		}
		return nil
	})
	require.NoError(t, err)
	assert.Equal(t, primary[0]+1, foreign, "a user of another domain")
}
