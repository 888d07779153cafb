package backendtest

import (
	"github.com/stretchr/testify/assert"

	"github.com/mailpanel/account-resource/accountresource/account"
)

func off(local string) account.Operation {
	return account.Operation{Verb: account.Update, Kind: account.Mailbox, Address: local + "@example.com", Values: account.Values{Switch: account.Off}}
}

func on(local string) account.Operation {
	return account.Operation{Verb: account.Update, Kind: account.Mailbox, Address: local + "@example.com", Values: account.Values{Switch: account.On}}
}

// forwards reports whether mail for one address goes on to another: the account is on, and its row, where it has one.
func (s suite) forwards(from, to string) bool {
	return s.account(from+"@example.com").Active && s.Route(route(from, to))
}

// R9: the mailbox goes off and comes on with the rows of its own address. Rows of others that lead to it are theirs.
func switchAccount(s suite) {
	s.applied(creation("ann", "Ann"), creation("bob", "Bob"))
	s.AddAlias("sales@example.com", "ann@example.com", "bob@example.com")
	s.AddAlias("old@example.com", "ann@example.com")
	s.SetRoute(route("old", "ann"), false) // switched off on purpose
	s.SetRoute(route("bob", "ann"), true)
	s.SetRoute(route("ann", "home"), true)

	selfRoutes := s.hasSelfRoutes()

	s.applied(off("ann"))
	assert.False(s, s.account("ann@example.com").Active)
	assert.False(s, s.forwards("ann", "home"))
	assert.True(s, s.forwards("sales", "ann"), "a row of the alias")
	assert.True(s, s.forwards("bob", "ann"), "a row of Bob's: his own mail must not go to the catch-all")
	assert.Equal(s, selfRoutes, s.Route(route("bob", "bob")))

	s.applied(on("ann"))
	assert.True(s, s.forwards("ann", "home"))
	assert.Equal(s, selfRoutes, s.Route(route("ann", "ann")))
	assert.False(s, s.Route(route("old", "ann")), "what an admin switched off for somebody else stays off")
	assert.True(s, s.forwards("sales", "ann"))
}

func switchTwice(s suite) {
	s.applied(creation("ann", "Ann"))
	s.SetRoute(route("ann", "home"), true)
	s.applied(off("ann"))
	s.applied(off("ann"))
	assert.False(s, s.forwards("ann", "home"))
	s.applied(on("ann"))
	s.applied(on("ann"))
	assert.True(s, s.forwards("ann", "home"))
}

func switchBothEnds(s suite) {
	s.applied(creation("ann", "Ann"), creation("bob", "Bob"))
	s.SetRoute(route("ann", "bob"), true)
	for _, order := range [][2]string{{"ann", "bob"}, {"bob", "ann"}} {
		for _, back := range [][2]string{{"ann", "bob"}, {"bob", "ann"}} {
			s.applied(off(order[0]))
			s.applied(off(order[1]))
			s.applied(on(back[0]))
			assert.Equal(s, back[0] == "ann", s.forwards("ann", "bob"), "%v off, %v on", order, back)
			s.applied(on(back[1]))
			assert.True(s, s.forwards("ann", "bob"), "%v off, %v on", order, back)
		}
	}
}
