package readertest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// ordinary are settings with an account that has no rights beyond reading, privileged those with an administrator's.
func (p *Place) ordinary(t *testing.T) resource.Settings {
	t.Helper()
	s := p.settings()
	units := p.add(t, "organizationalUnit", "Accounts", p.Base, nil)
	dn := p.signIn(t, "Ordinary", "Ordinary-Secret-1")
	require.NoError(t, p.Admin.ModifyDN(ldap.NewModifyDNRequest(dn, "CN=Ordinary", true, units)))
	s.Connection.BindDN, s.Connection.BindPassword = "CN=Ordinary,"+units, resource.NewSecret("Ordinary-Secret-1")
	s.Connection.BaseDN = p.add(t, "organizationalUnit", "Scope", p.Base, nil)
	return s
}

func (p *Place) privileged(s resource.Settings) resource.Settings {
	s.Connection.BindDN, s.Connection.BindPassword = p.AdminDN, p.AdminPassword
	return s
}

// probed is a reader that has probed, and what its probe said.
func (p *Place) probed(t *testing.T, s resource.Settings) (run.Reader, run.Probe) {
	t.Helper()
	r := p.open(t, s, 3)
	probe, err := r.Probe(t.Context())
	require.NoError(t, err)
	return r, probe
}

func query(t *testing.T, r run.Reader, q run.Query) map[account.SourceID]account.Object {
	t.Helper()
	found := make(map[account.SourceID]account.Object)
	listing, err := r.List(t.Context(), q, func(o account.Object) error {
		found[o.ID] = o
		return nil
	})
	require.NoError(t, err)
	assert.True(t, listing.Complete)
	assert.Len(t, found, listing.Count)
	return found
}

// member adds a user with the name for its address.
func (p *Place) member(t *testing.T, parent, name string) string {
	t.Helper()
	return p.add(t, "user", name, parent, values{"userPrincipalName": {name + "@readers.example"}, "userAccountControl": {"544"}})
}

func changes(t *testing.T, p *Place) {
	s := p.ordinary(t)
	scope := s.Connection.BaseDN
	var dns []string
	for i := range 8 {
		dns = append(dns, p.member(t, scope, fmt.Sprintf("c%d", i)))
	}
	r, probe := p.probed(t, s)
	assert.False(t, probe.Tombstones, "an ordinary account is shown none")
	assert.True(t, probe.Follows)
	everybody := query(t, r, run.Query{Kind: account.User})
	require.Len(t, everybody, 8)
	id := func(n int) account.SourceID {
		for _, o := range everybody {
			if sameDN(o.DN, dns[n]) {
				return o.ID
			}
		}
		t.Fatalf("nobody is %s", dns[n])
		return ""
	}
	assert.Empty(t, query(t, r, run.Query{Kind: account.User, Since: probe.HighestUSN}))

	changed, moved, gone := id(1), id(2), id(3)
	p.modify(t, dns[1], "title", "Changed")
	require.NoError(t, p.Admin.ModifyDN(ldap.NewModifyDNRequest(dns[2], "CN=c2", true, p.Base)))
	require.NoError(t, p.Admin.Del(ldap.NewDelRequest(dns[3], nil)))
	p.modify(t, scope, "description", "it may have moved")
	fresh := p.add(t, "organizationalUnit", "Fresh", scope, nil)
	p.member(t, fresh, "newcomer")

	since := query(t, r, run.Query{Kind: account.User, Since: probe.HighestUSN})
	assert.Len(t, since, 2, "the newcomer and who changed")
	assert.Equal(t, "Changed", since[changed].Profile[account.Title])
	bare := query(t, r, run.Query{Kind: account.User, IDsOnly: true})
	assert.Len(t, bare, 7)
	assert.Empty(t, bare[changed].Profile)
	asked := query(t, r, run.Query{Kind: account.User, IDs: []account.SourceID{
		changed, moved, gone, "00000000-0000-0000-0000-000000000000",
	}})
	assert.Len(t, asked, 1, "in scope is only one of them")
	assert.Equal(t, "Changed", asked[changed].Profile[account.Title])
	assert.Empty(t, query(t, r, run.Query{Kind: account.User, IDs: []account.SourceID{}}))

	touched := touchedBy(t, r, probe.HighestUSN)
	assert.Equal(t, run.ChangedObject{ID: changed, Kind: account.User, DN: dns[1]}, touched[changed])
	assert.Equal(t, run.ChangedObject{ID: moved, Kind: account.User, DN: "CN=c2," + p.Base}, touched[moved], "it is outside of the scope now")
	assert.NotContains(t, touched, gone)
	holders := 0
	for _, touch := range touched {
		if touch.Container {
			holders++
		}
	}
	assert.Positive(t, holders, "a container that was there before")

	admin, seen := p.probed(t, p.privileged(s))
	assert.True(t, seen.Tombstones)
	assert.Equal(t, probe.Invocation, seen.Invocation)
	deleted := touchedBy(t, admin, probe.HighestUSN)[gone]
	assert.True(t, strings.HasSuffix(deleted.DN, ",CN=Deleted Objects,"+p.Root), deleted.DN)
	assert.Equal(t, run.ChangedObject{ID: gone, Kind: account.User, DN: deleted.DN, Deleted: true}, deleted)
	assert.Len(t, query(t, admin, run.Query{Kind: account.User}), 7, "a tombstone is in no listing")
}

func touchedBy(t *testing.T, r run.Reader, since int64) map[account.SourceID]run.ChangedObject {
	t.Helper()
	all, err := r.Changed(t.Context(), since)
	require.NoError(t, err)
	touched := make(map[account.SourceID]run.ChangedObject, len(all))
	for _, one := range all {
		touched[one.ID] = one
	}
	return touched
}

func primaryGroups(t *testing.T, p *Place) {
	p.person(t, "Usual", "usual", nil)
	r, _ := p.probed(t, p.settings())
	usual := query(t, r, run.Query{Kind: account.User, IDsOnly: true, Primary: []uint32{513}})
	assert.Len(t, usual, 1)
	for _, o := range usual {
		assert.Equal(t, uint32(513), o.Primary)
	}
	assert.Empty(t, query(t, r, run.Query{Kind: account.User, IDsOnly: true, Primary: []uint32{513, 515}, ExcludePrimary: true}))
	assert.Len(t, query(t, r, run.Query{Kind: account.User, IDsOnly: true, Primary: []uint32{515}, ExcludePrimary: true}), 1)
	assert.Empty(t, query(t, r, run.Query{Kind: account.User, IDsOnly: true, Primary: []uint32{515, 516}}))
}

// Who belongs to the scope by what other objects say changes without a counter of its own.
func borrowedScope(t *testing.T, p *Place) {
	s := p.settings()
	s.Users.Filter = "(&(objectClass=user)(memberOf=CN=Mail," + p.Base + "))"
	_, probe := p.probed(t, s)
	assert.False(t, probe.Follows)
	s = p.settings()
	s.Groups.Filter = "(memberOf:1.2.840.113556.1.4.1941:=CN=Mail," + p.Base + ")"
	_, probe = p.probed(t, s)
	assert.True(t, probe.Follows, "groups are not in use")
	s.Replication.Groups = true
	_, probe = p.probed(t, s)
	assert.False(t, probe.Follows)
	s = p.settings()
	s.Connection.BaseDN = p.Root
	_, probe = p.probed(t, s)
	assert.True(t, probe.Follows)
}
