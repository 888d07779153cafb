package plan_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// cutOff is a scene in which Ann's renaming is claimed and was not confirmed.
func cutOff() *scene {
	s := newScene()
	s.linked("ann")
	s.wants([2]string{"ann", "anna"})
	l := &s.links[0]
	l.State, l.Address, l.Home = account.Renaming, "anna@example.com", s.local[0].Home
	l.Intent = []account.Difference{{What: account.WhatAddress, Old: "ann@example.com", New: "anna@example.com"}}
	return s
}

// OpenLDAP has a mailbox on its way to another address get mail for that one already.
func TestR19_AnAddressIsNotTakenByTheMailboxThatIsToHaveIt(t *testing.T) {
	s := cutOff()
	s.local[0].Address = "renaming-0123456789abcdef01234567@example.com"
	s.local = append(s.local, account.Account{Address: "anna@example.com", Kind: account.Reserved, Home: s.links[0].Home})
	assert.Equal(t, []string{"ann@example.com anna@example.com"}, moves(s.build()), "whatever follows comes from where it was")
	s.local[1].Home = "/home/somebody/"
	assert.Equal(t, []string{"conflict renaming-0123456789abcdef01234567@example.com reason_address_is_reserved"}, moves(s.build()))
}

// Lists name a mailbox by the address in between before it has that itself. Who is to be no member any more leaves by the
// address that the row will have when the renaming is through.
func TestR12_R19_AMemberWhoseRenamingWasCutOffOnItsWay(t *testing.T) {
	s := cutOff()
	between := account.Aside(account.Move{From: "ann@example.com", To: "anna@example.com"})
	s.links = append(s.links, aliasLink("former", "former@example.com"), aliasLink("still", "still@example.com"))
	s.local = append(s.local, aliasOf("former@example.com", between), aliasOf("still@example.com", between))
	changes := s.buildGroups([]account.Object{group("former", "former@example.com"), group("still", "still@example.com", "ann")}, nil)
	assert.Equal(t, []string{"updated former -anna"}, shown(changes))
}
