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

// Run runs the suite; each test takes a place of its own.
func Run(t *testing.T, place func(t *testing.T) *Place) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, p *Place)
	}{
		{"a probe names the server and its counter", probe},
		{"the schema says when it changed", schemaChanged},
		{"the counter is below every later change", counter},
		{"every mapped attribute arrives", attributes},
		{"hard names arrive unharmed", hardNames},
		{"R1 an object keeps its identity", identity},
		{"R11 what is absent or disabled shows, and contacts are no users", states},
		{"R3 what a system made for itself is told from people", systemObjects},
		{"R9 an account that has ended is disabled", ended},
		{"pages give every object once", pages},
		{"R13 only a whole listing is complete", limits},
		{"nothing there is complete too", nothing},
		{"references at the domain root are passed over", references},
		{"what is deleted or outside is not listed", outside},
		{"groups come with the number of their members", groups},
		{"R11 members come with their identity, wherever they are", memberIdentities},
		{"R12 the groups of an object, wherever they are", groupsOfObjects},
		{"R13 who lost the right to read a unit sees nobody there", hiddenUnit},
		{"R22 what may not be read looks as what is not there", hiddenAttribute},
		{"R17 what changed is told apart from what did not", changes},
		{"R11 who has which primary group", primaryGroups},
		{"R17 a scope that depends on other objects", borrowedScope},
		{"every form of the bind name", bindNames},
		{"a watch tells of every change", watched},
		{"R27 what a person's password comes to", personSignsIn},
		{"R27 when the domain locks a person", personIsLocked},
		{"every kind of encryption", encryption},
		{"each refusal of the bind account has its sentence", refusals},
		{"each mistake in the scope has its field", mistakes},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, place(t)) })
	}
}

func probe(t *testing.T, p *Place) {
	got, err := p.open(t, p.settings(), 0).Probe(t.Context())
	require.NoError(t, err)
	assert.True(t, strings.EqualFold(p.Root, got.BaseDN), got.BaseDN)
	assert.NotEmpty(t, got.Server)
	assert.Len(t, got.Invocation, 36)
	assert.Positive(t, got.HighestUSN)
	again, err := p.open(t, p.settings(), 0).Probe(t.Context())
	require.NoError(t, err)
	assert.Equal(t, got.Invocation, again.Invocation, "the same database answers")
}

func schemaChanged(t *testing.T, p *Place) {
	ask := func(dn, attribute string) string {
		found, err := p.Admin.Search(ldap.NewSearchRequest(dn, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 0, 0, false,
			"(objectClass=*)", []string{attribute}, nil))
		require.NoError(t, err)
		require.Len(t, found.Entries, 1)
		return found.Entries[0].GetAttributeValue(attribute)
	}
	subschema := ask("", "subschemaSubentry")
	changed := ask(subschema, "modifyTimeStamp")
	assert.Regexp(t, `^[0-9]{14}\.0Z$`, changed)
	assert.Equal(t, changed, ask(subschema, "modifyTimeStamp"))
}

func counter(t *testing.T, p *Place) {
	dn := p.person(t, "Counted", "counted", nil)
	before, err := p.open(t, p.settings(), 0).Probe(t.Context())
	require.NoError(t, err)
	first := p.user(t)
	assert.Positive(t, first.USN)
	assert.LessOrEqual(t, first.USN, before.HighestUSN)
	p.modify(t, dn, "title", "Changed")
	assert.Greater(t, p.user(t).USN, before.HighestUSN)
}

func attributes(t *testing.T, p *Place) {
	dn := p.person(t, "Ann Example", "Ann", values{
		"displayName": {"Ann E."}, "givenName": {"Ann"}, "sn": {"Example"}, "employeeID": {"7"}, "title": {"Engineer"},
		"mobile": {"+1 2"}, "telephoneNumber": {"+1 3"}, "mail": {"other@readers.example"}, "sAMAccountName": {"ann.e"},
	})
	got := p.user(t)
	assert.Len(t, string(got.ID), 36)
	got.ID, got.USN = "", 0
	assert.True(t, sameDN(dn, got.DN), got.DN)
	got.DN = ""
	assert.Equal(t, account.Object{
		Kind: account.User, Mail: []string{"Ann@readers.example"}, Logon: "ann.e", UserTraits: account.UserTraits{CommonName: "Ann Example"},
		Profile: account.Profile{"Ann E.", "Ann", "Example", "7", "Engineer", "+1 2", "+1 3"},
	}, got)

	s := p.settings()
	s.Users.Mail, s.Users.Name, s.Users.Status = "MAIL", "1.2.840.113556.1.2.13", "" // in any case, and by number
	r := p.open(t, s, 0)
	_, err := r.Probe(t.Context())
	require.NoError(t, err)
	_, err = r.List(t.Context(), run.Query{Kind: account.User}, func(o account.Object) error {
		assert.Equal(t, []string{"other@readers.example"}, o.Mail)
		assert.Equal(t, "Ann E.", o.Profile[account.Name])
		return nil
	})
	require.NoError(t, err)
}

