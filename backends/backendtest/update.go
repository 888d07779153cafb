package backendtest

import (
	"fmt"
	"strings"

	"github.com/google/go-cmp/cmp"
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
		account.Operation{
			Verb: account.Update, Kind: account.Mailbox, Address: "ann@example.com",
			Values: account.Values{
				Profile: account.Profile{account.Name: "Ann O'Neill", account.EmployeeID: "no", account.Mobile: ""},
				Set:     account.FieldSet(account.Name, account.Mobile),
			},
		},
		account.Operation{
			Verb: account.Update, Kind: account.Mailbox, Address: "bob@example.com",
			Values: account.Values{Profile: account.Profile{account.Name: "Bob"}, Set: account.FieldSet(account.Name, account.Mobile)},
		},
	)
	after := s.account("ann@example.com")
	assert.Equal(s, want, after.Profile)
	assert.True(s, after.Active)
	assert.Equal(s, before.Home, after.Home)
	assert.Equal(s, "Bob", s.account("bob@example.com").Profile[account.Name])

	writes := s.Writes()
	s.applied(account.Operation{Verb: account.Update, Kind: account.Mailbox, Address: "ann@example.com"})
	s.accounts(backends.Query{})
	assert.Equal(s, writes, s.Writes(), "nothing to write, nothing written; and reading does not write")
}

func updateGone(s suite) {
	gone := account.Operation{
		Verb: account.Update, Kind: account.Mailbox, Address: "gone@example.com",
		Values: account.Values{Set: account.FieldSet(account.Name)},
	}
	off := gone
	off.Set, off.Switch = 0, account.Off
	for _, result := range s.apply(gone, off) {
		assert.ErrorIs(s, result, backends.ErrNotFound)
	}
}

func updateOther(s suite) {
	s.applied(creation("ann", "Ann"), creation("bob", "Bob"), alias("sales", "Sales"))
	s.SetRoute(route("ann", "home"), true)
	before, writes := s.accounts(backends.Query{}), s.Writes()
	elsewhere := "/var/vmail/vmail1/example.com/ann-2020.01.01.00.00.00/"
	update, disable := off("ann"), off("ann")
	update.Set, update.Profile[account.Name], update.Switch = account.FieldSet(account.Name), "Another", ""
	both, enable := update, on("ann")
	both.Switch = account.Off
	others := []account.Operation{update, disable, both, enable}
	for i := range others {
		others[i].Home = elsewhere
	}
	for i, result := range s.apply(others...) {
		assert.ErrorIs(s, result, backends.ErrNotFound, "operation %d", i)
		assert.ErrorContains(s, result, "another mailbox", "operation %d", i)
	}
	assert.Empty(s, cmp.Diff(before, s.accounts(backends.Query{})))
	assert.True(s, s.forwards("ann", "home"))
	assert.Equal(s, writes, s.Writes(), "nothing was written")

	both.Home = creation("ann", "").Home
	disable = off("bob")
	disable.Home = elsewhere
	results := s.apply(disable, both)
	assert.ErrorIs(s, results[0], backends.ErrNotFound)
	assert.NoError(s, results[1], "its own mail directory")
	assert.Equal(s, "Another", s.account("ann@example.com").Profile[account.Name])
	assert.False(s, s.account("ann@example.com").Active)
	assert.False(s, s.forwards("ann", "home"))
	assert.True(s, s.account("bob@example.com").Active)
	enable.Home = both.Home
	s.applied(enable, off("bob"))
	assert.True(s, s.forwards("ann", "home"))
	assert.False(s, s.account("bob@example.com").Active, "without a mail directory it is whatever has the address")
}

func canonicalLaw(s suite) {
	names := []string{
		"O'Brien, \"Ann\" #1 \\ ; -- %s", "山田 太郎", "👩‍👩‍👧 Ann", "مرحبا بك", "René Żółć", strings.Repeat("x", 255),
		strings.Repeat("ü", 300), strings.Repeat("e\u0301", 150), "  blanks \t", "a\x00b\nc", "broken \xff utf-8", "<b>&amp;", "",
	}
	var all []account.Operation
	for i, name := range names {
		op := creation(fmt.Sprintf("user%02d", i), "")
		op.Set = s.Backend.Fields()
		for _, f := range account.AllFields() {
			if op.Set.Has(f) {
				op.Profile[f] = name
			}
		}
		wanted := s.Backend.Canonical(op.Address, op.Profile)
		assert.Equal(s, wanted, s.Backend.Canonical(op.Address, wanted), "canonical twice is canonical: %q", name)
		op.Profile = wanted
		all = append(all, op)
	}
	s.applied(all...)
	for i, got := range s.accounts(backends.Query{}) {
		assert.Equal(s, all[i].Profile, got.Profile, "%q", names[i])
	}
	for i, same := range []int{0, 1, 2, 3, 4, 5} {
		assert.Equal(s, names[same], all[i].Profile[account.Name], "arrives unharmed")
	}
}
