package backendtest

import (
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
)

// deletion deletes the account made by creation(made) under the address of that name.
func deletion(made string) account.Operation {
	return account.Operation{
		Verb: account.Delete, Kind: account.Mailbox,
		Address: made + "@example.com", Home: creation(made, "").Home,
	}
}

func deleteAccount(s suite) {
	s.applied(creation("ann", "Ann"), creation("bob", "Bob"), creation("copied", "Copied"))
	s.AddAlias("sales@example.com", "ann@example.com", "bob@example.com")
	s.SetRoute(account.Route{Address: "example.com", Forwarding: "ann@example.com"}, true)
	s.SetRoute(account.Route{Address: "example.com", Forwarding: "bob@example.com"}, true)
	s.referenced("ann")
	kept := []Reference{{Moderator, "sales@example.com", "bob@example.com"}, {Quota, "bob@example.com", ""}}
	for _, t := range kept {
		s.AddReference(t)
	}
	s.applied(deletion("ann"))
	assert.Empty(s, s.accounts(backends.Query{Addresses: []string{"ann@example.com"}}))
	assert.False(s, s.Route(route("sales", "ann")))
	assert.False(s, s.Route(account.Route{Address: "example.com", Forwarding: "ann@example.com"}))
	assert.True(s, s.Route(route("sales", "bob")), "nobody else's mail is touched")
	assert.True(s, s.Route(account.Route{Address: "example.com", Forwarding: "bob@example.com"}))
	assert.Empty(s, cmp.Diff(kept, s.references()))
	assert.Equal(s, []string{"bob bob", "copied copied"}, s.lives("ann", "bob", "copied"))
}

func deleteKeeps(s suite) {
	s.applied(creation("ann", "Ann"), creation("bob", "Bob"))
	ann, bob := deletion("ann"), deletion("bob")
	ann.KeepUntil = time.Date(2027, 1, 31, 23, 59, 0, 0, time.UTC)
	s.applied(ann, bob)
	deleted := s.DeletedMailboxes()
	slices.SortFunc(deleted, func(a, b DeletedMailbox) int { return slices.Compare([]string{a.Address}, []string{b.Address}) })
	assert.Equal(s, []DeletedMailbox{
		{"ann@example.com", creation("ann", "").Home, "2027-01-31"}, {"bob@example.com", creation("bob", "").Home, ""},
	}, deleted)
}

func deleteTwice(s suite) {
	s.applied(creation("ann", "Ann"))
	s.applied(deletion("ann"))
	s.applied(deletion("ann"))
	assert.Len(s, s.DeletedMailboxes(), 1)
	never := deletion("never")
	never.Home = "" // else it may be one that was cut off
	s.applied(never)
	assert.Len(s, s.DeletedMailboxes(), 1, "nobody was there")
}

func deleteOther(s suite) {
	s.applied(creation("ann", "Ann"))
	s.AddAlias("sales@example.com", "ann@example.com")
	old := deletion("ann")
	old.Home = "/var/vmail/vmail1/example.com/ann-2020.01.01.00.00.00/"
	s.applied(old)
	assert.Equal(s, []string{"ann ann"}, s.lives("ann"))
	assert.True(s, s.Route(route("sales", "ann")))
	assert.Empty(s, s.DeletedMailboxes())
}

func deleteForwarded(s suite) {
	s.applied(creation("ann", "Ann"), creation("bob", "Bob"))
	s.SetRoute(account.Route{Address: "example.com", Forwarding: "postmaster@elsewhere.example"}, true)
	s.ForwardOnly("bob@example.com", "ann@example.com")
	s.applied(deletion("ann"))
	assert.False(s, s.Route(route("bob", "ann")))
	assert.Equal(s, s.hasSelfRoutes(), s.Route(route("bob", "bob")), "or his mail would go to the catch-all")
}