func hardNames(t *testing.T, p *Place) {
	names := []string{
		`O'Brien "Bob" \ back`, `Doe, John; Jr. + #1 = <x>`, `#hash first`, `Fox 🦊 👨‍👩‍👧‍👦`, `山田 太郎（やまだ）`, `שלום محمد`,
		"Zoe\u0308 A\u030a", strings.Repeat("長い", 30),
	}
	for i, name := range names {
		p.person(t, name, fmt.Sprintf("hard%d", i), values{"displayName": {name}})
	}
	all, _ := p.list(t, p.settings(), account.User, 3, 0)
	var got []string
	for _, o := range all {
		got = append(got, o.Profile[account.Name])
	}
	assert.ElementsMatch(t, names, got)
	r, _ := p.probed(t, p.settings())
	assert.Len(t, query(t, r, run.Query{Kind: account.User, Showing: account.FieldSet(account.Name, account.Title)}), len(names))
	assert.Empty(t, query(t, r, run.Query{Kind: account.User, Showing: account.FieldSet(account.Title), IDsOnly: true}), "nobody has one")
}

func identity(t *testing.T, p *Place) {
	dn := p.person(t, "Before", "before", nil)
	first := p.user(t)
	unit := p.add(t, "organizationalUnit", "Elsewhere", p.Base, nil)
	require.NoError(t, p.Admin.ModifyDN(ldap.NewModifyDNRequest(dn, "CN="+ldap.EscapeDN("After, moved"), true, unit)))
	p.modify(t, "CN="+ldap.EscapeDN("After, moved")+","+unit, "userPrincipalName", "after@readers.example")
	after := p.user(t)
	assert.Equal(t, first.ID, after.ID)
	assert.Equal(t, []string{"after@readers.example"}, after.Mail)
	assert.True(t, sameDN(`CN=After\, moved,`+unit, after.DN), after.DN)
}

func states(t *testing.T, p *Place) {
	p.person(t, "Off", "off", values{"userAccountControl": {"546"}})
	p.person(t, "On", "on", nil)
	p.add(t, "contact", "Partner", p.Base, values{"mail": {"partner@elsewhere.example"}})
	s := p.settings()
	s.Users.Mail = "mail" // a contact is no user, whatever it has
	_, listing := p.list(t, s, account.User, 1, 0)
	assert.Equal(t, run.Listing{Complete: true, Count: 2}, listing)
	all, listing := p.list(t, p.settings(), account.User, 0, 0)
	assert.Equal(t, run.Listing{Complete: true, Count: 2}, listing)
	for _, o := range all {
		assert.Equal(t, account.User, o.Kind)
		assert.Equal(t, o.Mail[0] == "off@readers.example", o.Disabled, o.DN)
		assert.Empty(t, o.Profile[account.Title])
	}
	r, _ := p.probed(t, p.settings())
	assert.Len(t, query(t, r, run.Query{Kind: account.User, IDsOnly: true}), 2)
	assert.Len(t, query(t, r, run.Query{Kind: account.User, IDsOnly: true, Primary: []uint32{515}, ExcludePrimary: true}), 2)
}

func pages(t *testing.T, p *Place) {
	for i := range 25 {
		p.person(t, fmt.Sprintf("Person %d", i), fmt.Sprintf("p%d", i), nil)
	}
	for _, size := range []int{1, 5, 7, 24, 25, 26} {
		all, listing := p.list(t, p.settings(), account.User, size, 0)
		assert.Equal(t, run.Listing{Complete: true, Count: 25}, listing, "pages of %d", size)
		ids := make(map[account.SourceID]bool)
		for _, o := range all {
			ids[o.ID] = true
		}
		assert.Len(t, ids, 25, "pages of %d", size)
	}
}

func limits(t *testing.T, p *Place) {
	for i := range 12 {
		p.person(t, fmt.Sprintf("Person %d", i), fmt.Sprintf("p%d", i), nil)
	}
	for limit, complete := range map[int]bool{0: true, 1: false, 10: false, 11: false, 12: true, 13: true} {
		_, listing := p.list(t, p.settings(), account.User, 0, limit)
		want := run.Listing{Complete: complete, Count: 12}
		if limit > 0 {
			want.Count = min(limit, 12)
		}
		assert.Equal(t, want, listing, "limit %d", limit)
	}
}

func nothing(t *testing.T, p *Place) {
	all, listing := p.list(t, p.settings(), account.User, 0, 0)
	assert.Empty(t, all)
	assert.Equal(t, run.Listing{Complete: true}, listing)
}

func references(t *testing.T, p *Place) {
	p.person(t, "Lone", "lone", values{"title": {p.Base}})
	s := p.settings()
	s.Connection.BaseDN = p.Root
	s.Users.Filter = "(&(objectClass=user)(title=" + ldap.EscapeFilter(p.Base) + "))"
	all, listing := p.list(t, s, account.User, 0, 0)
	assert.Equal(t, run.Listing{Complete: true, Count: 1}, listing)
	assert.Equal(t, []string{"lone@readers.example"}, all[0].Mail)
}

