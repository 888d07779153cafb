package readertest

import (
	"strconv"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

func groupsOfObjects(t *testing.T, p *Place) {
	in := p.add(t, "organizationalUnit", "In", p.Base, nil)
	ann := p.add(t, "user", "Ann (the 1st*), Jr. Ä", in, values{"userPrincipalName": {"ann@readers.example"}})
	bob := p.add(t, "user", "Bob", in, values{"userPrincipalName": {"bob@readers.example"}})
	p.add(t, "user", "Nobody", in, values{"userPrincipalName": {"nobody@readers.example"}})
	inner := p.add(t, "group", "Inner", in, values{"member": {ann, bob}})
	p.add(t, "group", "Outside", p.Base, values{"member": {ann, inner}})
	crew := p.add(t, "group", "Crew", p.Base, values{"member": {bob}})
	p.add(t, "group", "Managed", in, values{"managedBy": {bob}})

	s := p.settings()
	s.Connection.BaseDN, s.Replication.Groups, s.Groups.Moderator = in, true, true
	r, _ := p.probed(t, s)
	people := make(map[string]account.Object)
	for _, kind := range []account.ObjectKind{account.User, account.Group} {
		for _, o := range query(t, r, run.Query{Kind: kind}) {
			parsed, err := ldap.ParseDN(o.DN)
			require.NoError(t, err)
			name, _, _ := strings.Cut(parsed.RDNs[0].Attributes[0].Value, " ")
			people[name] = o
		}
	}
	groupsOf := func(names ...string) (found []string) {
		var objects []account.Object
		for _, name := range names {
			require.Contains(t, people, name)
			objects = append(objects, people[name])
		}
		groups, err := r.GroupsOf(t.Context(), objects)
		require.NoError(t, err)
		for _, g := range groups {
			assert.Len(t, g.ID, 36)
			name, _, _ := strings.Cut(strings.TrimPrefix(g.DN, "CN="), ",")
			if name != "Domain Users" { // everybody's primary group
				found = append(found, name)
			}
		}
		return found
	}
	assert.ElementsMatch(t, []string{"Inner", "Outside"}, groupsOf("Ann"))
	assert.ElementsMatch(t, []string{"Inner", "Outside", "Crew", "Managed"}, groupsOf("Ann", "Bob"))
	assert.ElementsMatch(t, []string{"Outside"}, groupsOf("Inner"))
	assert.Empty(t, groupsOf("Nobody"))
	assert.Empty(t, groupsOf())

	wide, _ := p.probed(t, p.settings())
	for _, g := range query(t, wide, run.Query{Kind: account.Group}) {
		if strings.EqualFold(g.DN, crew) {
			p.modify(t, bob, "primaryGroupID", strconv.Itoa(int(g.Primary)))
		}
	}
	moved := query(t, r, run.Query{Kind: account.User, IDs: []account.SourceID{people["Bob"].ID}})
	require.Len(t, moved, 1)
	for id, o := range moved {
		people["Bob"] = account.Object{ID: id, Kind: account.User, Primary: o.Primary}
	}
	assert.Equal(t, []string{"Crew"}, groupsOf("Bob"), "by the primary group alone")
	p.modify(t, bob, "primaryGroupID", "513") // a group that is one cannot be deleted
}
