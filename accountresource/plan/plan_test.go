package plan_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
)

func TestR1_OnlyTheSourceIDMakesTheObject(t *testing.T) {
	s := newFixture()
	s.links, s.local = []account.Link{link("a", "ann@example.com")}, []account.Account{mailbox("ann@example.com", "Ann")}
	moved := user("a", "ann@example.com", "Ann")
	moved.DN = "CN=Ann Lee,OU=Elsewhere"
	s.objects = []account.Object{moved}
	c := one(t, s.build())
	assert.Empty(t, c.Action, "a moved object is nothing for the log")
	assert.False(t, c.Writes())
	require.NotNil(t, c.Link)
	assert.Equal(t, moved.DN, c.Link.DN)
}

func TestR2_AnAddressHasOneOwner(t *testing.T) {
	s := newFixture()
	other := link("x", "other@example.com")
	other.Resource = 8
	s.links = []account.Link{link("a", "ann@example.com"), other}
	s.local = []account.Account{mailbox("ann@example.com", "Ann"), mailbox("other@example.com", "Other")}
	s.objects = []account.Object{
		user("b", "ann@example.com", "Second Ann"), // before the one that has the address
		user("a", "ann@example.com", "Ann"),
		user("c", "other@example.com", "Other"),
		user("d", "new@example.com", "New"),
		user("e", "NEW@example.com", "Newer"),
	}
	changes := s.build()
	assert.Empty(t, cmp.Diff([]string{
		"conflict other@example.com reason_linked_by_other_resource",
		"created new@example.com",
		"conflict new@example.com reason_address_taken",
		"conflict ann@example.com reason_address_taken", // who has it might have left it
	}, said(changes)))
	assert.Equal(t, "CN=a", changes[3].Reason.Args["DN"], "the log names both")
	assert.Equal(t, "CN=b", changes[3].DN)
	assert.Equal(t, "CN=d", changes[2].Reason.Args["DN"])
}

func TestR3_ObjectsWithoutOneValidAddressOfTheDomainAreIgnored(t *testing.T) {
	contact := user("f", "friend@example.com", "Friend")
	contact.Kind = account.Contact
	several := user("g", "one@example.com", "One")
	several.Mail = []string{"one@example.com", "two@example.com"}
	chosen := user("h", "", "H")
	chosen.Mail = []string{"h@corp.local", "not an address", "H@Example.com ", "h@example.com"}
	nothing := user("i", "", "I")
	nothing.Mail = nil
	s := newFixture()
	s.objects = []account.Object{
		user("a", "ann@other.example", "Ann"), user("b", "", "B"), user("c", "o'neill@example.com", "C"),
		user("d", "d@sub.example.com", "D"), user("e", "d@example.com.evil.org", "E"), contact, several, chosen, nothing,
	}
	assert.Empty(t, cmp.Diff([]string{
		"ignored ann@other.example reason_other_domain",
		"ignored  reason_no_address",
		"ignored o'neill@example.com reason_invalid_address",
		"ignored d@sub.example.com reason_other_domain",
		"ignored d@example.com.evil.org reason_other_domain",
		"ignored friend@example.com reason_not_a_user",
		"ignored one@example.com reason_several_addresses",
		"created h@example.com",
		"ignored  reason_no_address",
	}, said(s.build())))
}

