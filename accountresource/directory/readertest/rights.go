package readertest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

func hiddenUnit(t *testing.T, p *Place) {
	s := p.ordinary(t)
	base := s.Connection.BaseDN
	seen := p.add(t, "organizationalUnit", "Seen", base, nil)
	hidden := p.add(t, "organizationalUnit", "Hidden", base, nil)
	p.add(t, "user", "Ann", seen, values{"userPrincipalName": {"ann@readers.example"}})
	for _, name := range []string{"Cid", "Dan", "Eve"} {
		p.add(t, "user", name, seen, values{"userPrincipalName": {name + "@readers.example"}})
	}
	gone := p.add(t, "user", "Bob", hidden, values{"userPrincipalName": {"bob@readers.example"}})
	empty := p.add(t, "organizationalUnit", "Empty", base, nil)
	dns := []string{"CN=Somebody," + seen, gone, "CN=Somebody," + empty, "CN=Somebody,OU=Nowhere," + base, "no DN"}
	around := func() map[string]bool {
		r, _ := p.probed(t, s)
		found, err := r.HasNeighbours(t.Context(), dns)
		require.NoError(t, err)
		return found
	}
	assert.Equal(t, map[string]bool{dns[0]: true, dns[1]: true, dns[2]: false, dns[3]: false}, around())

	p.HideTree(t, s.Connection.BindDN, hidden)
	assert.Equal(t, map[string]bool{dns[0]: true, dns[1]: false, dns[2]: false, dns[3]: false}, around())
	r, _ := p.probed(t, s)
	assert.Len(t, query(t, r, run.Query{Kind: account.User}), 4, "the listing is complete, and lacks Bob")
}

func hiddenAttribute(t *testing.T, p *Place) {
	s := p.ordinary(t)
	shown := p.add(t, "organizationalUnit", "Shown", s.Connection.BaseDN, nil)
	hidden := p.add(t, "organizationalUnit", "Hidden", s.Connection.BaseDN, nil)
	p.add(t, "user", "Ann", shown, values{"userPrincipalName": {"ann@readers.example"}, "title": {"Chief"}})
	bob := p.add(t, "user", "Bob", hidden, values{"userPrincipalName": {"bob@readers.example"}, "title": {"Chief"}})
	read := func(filter string) map[string]account.Object {
		s.Users.Filter = filter
		r, _ := p.probed(t, s)
		found := make(map[string]account.Object)
		for _, o := range query(t, r, run.Query{Kind: account.User}) {
			found[o.Mail[0]] = o
		}
		return found
	}
	const users = "(objectClass=user)"
	require.Equal(t, "Chief", read(users)["bob@readers.example"].Profile[account.Title])
	for _, attribute := range []string{"title", "userAccountControl"} {
		p.HideAttribute(t, s.Connection.BindDN, bob, attribute)
	}
	all := read(users)
	assert.Len(t, all, 2)
	assert.Equal(t, "Chief", all["ann@readers.example"].Profile[account.Title])
	assert.False(t, all["ann@readers.example"].NoStatus)
	assert.Empty(t, all["bob@readers.example"].Profile[account.Title])
	assert.True(t, all["bob@readers.example"].NoStatus)
	for _, filter := range []string{"(title=Chief)", "(title=*)"} { // the negation is true on Samba, and on Windows not
		found := read("(&" + users + filter + ")")
		assert.Contains(t, found, "ann@readers.example", filter)
		assert.NotContains(t, found, "bob@readers.example", "%s is true of nothing that may not be read", filter)
	}
}
