package backendtest

import (
	"slices"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
)

// aside is the local part of the address that a move between two others uses on its way.
func aside(from, to string) string {
	return account.LocalPart(account.TempAddress(account.Move{From: from + "@example.com", To: to + "@example.com"}))
}

func renamingAlias(from, to string) account.Operation {
	op := aliasOperation(account.Rename, from)
	op.NewAddress = to + "@example.com"
	return op
}

// twice applies an operation, and then again: that is harmless.
func (s suite) twice(op account.Operation) {
	s.Helper()
	s.applied(op)
	s.applied(op)
}

// held is what holds an address, each as "local kind".
func (s suite) held() (all []string) {
	s.Helper()
	for _, a := range s.accounts(backends.Query{}) {
		all = append(all, account.LocalPart(a.Address)+" "+string(a.Kind))
	}
	return all
}

func mailboxAside(s suite) {
	s.applied(creation("ann", "Ann"), creation("bob", "Bob"), creation("copied", "Copied"))
	s.AddAlias("sales@example.com", "ann@example.com", "bob@example.com")
	s.SetRoute(route("ann", "bob"), true)
	planted, between := s.referenced("ann"), aside("ann", "anna")
	want, count := s.account("ann@example.com"), s.domain("example.com").Mailboxes
	stands := func(local string) {
		s.Helper()
		want.Address = local + "@example.com"
		assert.Empty(s, cmp.Diff(want, s.account(want.Address)))
		assert.ElementsMatch(s, []string{local + " mailbox", "bob mailbox", "copied mailbox", "sales alias"}, s.held())
		assert.Equal(s, count, s.domain("example.com").Mailboxes)
		assert.True(s, s.Route(route("sales", local)))
		assert.True(s, s.Route(route(local, "bob")), "its own forwarding")
		assert.Empty(s, cmp.Diff(naming(planted, "ann@example.com", want.Address), s.references()))
	}
	s.twice(renaming("ann", "ann", between))
	stands(between)

	op := off(between)
	op.Home, op.Set, op.Profile[account.Name] = want.Home, account.FieldSet(account.Name), "Anna"
	s.twice(op)
	want.Active, want.Profile[account.Name] = false, "Anna"
	assert.Empty(s, cmp.Diff(want, s.account(want.Address)), "it is updated there like any other")
	s.applied(on(between))
	want.Active = true

	s.twice(renaming("ann", between, "anna"))
	stands("anna")
	s.applied(renaming("ann", "anna", between), deletion("bob"))
	gone := deletion("ann")
	gone.Address = between + "@example.com"
	s.twice(gone)
	assert.Equal(s, []string{"copied mailbox", "sales alias"}, s.held(), "it is deleted there like any other")
}

func aliasAside(s suite) {
	s.applied(alias("sales", "Sales", "ann@example.com"), alias("top", "Top", "sales@example.com"))
	s.AddReference(Reference{Moderator, "sales@example.com", "boss@elsewhere.example"})
	s.SetPolicy("sales@example.com", "public")
	between := aside("sales", "market")
	want, count := s.alias("sales@example.com"), s.domain("example.com").Aliases
	stands := func(local string) {
		s.Helper()
		want.Address = local + "@example.com"
		assert.Empty(s, cmp.Diff(want, s.alias(want.Address)))
		assert.ElementsMatch(s, []string{local + " alias", "top alias"}, s.held())
		assert.Equal(s, count, s.domain("example.com").Aliases)
		assert.Equal(s, "public", s.Policy(want.Address))
		assert.Equal(s, []string{want.Address}, s.alias("top@example.com").Members)
		assert.Equal(s, []Reference{{Moderator, want.Address, "boss@elsewhere.example"}}, s.references())
	}
	s.twice(renamingAlias("sales", between))
	stands(between)
	join := aliasOperation(account.Update, between)
	join.Join = []string{"bob@example.com"}
	s.twice(join)
	want.Members = append(want.Members, "bob@example.com")
	stands(between)
	s.twice(renamingAlias(between, "market"))
	stands("market")
}