func TestR4_AnExistingAccountIsLinkedOrLeftAlone(t *testing.T) {
	domainAdmin, globalAdmin := mailbox("da@example.com", "DA"), mailbox("ga@example.com", "GA")
	domainAdmin.Role, globalAdmin.Role = account.DomainAdmin, account.GlobalAdmin
	alias := account.Account{Address: "sales@example.com", Kind: account.Alias, Active: true}
	list := account.Account{Address: "list@example.com", Kind: account.Reserved, Active: true}
	s := newFixture()
	s.local = []account.Account{mailbox("ann@example.com", "Old Ann"), domainAdmin, globalAdmin, alias, list}
	s.objects = []account.Object{
		user("a", "ann@example.com", "Ann"), user("b", "da@example.com", "B"), user("c", "ga@example.com", "C"),
		user("d", "sales@example.com", "D"), user("e", "list@example.com", "E"),
	}
	changes := s.build()
	assert.Empty(t, cmp.Diff([]string{
		"ignored da@example.com reason_administrator",
		"ignored ga@example.com reason_administrator",
		"conflict sales@example.com reason_address_is_alias",
		"conflict list@example.com reason_address_is_reserved",
		"linked ann@example.com",
	}, said(changes)))
	linked := changes[4]
	assert.Equal(t, account.Linked, linked.Link.Origin)
	assert.Equal(t, account.FieldSet(account.Name), linked.Set)
	assert.Equal(t, []account.Difference{{What: "name", Old: "Old Ann", New: "Ann"}}, linked.Diff)
	assert.Empty(t, linked.Home, "its mailbox stays where it is")

	s.policy.LinkExisting = false
	assert.Equal(t, "ignored ann@example.com reason_left_alone", said(s.build())[0])
}

func TestR5_ANewMailboxCarriesWhatItNeeds(t *testing.T) {
	s := newFixture()
	off := user("b", "bob@example.com", "Bob")
	off.Disabled = true
	ann := user("a", "ann@example.com", "  Ann ")
	ann.Profile[account.Title] = "Engineer"
	ann.Profile[account.FirstName] = "not mapped"
	s.objects = []account.Object{ann, off}
	changes := s.build()
	require.Equal(t, []string{"created ann@example.com", "created bob@example.com"}, said(changes))

	c := changes[0]
	assert.Equal(t, account.Profile{account.Name: "Ann", account.Title: "Engineer"}, c.Profile)
	assert.Equal(t, account.FieldSet(account.Name, account.Mobile), c.Set, "mapped, and stored here")
	assert.Empty(t, c.Home+c.Link.Home, "its mail directory is chosen when it is made")
	assert.Equal(t, account.On, c.Switch)
	assert.Equal(t, "Engineer", c.Link.ExtraProfile[account.Title], "what has no column is kept with the link")
	claim, ok := c.Claim()
	assert.True(t, ok)
	assert.Equal(t, account.Creating, claim.State)

	assert.Equal(t, account.Off, changes[1].Switch)
	assert.Equal(t, account.OffByStatus, changes[1].Link.Off)
}

func TestR6_WhatDoesNotFitIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		set  func(*account.Domain)
		want []string
	}{
		"mailboxes": {
			func(d *account.Domain) { d.MailboxLimit, d.Mailboxes = 5, 3 },
			[]string{"created a@example.com", "created b@example.com", "failed c@example.com reason_mailbox_limit"},
		},
		"none allowed": {
			func(d *account.Domain) { d.MailboxLimit = -1 },
			[]string{
				"failed a@example.com reason_no_mailboxes_allowed", "failed b@example.com reason_no_mailboxes_allowed",
				"failed c@example.com reason_no_mailboxes_allowed",
			},
		},
		"quota": {
			func(d *account.Domain) { d.QuotaLimit, d.QuotaUsed = 3000, 1000 },
			[]string{
				"created a@example.com", "failed b@example.com reason_quota_limit", "failed c@example.com reason_quota_limit",
			},
		},
		"a mailbox without a quota in a domain with one": {
			func(d *account.Domain) { d.QuotaLimit, d.Quota = 3000, 0 },
			[]string{
				"failed a@example.com reason_quota_unbounded", "failed b@example.com reason_quota_unbounded",
				"failed c@example.com reason_quota_unbounded",
			},
		},
		"no limit": {
			func(d *account.Domain) { d.Mailboxes, d.QuotaUsed = 100000, 1<<40 },
			[]string{"created c@example.com", "created a@example.com", "created b@example.com"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newFixture()
			c.set(&s.policy.Domain)
			s.objects = []account.Object{
				user("c", "c@example.com", "C"), user("a", "a@example.com", "A"), user("b", "b@example.com", "B"),
			}
			assert.Empty(t, cmp.Diff(c.want, said(s.build())))
		})
	}
}

