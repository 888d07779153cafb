package backendtest

import (
	"fmt"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
)

func createAndRead(s suite) {
	var all []account.Operation
	var want []account.Account
	for i := range 1200 { // more than a statement takes
		op := creation(fmt.Sprintf("user%04d", i), fmt.Sprintf("User %d", i))
		all = append(all, op)
		want = append(want, account.Account{
			Address: op.Address, Kind: account.Mailbox, Active: true, Home: op.Home,
			Profile: s.Backend.Canonical(op.Address, op.Profile),
		})
	}
	s.applied(all...)
	got := s.accounts(backends.Query{})
	for i := range got {
		assert.NotEmpty(s, got[i].Made)
		got[i].Made = "" // is the store's affair
	}
	assert.Empty(s, cmp.Diff(want, got))
}

func createDisabled(s suite) {
	op := creation("ann", "Ann")
	op.Switch = ""
	s.applied(op)
	assert.False(s, s.account("ann@example.com").Active)
	assert.False(s, s.Route(route("ann", "ann")))
	s.applied(on("ann"))
	assert.True(s, s.account("ann@example.com").Active)
	assert.Equal(s, s.hasSelfRoutes(), s.Route(route("ann", "ann")))
}

// hasSelfRoutes reports whether mailboxes have a row that leads to themselves, as in SQL.
func (s suite) hasSelfRoutes() bool {
	s.AddMailbox(account.Account{Address: "probe@example.com", Kind: account.Mailbox, Active: true, Home: "/probe/"})
	return s.Route(route("probe", "probe"))
}

func createTwice(s suite) {
	op := creation("ann", "Ann")
	s.applied(op)
	before := s.account("ann@example.com")
	s.applied(op, creation("bob", "Bob"))
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
		assert.ErrorIs(s, result, backends.ErrExists, "operation %d", i)
	}
	assert.NoError(s, results[3])
	assert.Equal(s, account.Alias, s.account("sales@example.com").Kind)
	assert.Equal(s, account.Reserved, s.account("list@example.com").Kind)
	assert.Empty(s, cmp.Diff(before, s.account("ann@example.com")), "what was there is untouched")
}

func badAlone(s suite) {
	var all []account.Operation
	for i := range 500 {
		all = append(all, creation(fmt.Sprintf("user%03d", i), "User"))
	}
	all[137].Address = "user137@other.example" // not of the domain
	all[350].Kind = account.Reserved           // nothing that could be created
	results := s.apply(all...)
	for i, result := range results {
		if bad := i == 137 || i == 350; bad {
			assert.Error(s, result, "operation %d", i)
		} else {
			assert.NoError(s, result, "operation %d", i)
		}
	}
	assert.Equal(s, 498, len(s.accounts(backends.Query{})))
}
