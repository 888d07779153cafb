package backendtest

import (
	"fmt"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
)

func createAndRead(s suite) {
	var all []account.Change
	var want []account.Account
	for i := range 1200 { // more than a statement takes
		c := creation(fmt.Sprintf("user%04d", i), fmt.Sprintf("User %d", i))
		all = append(all, c)
		want = append(want, account.Account{
			Address: c.Address, Kind: account.Mailbox, Active: true, Home: c.Home,
			Profile: s.Backend.Canonical(c.Address, c.Profile),
		})
	}
	s.applied(all...)
	assert.Empty(s, cmp.Diff(want, s.accounts(backends.Query{})))
}

func createDisabled(s suite) {
	c := creation("ann", "Ann")
	c.Active = false
	s.applied(c)
	got := s.account("ann@example.com")
	assert.False(s, got.Active)
	assert.Empty(s, got.Routes)
	s.applied(account.Change{
		Action: account.ActionEnabled, Kind: account.Mailbox, Address: c.Address, Enable: true,
		Routes: []account.Route{route("ann", "ann")},
	})
	got = s.account("ann@example.com")
	assert.True(s, got.Active)
	assert.Len(s, got.Routes, len(s.selfRoutes()))
}

// selfRoutes are the routes of a new mailbox to itself: one in SQL, none in stores that need none.
func (s suite) selfRoutes() []account.Route {
	s.AddMailbox(account.Account{Address: "probe@example.com", Kind: account.Mailbox, Active: true, Home: "/probe/"})
	return s.account("probe@example.com").Routes
}

func createTwice(s suite) {
	c := creation("ann", "Ann")
	s.applied(c)
	before := s.account("ann@example.com")
	s.applied(c, creation("bob", "Bob"))
	assert.Empty(s, cmp.Diff(before, s.account("ann@example.com")))
	s.account("bob@example.com")
}

func createTaken(s suite) {
	s.AddMailbox(account.Account{Address: "ann@example.com", Kind: account.Mailbox, Active: true, Home: "/elsewhere/ann/"})
	s.AddAlias("sales@example.com", "ann@example.com")
	s.AddReserved("list@example.com")
	before := s.account("ann@example.com")
	results := s.apply(creation("ann", "A"), creation("sales", "S"), creation("list", "L"), creation("bob", "Bob"))
	for i, result := range results[:3] {
		assert.ErrorIs(s, result, backends.ErrExists, "change %d", i)
	}
	assert.NoError(s, results[3])
	assert.Equal(s, account.Alias, s.account("sales@example.com").Kind)
	assert.Equal(s, account.Reserved, s.account("list@example.com").Kind)
	assert.Empty(s, cmp.Diff(before, s.account("ann@example.com")), "what was there is untouched")
}

func badAlone(s suite) {
	var all []account.Change
	for i := range 500 {
		all = append(all, creation(fmt.Sprintf("user%03d", i), "User"))
	}
	all[137].Address = "user137@other.example" // not of the domain
	all[350].Kind = account.Reserved           // nothing that could be created
	results := s.apply(all...)
	for i, result := range results {
		if bad := i == 137 || i == 350; bad {
			assert.Error(s, result, "change %d", i)
		} else {
			assert.NoError(s, result, "change %d", i)
		}
	}
	assert.Equal(s, 498, len(s.accounts(backends.Query{})))
}