func TestR7_OnlyWhatDiffersIsWritten(t *testing.T) {
	s := newFixture()
	local := mailbox("ann@example.com", "Ann")
	local.Profile[account.Mobile], local.Profile[account.FirstName] = "+1", "local"
	kept := link("a", "ann@example.com")
	kept.ExtraProfile[account.Title] = "Engineer"
	s.links, s.local = []account.Link{kept}, []account.Account{local}

	same := user("a", "ann@example.com", " Ann ")
	same.Profile[account.Mobile], same.Profile[account.Title] = "+1", "Engineer"
	s.objects = []account.Object{same}
	assert.Empty(t, s.build(), "equal after normalising")

	changed := same
	changed.Profile = account.Profile{account.Name: "Ann Lee", account.Title: "Engineer"}
	s.objects = []account.Object{changed}
	c := one(t, s.build())
	assert.Equal(t, account.ActionUpdated, c.Action)
	assert.Equal(t, account.FieldSet(account.Name, account.Mobile), c.Set, "an absent attribute clears; FirstName is not mapped")
	assert.Equal(t, []account.Difference{
		{What: "name", Old: "Ann", New: "Ann Lee"}, {What: "mobile", Old: "+1", New: ""},
	}, c.Diff)
	claim, _ := c.Claim()
	assert.Equal(t, account.Updating, claim.State)
	assert.Equal(t, c.Diff, claim.Intent)

	promoted := same
	promoted.Profile[account.Title] = "Chief"
	s.objects = []account.Object{promoted}
	c = one(t, s.build())
	assert.False(t, c.Writes(), "the mail server has no place for it")
	assert.Equal(t, []account.Difference{{What: "title", Old: "Engineer", New: "Chief"}}, c.Diff)
	assert.Equal(t, "Chief", c.Link.ExtraProfile[account.Title])
}

func TestR9_OnlyWhatThisModuleDisabledIsEnabledAgain(t *testing.T) {
	type state struct{ directory, here, ours bool } // directory and here: active
	for name, c := range map[string]struct {
		state
		want string
		ours bool
	}{
		"disabled there":                     {state{false, true, false}, "disabled", true},
		"already off by us":                  {state{false, false, true}, "", true},
		"enabled there, off by us":           {state{true, false, true}, "enabled", false},
		"enabled there, off by an admin":     {state{true, false, false}, "", false},
		"disabled there, off by an admin":    {state{false, false, false}, "", false},
		"switched on by an admin":            {state{true, true, true}, "enabled", false}, // for its forwardings
		"switched on by an admin, off there": {state{false, true, true}, "disabled", true},
		"on and on":                          {state{true, true, false}, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newFixture()
			l := link("a", "ann@example.com")
			if c.state.ours {
				l.Off = account.OffByStatus
			}
			local := mailbox("ann@example.com", "Ann")
			local.Active = c.here
			o := user("a", "ann@example.com", "Ann")
			o.Disabled = !c.directory
			s.links, s.local, s.objects = []account.Link{l}, []account.Account{local}, []account.Object{o}
			var action account.Action
			ours := l.Off != ""
			for _, change := range s.build() {
				action = change.Action
				if change.Link != nil {
					ours = change.Link.Off != ""
				}
				if action == account.ActionEnabled {
					assert.Equal(t, account.On, change.Switch)
				}
				if action == account.ActionDisabled {
					assert.Equal(t, account.Off, change.Switch)
					claim, _ := change.Claim()
					assert.Equal(t, account.Disabling, claim.State)
				}
			}
			assert.Equal(t, account.Action(c.want), action)
			assert.Equal(t, c.ours, ours)
		})
	}

	s := newFixture()
	s.policy.FollowStatus = false
	o := user("a", "ann@example.com", "Ann")
	o.Disabled = true
	s.links, s.local, s.objects = []account.Link{link("a", "ann@example.com")}, []account.Account{mailbox("ann@example.com", "Ann")}, []account.Object{o}
	assert.Empty(t, s.build(), "without a status attribute nobody is disabled")
}
