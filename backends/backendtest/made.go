package backendtest

import (
	"github.com/stretchr/testify/assert"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
)

// made is Account.Made by address.
func (s suite) made() map[string]string {
	s.Helper()
	all := map[string]string{}
	for _, a := range s.accounts(backends.Query{}) {
		all[account.LocalPart(a.Address)] = a.Made
	}
	return all
}

func madeStays(s suite) {
	s.applied(creation("ann", "Ann"), creation("bob", "Bob"), alias("sales", "Sales", "ann@example.com"))
	s.AddMailbox(account.Account{Address: "eve@example.com", Kind: account.Mailbox, Active: true, Home: "/elsewhere/eve/"})
	s.AddAlias("old@example.com", "ann@example.com")
	before := s.made()
	for _, local := range []string{"ann", "bob", "eve", "sales", "old"} {
		assert.NotEmpty(s, before[local], local)
		assert.Equal(s, before[local], s.account(local+"@example.com").Made, local)
		assert.Equal(s, before[local], s.alias(local+"@example.com").Made, "%s, read with members", local)
	}
	s.tick()
	update := off("ann")
	update.Set, update.Profile[account.Name] = account.FieldSet(account.Name), "Ann Lee"
	join := aliasOperation(account.Update, "sales")
	join.Join = []string{"bob@example.com"}
	s.applied(update, join, creation("bob", "Bob"), alias("old", "Old"))
	s.applied(on("ann"))
	assert.Equal(s, before, s.made(), "an update is no new account, nor is a creation that has happened")

	market := aliasOperation(account.Rename, "sales")
	market.NewAddress = "market@example.com"
	s.applied(renaming("ann", "ann", "bob"), renaming("bob", "bob", "ann"), market)
	before["ann"], before["bob"] = before["bob"], before["ann"]
	before["market"] = before["sales"]
	delete(before, "sales")
	assert.Equal(s, before, s.made(), "it follows a renaming")
}

func madeDiffers(s suite) {
	s.applied(creation("ann", "Ann"), alias("sales", "Sales"))
	before := s.made()
	s.tick()
	s.applied(deletion("ann"), aliasOperation(account.Delete, "sales"))
	s.applied(creation("ann", "Ann"), alias("sales", "Sales"))
	after := s.made()
	for _, local := range []string{"ann", "sales"} {
		assert.NotEmpty(s, after[local], local)
		assert.NotEqual(s, before[local], after[local], local)
	}
}

func (s suite) tick() {
	if s.Tick != nil {
		s.Tick()
	}
}
