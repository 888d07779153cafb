package backendtest

import (
	"slices"

	"github.com/stretchr/testify/assert"

	"github.com/mailpanel/account-resource/accountresource/account"
)

func switchAccount(s suite) {
	s.applied(creation("ann", "Ann"), creation("bob", "Bob"))
	s.AddAlias("sales@example.com", "ann@example.com", "bob@example.com")
	s.AddAlias("old@example.com", "ann@example.com")
	s.SetRoute(route("old", "ann"), false) // switched off on purpose
	before := s.account("ann@example.com").Routes

	s.applied(account.Change{
		Action: account.ActionDisabled, Kind: account.Mailbox, Address: "ann@example.com", Disable: true, Routes: before,
	})
	off := s.account("ann@example.com")
	assert.False(s, off.Active)
	assert.Empty(s, off.Routes)
	assert.True(s, s.account("bob@example.com").Active)
	assert.NotEmpty(s, s.account("bob@example.com").Routes, "nobody else's mail is touched")

	s.applied(account.Change{
		Action: account.ActionEnabled, Kind: account.Mailbox, Address: "ann@example.com", Enable: true, Routes: before,
	})
	on := s.account("ann@example.com")
	assert.True(s, on.Active)
	assert.ElementsMatch(s, before, on.Routes)
	assert.False(s, s.Route(route("old", "ann")), "what an admin switched off stays off")
	assert.True(s, s.Route(route("sales", "ann")))
}

func switchTwice(s suite) {
	s.applied(creation("ann", "Ann"))
	before := s.account("ann@example.com").Routes
	off := account.Change{
		Action: account.ActionDisabled, Kind: account.Mailbox, Address: "ann@example.com", Disable: true, Routes: before,
	}
	s.applied(off)
	s.applied(off)
	on := off
	on.Action, on.Disable, on.Enable = account.ActionEnabled, false, true
	s.applied(on)
	s.applied(on)
	assert.True(s, s.account("ann@example.com").Active)
	assert.ElementsMatch(s, before, s.account("ann@example.com").Routes)
}

func switchBothEnds(s suite) {
	s.applied(creation("ann", "Ann"), creation("bob", "Bob"))
	s.SetRoute(route("ann", "bob"), true)
	both := func(local string) bool {
		return slices.Contains(s.account(local+"@example.com").Routes, route("ann", "bob"))
	}
	off := func(local string) []account.Route {
		had := s.account(local + "@example.com").Routes
		s.applied(account.Change{
			Action: account.ActionDisabled, Kind: account.Mailbox, Address: local + "@example.com", Disable: true, Routes: had,
		})
		return had
	}
	on := func(local string, had []account.Route, waiting ...account.Route) {
		s.applied(account.Change{
			Action: account.ActionEnabled, Kind: account.Mailbox, Address: local + "@example.com", Enable: true, Waiting: waiting,
			Routes: slices.DeleteFunc(had, func(r account.Route) bool { return slices.Contains(waiting, r) }),
		})
	}
	for _, order := range [][2]string{{"ann", "bob"}, {"bob", "ann"}} {
		for _, back := range [][2]string{{"ann", "bob"}, {"bob", "ann"}} {
			had := map[string][]account.Route{}
			for _, local := range order {
				had[local] = off(local)
			}
			on(back[0], had[back[0]], route("ann", "bob"))
			assert.False(s, both("ann"), "%v off, %v on", order, back)
			assert.True(s, s.account(back[0]+"@example.com").Active)
			last := had[back[1]]
			if !slices.Contains(last, route("ann", "bob")) {
				last = append(last, route("ann", "bob")) // it was handed over
			}
			on(back[1], last)
			assert.True(s, both("ann") && both("bob"), "%v off, %v on", order, back)
			assert.True(s, s.Route(route("ann", "bob")))
		}
	}
}
