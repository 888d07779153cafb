package backendtest

import (
	"fmt"
	"slices"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
)

func alias(local, name string, members ...string) account.Change {
	return account.Change{
		Action: account.ActionCreated, Kind: account.Alias, Source: account.SourceID(local), Address: local + "@example.com",
		Profile: account.Profile{account.Name: name}, Set: account.FieldSet(account.Name), Policy: "membersonly", Active: true,
		Join: members,
	}
}

func aliasChange(action account.Action, local string) account.Change {
	return account.Change{Action: action, Kind: account.Alias, Address: local + "@example.com"}
}

func (s suite) alias(address string) account.Account {
	s.Helper()
	for a, err := range s.Backend.Accounts(s.Context(), "example.com", backends.Query{Addresses: []string{address}, Members: true}) {
		require.NoError(s, err)
		return a
	}
	require.FailNow(s, "no alias", address)
	return account.Account{}
}

func createAlias(s suite) {
	s.applied(creation("ann", "Ann"))
	s.applied(alias("sales", "Sales 部門", "ann@example.com", "out+side@elsewhere.example"), alias("empty", "Nobody"))
	got := s.alias("sales@example.com")
	assert.Equal(s, account.Alias, got.Kind)
	assert.True(s, got.Active)
	assert.Equal(s, "Sales 部門", got.Profile[account.Name])
	assert.Equal(s, []string{"ann@example.com", "out+side@elsewhere.example"}, got.Members)
	assert.Equal(s, "membersonly", s.Policy("sales@example.com"))
	assert.Empty(s, s.alias("empty@example.com").Members)
	assert.Equal(s, 2, s.domain("example.com").Aliases)

	s.AddReserved("list@example.com")
	for _, result := range s.apply(alias("ann", "A"), alias("list", "L")) {
		assert.ErrorIs(s, result, backends.ErrExists)
	}
	assert.ErrorIs(s, s.apply(creation("sales", "S"))[0], backends.ErrExists)
}

func createAliasTwice(s suite) {
	s.applied(alias("sales", "Sales", "ann@example.com"))
	s.SetPolicy("sales@example.com", "public")
	s.applied(alias("sales", "Sales", "ann@example.com", "bob@example.com"))
	assert.Equal(s, []string{"ann@example.com", "bob@example.com"}, s.alias("sales@example.com").Members)
	assert.Equal(s, "public", s.Policy("sales@example.com"), "a local change survives")
}

func changeMembers(s suite) {
	s.applied(alias("sales", "Sales", "a@example.com", "b@example.com", "c@example.com"), alias("other", "Other", "b@example.com"))
	c := aliasChange(account.ActionUpdated, "sales")
	c.Join, c.Leave = []string{"d@example.com", "a@example.com"}, []string{"b@example.com", "gone@example.com"}
	c.Set, c.Profile[account.Name] = account.FieldSet(account.Name), "Sales & Co"
	s.applied(c)
	s.applied(c)
	got := s.alias("sales@example.com")
	assert.Equal(s, []string{"a@example.com", "c@example.com", "d@example.com"}, got.Members)
	assert.Equal(s, "Sales & Co", got.Profile[account.Name])
	assert.Equal(s, []string{"b@example.com"}, s.alias("other@example.com").Members)
	assert.ErrorIs(s, s.apply(aliasChange2(c, "gone@example.com"))[0], backends.ErrNotFound)
}

func aliasChange2(c account.Change, address string) account.Change {
	c.Address = address
	return c
}

func addModerators(s suite) {
	c := alias("sales", "Sales", "ann@example.com")
	c.Moderate = []string{"boss@example.com"}
	s.applied(c)
	s.AddReference(Reference{Moderator, "sales@example.com", "deputy@elsewhere.example"})
	more := aliasChange(account.ActionUpdated, "sales")
	more.Moderate = []string{"boss@example.com", "chief@example.com"}
	s.applied(more)
	assert.ElementsMatch(s, []string{"boss@example.com", "chief@example.com", "deputy@elsewhere.example"},
		s.alias("sales@example.com").Moderators)
}