// Either may be the one that steps aside.
func swapKinds(s suite) {
	s.applied(creation("ann", "Ann"), creation("bob", "Bob"))
	s.applied(alias("sales", "Sales", "ann@example.com", "bob@example.com"),
		alias("tobox", "", "ann@example.com"), alias("tolist", "", "sales@example.com"))
	s.AddReference(Reference{Quota, "ann@example.com", ""})
	s.AddReference(Reference{Moderator, "sales@example.com", "boss@elsewhere.example"})
	selfRoutes := s.Route(route("bob", "bob"))
	swapped := func(box, list string) {
		s.Helper()
		box, list = box+"@example.com", list+"@example.com"
		got := s.account(box)
		assert.Equal(s, account.Mailbox, got.Kind)
		assert.Equal(s, creation("ann", "").Home, got.Home)
		assert.Equal(s, selfRoutes, s.Route(account.Route{Address: box, Forwarding: box}))
		got = s.alias(list)
		assert.Equal(s, account.Alias, got.Kind)
		assert.Equal(s, "Sales", got.Profile[account.Name])
		assert.ElementsMatch(s, []string{box, "bob@example.com"}, got.Members)
		assert.Equal(s, "membersonly", s.Policy(list))
		assert.Equal(s, []string{box}, s.alias("tobox@example.com").Members)
		assert.Equal(s, []string{list}, s.alias("tolist@example.com").Members)
		assert.ElementsMatch(s, []Reference{{Quota, box, ""}, {Moderator, list, "boss@elsewhere.example"}}, s.references())
		assert.Len(s, s.held(), 5)
	}
	between := aside("ann", "sales")
	s.twice(renaming("ann", "ann", between))
	s.twice(renamingAlias("sales", "ann"))
	s.applied(renaming("ann", "ann", between)) // it has happened: what is there now is another
	s.twice(renaming("ann", between, "sales"))
	swapped("sales", "ann")

	between = aside("ann", "sales")
	s.twice(renamingAlias("ann", between))
	s.twice(renaming("ann", "sales", "ann"))
	s.applied(renamingAlias("ann", between))
	s.twice(renamingAlias(between, "sales"))
	swapped("ann", "sales")
}

func swapAliases(s suite) {
	s.applied(alias("a", "A", "one@example.com"), alias("b", "B", "two@example.com"), alias("top", "", "a@example.com"))
	between := aside("a", "b")
	s.twice(renamingAlias("a", between))
	s.twice(renamingAlias("b", "a"))
	s.applied(renamingAlias("a", between)) // it has happened: what is there now is another
	s.twice(renamingAlias(between, "b"))
	for local, name := range map[string]string{"a": "B", "b": "A"} {
		assert.Equal(s, name, s.account(local + "@example.com").Profile[account.Name], local)
	}
	assert.Equal(s, []string{"b@example.com"}, s.alias("top@example.com").Members)
	assert.Len(s, s.held(), 3)
}

// The address from which an account set out may be that of another by now, which is renamed in the same call.
func goOnFromPlace(s suite) {
	s.applied(creation("ann", "Ann"), alias("sales", "Sales", "ann@example.com"))
	s.applied(renaming("ann", "ann", aside("ann", "anna")), renamingAlias("sales", aside("sales", "market")))
	newcomer := creation("new", "New")
	newcomer.Address = "ann@example.com"
	s.applied(newcomer, alias("sales", "Others"))
	box, list := renaming("ann", "ann", "anna"), renamingAlias("sales", "market")
	box.Place, list.Place = aside("ann", "anna")+"@example.com", aside("sales", "market")+"@example.com"
	box.Switch, list.Switch = account.Off, account.Off
	box2, list2 := renaming("new", "ann", "annie"), renamingAlias("sales", "others")
	box2.Set, box2.Profile[account.Name] = account.FieldSet(account.Name), "Annie"
	list2.Set, list2.Profile[account.Name] = account.FieldSet(account.Name), "All others"
	operations := []account.Operation{box, list, box2, list2}
	given := slices.Clone(operations)
	s.applied(operations...)
	assert.Empty(s, cmp.Diff(given, operations), "no operation is altered")
	assert.ElementsMatch(s, []string{"anna ann", "annie new"}, s.lives("ann", "new"))
	for local, name := range map[string]string{"anna": "Ann", "annie": "Annie", "market": "Sales", "others": "All others"} {
		assert.Equal(s, name, s.account(local + "@example.com").Profile[account.Name], local)
	}
	for local, active := range map[string]bool{"anna": false, "market": false, "annie": true, "others": true} {
		assert.Equal(s, active, s.account(local+"@example.com").Active, local)
	}
	s.applied(box, list)
	assert.ElementsMatch(s, []string{"anna mailbox", "annie mailbox", "market alias", "others alias"}, s.held())
}

func renameAndJoin(s suite) {
	s.applied(alias("sales", "Sales", "ann@example.com", "bob@example.com"))
	op := renamingAlias("sales", "market")
	op.Join, op.Leave, op.Moderate = []string{"eve@example.com"}, []string{"bob@example.com"}, []string{"boss@example.com"}
	s.twice(op)
	got := s.alias("market@example.com")
	assert.Equal(s, []string{"ann@example.com", "eve@example.com"}, got.Members)
	assert.Equal(s, []string{"boss@example.com"}, got.Moderators)
}
