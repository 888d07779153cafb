package run_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// Existing aliases are linked one by one, or all at once when an admin has seen them, like mailboxes.
func TestR23_LinksOfManyExistingAliasesWait(t *testing.T) {
	r := crowd(t)
	for i := range 6 {
		address := fmt.Sprintf("list%d@example.com", i)
		r.mail.AddAccount(account.Account{Address: address, Kind: account.Alias, Active: true, Members: []string{"u0001@example.com"}})
		r.put(account.Object{
			ID: account.SourceID(fmt.Sprintf("list%d", i)), Kind: account.Group, DN: "CN=list", Mail: []string{address},
			Members: []account.SourceID{"id0002"},
		})
	}
	got := r.once()
	assert.Equal(t, map[account.Action]int{account.ActionHeld: 6}, got.Counts)
	assert.Contains(t, r.log(got)[0], "reason_held_mass")
	assert.Equal(t, []string{"u0001"}, r.membersOf("list0@example.com"), "nothing was changed")
	r.res.Revision++
	got = r.once()
	assert.Equal(t, map[account.Action]int{account.ActionHeld: 6}, got.Counts, "they wait")
	assert.Empty(t, r.log(got))
	r.decide(run.Confirmed)
	assert.Equal(t, map[account.Action]int{account.ActionLinked: 6}, r.once().Counts)
	assert.Equal(t, []string{"u0001", "u0002"}, r.membersOf("list0@example.com"))
	assert.Empty(t, r.tables.held)
}

// Many accounts that are not the links' any more, as after a mail database was put back from a backup, are a mistake: the links stay.
func TestR23_ManyPartingsWait(t *testing.T) {
	r := crowd(t)
	for i := range 5 {
		a := r.account(fmt.Sprintf("u%04d@example.com", i))
		a.Home, a.Made = fmt.Sprintf("/other/%d/", i), "made by somebody else"
		r.mail.AddAccount(a)
	}
	was := accounts(r)
	r.res.Revision++
	got := r.once()
	assert.Equal(t, map[account.Action]int{account.ActionHeld: 5}, got.Counts)
	assert.False(t, r.tables.links["id0000"].Parted)
	assert.Equal(t, was, accounts(r))
	r.decide(run.Confirmed)
	r.res.Revision++
	assert.Equal(t, map[account.Action]int{account.ActionConflict: 5}, r.once().Counts)
	assert.True(t, r.tables.links["id0000"].Parted)
	assert.Equal(t, was, accounts(r), "what is not the link's is never touched")
}

// What a run does in several phases counts together.
func TestR23_MailboxesAndAliasesCountTogether(t *testing.T) {
	r := crowd(t)
	for i := range 4 {
		box, list := fmt.Sprintf("box%d@example.com", i), fmt.Sprintf("list%d@example.com", i)
		r.mail.AddAccount(account.Account{Address: box, Kind: account.Mailbox, Active: true, Home: fmt.Sprintf("/old/%d/", i)})
		r.mail.AddAccount(account.Account{Address: list, Kind: account.Alias, Active: true})
		r.put(user(fmt.Sprintf("box%d", i), box, "Box"))
		r.put(account.Object{ID: account.SourceID(fmt.Sprintf("list%d", i)), Kind: account.Group, DN: "CN=list", Mail: []string{list}})
	}
	require.Equal(t, map[account.Action]int{account.ActionLinked: 4, account.ActionHeld: 4}, r.once().Counts)
}
