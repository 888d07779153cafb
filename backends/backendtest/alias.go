package backendtest

import (
	"fmt"
	"slices"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
)

func alias(local, name string, members ...string) account.Operation {
	return account.Operation{
		Verb: account.Create, Kind: account.Alias, Address: local + "@example.com",
		Values:     account.Values{Profile: account.Profile{account.Name: name}, Set: account.FieldSet(account.Name), Switch: account.On},
		Membership: account.Membership{Policy: "membersonly", Join: members},
	}
}

func aliasOperation(verb account.Verb, local string) account.Operation {
	return account.Operation{Verb: verb, Kind: account.Alias, Address: local + "@example.com"}
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
	op := aliasOperation(account.Update, "sales")
	op.Join, op.Leave = []string{"d@example.com", "a@example.com"}, []string{"b@example.com", "gone@example.com"}
	op.Set, op.Profile[account.Name] = account.FieldSet(account.Name), "Sales & Co"
	s.applied(op)
	s.applied(op)
	got := s.alias("sales@example.com")
	assert.Equal(s, []string{"a@example.com", "c@example.com", "d@example.com"}, got.Members)
	assert.Equal(s, "Sales & Co", got.Profile[account.Name])
	assert.Equal(s, []string{"b@example.com"}, s.alias("other@example.com").Members)
	assert.ErrorIs(s, s.apply(moved(op, "gone@example.com"))[0], backends.ErrNotFound)
}

func moved(op account.Operation, address string) account.Operation {
	op.Address = address
	return op
}

func addModerators(s suite) {
	op := alias("sales", "Sales", "ann@example.com")
	op.Moderate = []string{"boss@example.com"}
	s.applied(op)
	s.AddReference(Reference{Moderator, "sales@example.com", "deputy@elsewhere.example"})
	more := aliasOperation(account.Update, "sales")
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
	op := aliasOperation(account.Update, "all")
	op.Leave = members[1:]
	s.applied(op)
	assert.Equal(s, members[:1], s.alias("all@example.com").Members)
}

func renameAlias(s suite) {
	s.applied(alias("sales", "Sales", "ann@example.com"), alias("top", "Top", "sales@example.com"), alias("swap", "Swap", "bob@example.com"))
	s.AddReference(Reference{Moderator, "sales@example.com", "boss@elsewhere.example"})
	s.SetPolicy("sales@example.com", "public")
	op := aliasOperation(account.Rename, "sales")
	op.NewAddress = "market@example.com"
	s.applied(op)
	s.applied(op)
	got := s.alias("market@example.com")
	assert.Equal(s, "Sales", got.Profile[account.Name])
	assert.Equal(s, []string{"ann@example.com"}, got.Members)
	assert.Equal(s, "public", s.Policy("market@example.com"))
	assert.Equal(s, []string{"market@example.com"}, s.alias("top@example.com").Members)
	assert.Equal(s, []Reference{{Moderator, "market@example.com", "boss@elsewhere.example"}}, s.references())

	there, back := aliasOperation(account.Rename, "market"), aliasOperation(account.Rename, "swap")
	there.NewAddress, back.NewAddress = "swap@example.com", "market@example.com"
	s.applied(there, back)
	assert.Equal(s, []string{"ann@example.com"}, s.alias("swap@example.com").Members)
	assert.Equal(s, []string{"bob@example.com"}, s.alias("market@example.com").Members)
}

func deleteAlias(s suite) {
	s.applied(alias("sales", "Sales", "ann@example.com"), alias("top", "Top", "sales@example.com", "bob@example.com"))
	s.AddReference(Reference{Moderator, "sales@example.com", "boss@elsewhere.example"})
	op := aliasOperation(account.Delete, "sales")
	s.applied(op)
	s.applied(op)
	assert.Empty(s, s.accounts(backends.Query{Addresses: []string{"sales@example.com"}}))
	assert.Equal(s, []string{"bob@example.com"}, s.alias("top@example.com").Members)
	assert.Empty(s, s.references())
	assert.Empty(s, s.DeletedMailboxes(), "it had no mailbox")
	assert.False(s, s.Route(route("sales", "ann")))
}

func switchAlias(s suite) {
	s.applied(alias("sales", "Sales", "ann@example.com", "bob@example.com"))
	off := aliasOperation(account.Update, "sales")
	off.Switch = account.Off
	s.applied(off)
	got := s.alias("sales@example.com")
	assert.False(s, got.Active)
	assert.ElementsMatch(s, []string{"ann@example.com", "bob@example.com"}, slices.Concat(got.Members, got.Idle), "they come on with it")
	on := aliasOperation(account.Update, "sales")
	on.Switch, on.Leave, on.Join = account.On, []string{"bob@example.com"}, []string{"eve@example.com"}
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
