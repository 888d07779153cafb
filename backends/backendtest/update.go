package backendtest

import (
	"fmt"
	"strings"

	"github.com/stretchr/testify/assert"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
)

func updateFields(s suite) {
	before := account.Account{
		Address: "ann@example.com", Kind: account.Mailbox, Active: true, Home: "/elsewhere/ann/",
		Profile: account.Profile{account.Name: "Ann", account.Mobile: "+1", account.EmployeeID: "7"},
	}
	s.AddMailbox(before)
	s.AddMailbox(account.Account{Address: "bob@example.com", Kind: account.Mailbox, Active: true, Home: "/elsewhere/bob/"})
	want := s.account(before.Address).Profile
	want[account.Name], want[account.Mobile] = "Ann O'Neill", ""
	s.applied(
		account.Change{
			Action: account.ActionUpdated, Kind: account.Mailbox, Address: "ann@example.com",
			Profile: account.Profile{account.Name: "Ann O'Neill", account.EmployeeID: "no", account.Mobile: ""},
			Set:     account.FieldSet(account.Name, account.Mobile),
		},
		account.Change{
			Action: account.ActionUpdated, Kind: account.Mailbox, Address: "bob@example.com",
			Profile: account.Profile{account.Name: "Bob"}, Set: account.FieldSet(account.Name, account.Mobile),
		},
	)
	after := s.account("ann@example.com")
	assert.Equal(s, want, after.Profile)
	assert.True(s, after.Active)
	assert.Equal(s, before.Home, after.Home)
	assert.Equal(s, "Bob", s.account("bob@example.com").Profile[account.Name])

	writes := s.Writes()
	s.applied(account.Change{Action: account.ActionLinked, Kind: account.Mailbox, Address: "ann@example.com"})
	s.accounts(backends.Query{})
	assert.Equal(s, writes, s.Writes(), "nothing to write, nothing written; and reading does not write")
}

func updateGone(s suite) {
	gone := account.Change{
		Action: account.ActionUpdated, Kind: account.Mailbox, Address: "gone@example.com", Set: account.FieldSet(account.Name),
	}
	off := gone
	off.Set, off.Disable = 0, true
	for _, result := range s.apply(gone, off) {
		assert.ErrorIs(s, result, backends.ErrNotFound)
	}
}

func canonicalLaw(s suite) {
	names := []string{
		"O'Brien, \"Ann\" #1 \\ ; -- %s", "山田 太郎", "👩‍👩‍👧 Ann", "مرحبا بك", "René Żółć", strings.Repeat("x", 255),
		strings.Repeat("ü", 300), strings.Repeat("e\u0301", 150), "  blanks \t", "a\x00b\nc", "broken \xff utf-8", "<b>&amp;", "",
	}
	var all []account.Change
	for i, name := range names {
		c := creation(fmt.Sprintf("user%02d", i), "")
		c.Set = s.Backend.Fields()
		for _, f := range account.AllFields() {
			if c.Set.Has(f) {
				c.Profile[f] = name
			}
		}
		wanted := s.Backend.Canonical(c.Address, c.Profile)
		assert.Equal(s, wanted, s.Backend.Canonical(c.Address, wanted), "canonical twice is canonical: %q", name)
		c.Profile = wanted
		all = append(all, c)
	}
	s.applied(all...)
	for i, got := range s.accounts(backends.Query{}) {
		assert.Equal(s, all[i].Profile, got.Profile, "%q", names[i])
	}
	for i, same := range []int{0, 1, 2, 3, 4, 5} {
		assert.Equal(s, names[same], all[i].Profile[account.Name], "arrives unharmed")
	}
}