func manyMembers(s suite) {
	var members []string
	for i := range 5000 {
		members = append(members, fmt.Sprintf("user%04d@elsewhere.example", i))
	}
	s.applied(alias("all", "All", members...))
	assert.Equal(s, members, s.alias("all@example.com").Members)
	c := aliasChange(account.ActionUpdated, "all")
	c.Leave = members[1:]
	s.applied(c)
	assert.Equal(s, members[:1], s.alias("all@example.com").Members)
}

func renameAlias(s suite) {
	s.applied(alias("sales", "Sales", "ann@example.com"), alias("top", "Top", "sales@example.com"), alias("swap", "Swap", "bob@example.com"))
	s.AddReference(Reference{Moderator, "sales@example.com", "boss@elsewhere.example"})
	s.SetPolicy("sales@example.com", "public")
	c := aliasChange(account.ActionRenamed, "sales")
	c.NewAddress = "market@example.com"
	s.applied(c)
	s.applied(c)
	got := s.alias("market@example.com")
	assert.Equal(s, "Sales", got.Profile[account.Name])
	assert.Equal(s, []string{"ann@example.com"}, got.Members)
	assert.Equal(s, "public", s.Policy("market@example.com"))
	assert.Equal(s, []string{"market@example.com"}, s.alias("top@example.com").Members)
	assert.Equal(s, []Reference{{Moderator, "market@example.com", "boss@elsewhere.example"}}, s.references())

	there, back := aliasChange(account.ActionRenamed, "market"), aliasChange(account.ActionRenamed, "swap")
	there.NewAddress, back.NewAddress = "swap@example.com", "market@example.com"
	s.applied(there, back)
	assert.Equal(s, []string{"ann@example.com"}, s.alias("swap@example.com").Members)
	assert.Equal(s, []string{"bob@example.com"}, s.alias("market@example.com").Members)
}

func deleteAlias(s suite) {
	s.applied(alias("sales", "Sales", "ann@example.com"), alias("top", "Top", "sales@example.com", "bob@example.com"))
	s.AddReference(Reference{Moderator, "sales@example.com", "boss@elsewhere.example"})
	c := aliasChange(account.ActionDeleted, "sales")
	s.applied(c)
	s.applied(c)
	assert.Empty(s, s.accounts(backends.Query{Addresses: []string{"sales@example.com"}}))
	assert.Equal(s, []string{"bob@example.com"}, s.alias("top@example.com").Members)
	assert.Empty(s, s.references())
	assert.Empty(s, s.DeletedMailboxes(), "it had no mailbox")
	assert.False(s, s.Route(route("sales", "ann")))
}

func switchAlias(s suite) {
	s.applied(alias("sales", "Sales", "ann@example.com", "bob@example.com"))
	off := aliasChange(account.ActionDisabled, "sales")
	off.Disable = true
	s.applied(off)
	got := s.alias("sales@example.com")
	assert.False(s, got.Active)
	assert.ElementsMatch(s, []string{"ann@example.com", "bob@example.com"}, slices.Concat(got.Members, got.Idle), "they come on with it")
	on := aliasChange(account.ActionEnabled, "sales")
	on.Enable, on.Leave, on.Join = true, []string{"bob@example.com"}, []string{"eve@example.com"}
	s.applied(on)
	got = s.alias("sales@example.com")
	assert.True(s, got.Active)
	assert.Equal(s, []string{"ann@example.com", "eve@example.com"}, got.Members)
	assert.True(s, s.forwards("sales", "ann") && s.forwards("sales", "eve"))
}

func followMembers(s suite) {
	s.applied(creation("ann", "Ann"), creation("bob", "Bob"), alias("sales", "Sales", "ann@example.com", "bob@example.com"))
	s.applied(off("ann"), renaming("bob", "bob", "rob"))
	assert.Equal(s, []string{"ann@example.com", "rob@example.com"}, s.alias("sales@example.com").Members,
		"who is a member is up to the alias")
	s.applied(on("ann"))
	assert.Equal(s, []string{"ann@example.com", "rob@example.com"}, s.alias("sales@example.com").Members)
}