func outside(t *testing.T, p *Place) {
	in := p.add(t, "organizationalUnit", "In", p.Base, nil)
	p.add(t, "user", "Inside", in, values{"userPrincipalName": {"inside@readers.example"}})
	p.person(t, "Outside", "outside", nil)
	gone := p.add(t, "user", "Gone", in, nil)
	require.NoError(t, p.Admin.Del(ldap.NewDelRequest(gone, nil)))
	s := p.settings()
	s.Connection.BaseDN = in
	all, listing := p.list(t, s, account.User, 0, 0)
	assert.Equal(t, run.Listing{Complete: true, Count: 1}, listing)
	assert.Equal(t, []string{"inside@readers.example"}, all[0].Mail)
	s.Users.Filter = "(&(objectClass=user)(cn=Nob*))"
	_, listing = p.list(t, s, account.User, 0, 0)
	assert.Equal(t, run.Listing{Complete: true}, listing)
}

func groups(t *testing.T, p *Place) {
	var members []string
	for i := range 12 {
		members = append(members, p.person(t, fmt.Sprintf("Member, %d", i), fmt.Sprintf("m%d", i), nil))
	}
	p.add(t, "group", "Team", p.Base, values{"mail": {"team@readers.example"}, "member": members})
	p.add(t, "group", "Empty", p.Base, nil)
	all, listing := p.list(t, p.settings(), account.Group, 0, 0)
	assert.True(t, listing.Complete)
	sizes := make(map[string]int)
	for _, o := range all {
		assert.Equal(t, account.Group, o.Kind)
		sizes[o.Profile[account.Name]] = len(o.Members)
	}
	assert.Equal(t, map[string]int{"Team": 12, "Empty": 0}, sizes)
}

func memberIdentities(t *testing.T, p *Place) {
	in := p.add(t, "organizationalUnit", "In", p.Base, nil)
	inside := p.add(t, "user", "Ann, the 1st", in, values{"userPrincipalName": {"ann@readers.example"}})
	outside := p.person(t, "Outside", "outside", values{"mail": {"Outside@elsewhere.example"}})
	near := p.add(t, "contact", "Near", in, values{"mail": {"Near@elsewhere.example"}})
	friend := p.add(t, "contact", "Friend", p.Base, values{"mail": {"Friend@elsewhere.example"}})
	nested := p.add(t, "group", "Nested", p.Base, values{"member": {outside}})
	p.add(t, "group", "Team", in, values{"mail": {"team@readers.example"}, "member": {inside, outside, near, friend, nested}})
	s := p.settings()
	s.Connection.BaseDN, s.Replication.Groups = in, true

	users, _ := p.list(t, s, account.User, 0, 0)
	teams, listing := p.list(t, s, account.Group, 0, 0)
	require.Len(t, users, 1)
	require.Len(t, teams, 1)
	assert.True(t, listing.Complete)
	team := teams[0]
	assert.False(t, team.Partial)
	assert.True(t, strings.HasPrefix(team.DN, "CN=Team,"), "a DN without its identity: %s", team.DN)
	assert.Contains(t, team.Members, users[0].ID)
	assert.Len(t, team.Members, 5)
	assert.NotZero(t, team.Primary)
	assert.NotZero(t, users[0].Primary, "everybody has a primary group")

	found := p.lookUp(t, s, append(team.Members, "00000000-0000-0000-0000-000000000000"))
	kinds := make(map[string]account.ObjectKind)
	for _, o := range found {
		name, _, _ := strings.Cut(strings.TrimPrefix(o.DN, "CN="), ",OU")
		kinds[name] = o.Kind
		if o.Kind == account.Contact {
			assert.Equal(t, []string{name + "@elsewhere.example"}, o.Mail)
		}
		if name == "Outside" {
			assert.Equal(t, []string{"outside@readers.example"}, o.Mail)
			assert.Equal(t, []string{"Outside@elsewhere.example"}, o.External)
		}
		if o.Kind == account.Group {
			assert.Len(t, o.Members, 1)
		}
	}
	assert.Equal(t, map[string]account.ObjectKind{
		`Ann\, the 1st`: account.User, "Outside": account.User, "Near": account.Contact, "Friend": account.Contact, "Nested": account.Group,
	}, kinds)
}

func sameDN(a, b string) bool {
	x, errX := ldap.ParseDN(a)
	y, errY := ldap.ParseDN(b)
	return errX == nil && errY == nil && x.EqualFold(y)
}

// wantProblem wants one problem, at the field.
func wantProblem(t *testing.T, err error, field, key string) {
	t.Helper()
	require.Error(t, err)
	problems := resource.ProblemsOf(err)
	require.Len(t, problems, 1, "%v", err)
	assert.Equal(t, field+" problem_"+key, problems[0].Field+" "+problems[0].Message.Key, "%v", err)
}
