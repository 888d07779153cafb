package plan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/plan"
)

// buildGroups returns the changes of aliases.
func (s *fixture) buildGroups(groups, outside []account.Object) []account.Change {
	s.policy.Groups = &plan.GroupPolicy{Named: true, AccessPolicy: "membersonly", Moderated: s.moderated}
	return slices.DeleteFunc(s.run(groups, outside, nil), func(c account.Change) bool { return c.Kind != account.Alias })
}

func group(id, mail string, members ...string) account.Object {
	g := account.Object{
		ID: account.SourceID(id), Kind: account.Group, DN: "CN=" + id, Profile: account.Profile{account.Name: id},
	}
	if mail != "" {
		g.Mail = []string{mail}
	}
	for _, m := range members {
		g.Members = append(g.Members, account.SourceID(m))
	}
	return g
}

// shown are changes of aliases as "action address +joins -leaves reason".
func shown(changes []account.Change) []string {
	var lines []string
	for _, c := range changes {
		line := string(c.Action) + " " + strings.TrimSuffix(c.Address, "@example.com")
		if account.IsTempAddress(c.Address) {
			line = string(c.Action) + " aside"
		}
		if c.NewAddress != "" {
			to := strings.TrimSuffix(c.NewAddress, "@example.com")
			if account.IsTempAddress(c.NewAddress) {
				to = "aside"
			}
			line += ">" + to
		}
		for _, m := range c.Join {
			line += " +" + strings.TrimSuffix(m, "@example.com")
		}
		for _, m := range c.Leave {
			line += " -" + strings.TrimSuffix(m, "@example.com")
		}
		lines = append(lines, strings.TrimSpace(line+" "+c.Reason.Key))
	}
	return lines
}

func aliasOf(address string, members ...string) account.Account {
	return account.Account{Address: address, Kind: account.Alias, Active: true, Members: members, Profile: account.Profile{account.Name: account.LocalPart(address)}}
}

func aliasLink(id, address string) account.Link {
	l := link(id, address)
	l.Kind, l.Home = account.Alias, ""
	return l
}

func TestR10_AGroupBecomesAnAliasWithItsMembers(t *testing.T) {
	s := newFixture()
	s.linked("ann")
	s.wants([2]string{"ann", "ann"}, [2]string{"new", "new"})
	changes := s.buildGroups([]account.Object{group("sales", "Sales@example.com", "ann", "new"), group("nomail", "", "ann")}, nil)
	assert.Empty(t, cmp.Diff([]string{"created sales +ann +new", "ignored  reason_no_address"}, shown(changes)))
	c := changes[0]
	assert.Equal(t, account.Alias, c.Kind)
	assert.Equal(t, "membersonly", c.Policy)
	assert.Equal(t, "sales", c.Profile[account.Name])
	assert.Equal(t, account.Alias, c.Link.Kind)
	assert.Empty(t, c.Home)
}

func TestR11_WhoIsAMember(t *testing.T) {
	s := newFixture()
	s.linked("ann", "off", "local")
	s.local[2].Active = false // switched off by a local admin
	s.wants([2]string{"ann", "ann"}, [2]string{"off", "off"}, [2]string{"local", "local"})
	s.objects[1].Disabled = true
	partner := user("partner", "login@corp.example", "Partner")
	partner.External = []string{"partner@elsewhere.example"}
	s.objects = append(s.objects, partner)
	s.objects[0].Primary = 513
	contact := account.Object{ID: "friend", Kind: account.Contact, DN: "CN=friend", Mail: []string{"fri+end@elsewhere.example"}}
	computer := account.Object{ID: "pc", Kind: account.User, DN: "CN=pc"}
	nested := group("nested", "", "friend", "circle")
	circle := group("circle", "", "nested", "ann")
	named := group("named", "named@elsewhere.example", "gone")
	domainUsers := group("everybody", "everybody@example.com")
	domainUsers.Primary = 513
	changes := s.buildGroups([]account.Object{
		group("all", "all@example.com", "ann", "off", "local", "partner", "nested", "named", "team", "pc", "gone"),
		group("team", "team@example.com"),
		domainUsers,
	}, []account.Object{contact, computer, nested, circle, named})
	assert.Empty(t, cmp.Diff([]string{
		"created all +ann +fri+end@elsewhere.example +named@elsewhere.example +partner@elsewhere.example +team reason_members_left_out",
		"created team",
		"created everybody +ann",
	}, shown(changes)))
	assert.Equal(t, "3", changes[0].Reason.Args["Count"], "the one who is off here, a computer, somebody who is not shown")
}

func TestTheManagerOfAGroupModeratesItsAlias(t *testing.T) {
	s := newFixture()
	s.linked("boss")
	s.wants([2]string{"boss", "boss"})
	s.links = append(s.links, aliasLink("sales", "sales@example.com"), aliasLink("done", "done@example.com"))
	done := aliasOf("done@example.com")
	done.Moderators = []string{"boss@example.com", "byhand@example.com"}
	s.local = append(s.local, aliasOf("sales@example.com"), done)
	sales, ready := group("sales", "sales@example.com"), group("done", "done@example.com")
	sales.Manager, ready.Manager = "boss", "boss"
	s.moderated = true
	changes := s.buildGroups([]account.Object{sales, ready}, nil)
	require.Len(t, changes, 1)
	assert.Equal(t, []string{"boss@example.com"}, changes[0].Moderate)
	assert.Equal(t, account.ActionUpdated, changes[0].Action)
	s.moderated = false
	assert.Empty(t, s.buildGroups([]account.Object{sales, ready}, nil))
}

func TestR12_AliasesFollowTheirMembers(t *testing.T) {
	s := newFixture()
	s.linked("ann", "bob", "eve")
	s.links = append(s.links, aliasLink("sales", "sales@example.com"), aliasLink("same", "same@example.com"))
	s.local = append(s.local, aliasOf("sales@example.com", "ann@example.com", "bob@example.com", "byhand@example.com"),
		aliasOf("same@example.com", "ann@example.com"))
	s.wants([2]string{"ann", "anna"}, [2]string{"bob", "bob"}, [2]string{"eve", "eve"})
	s.objects[1].Disabled = true
	changes := s.buildGroups([]account.Object{
		group("sales", "sales@example.com", "ann", "bob", "eve"), group("same", "same@example.com", "ann"),
	}, nil)
	assert.Empty(t, cmp.Diff([]string{"updated sales +eve -bob -byhand"}, shown(changes)),
		"the renaming of a member takes the row along by itself")
}

func TestR12_AGroupThatWasNotReadWholeKeepsItsMembers(t *testing.T) {
	s := newFixture()
	s.links = []account.Link{aliasLink("sales", "sales@example.com")}
	s.local = []account.Account{aliasOf("sales@example.com", "ann@example.com")}
	partial := group("sales", "sales@example.com")
	partial.Partial = true
	changes := s.buildGroups([]account.Object{partial}, nil)
	assert.Equal(t, []string{"failed sales reason_members_partial"}, shown(changes))
	assert.False(t, changes[0].Writes())
	assert.Nil(t, changes[0].Link)
}

func TestR2_R4_AddressesOfGroups(t *testing.T) {
	s := newFixture()
	s.linked("ann")
	s.wants([2]string{"ann", "ann"})
	s.local = append(s.local, aliasOf("old@example.com", "byhand@example.com"), mailbox("box@example.com", "Box"),
		account.Account{Address: "list@example.com", Kind: account.Reserved})
	s.policy.Domain.AliasLimit, s.policy.Domain.Aliases = 2, 1
	changes := s.buildGroups([]account.Object{
		group("g1", "ann@example.com"), group("g2", "old@example.com", "ann"), group("g3", "box@example.com"),
		group("g4", "list@example.com"), group("g5", "new@example.com"), group("g6", "more@example.com"), group("g7", "new@example.com"),
	}, nil)
	assert.Empty(t, cmp.Diff([]string{
		"conflict ann reason_address_taken", "conflict box reason_address_is_mailbox", "conflict list reason_address_is_reserved",
		"failed more reason_alias_limit", "conflict new reason_address_taken", "linked old +ann", "created new",
	}, shown(changes)))
	s.policy.LinkExisting = false
	assert.Equal(t, []string{"ignored old reason_left_alone"}, shown(s.buildGroups([]account.Object{group("g2", "old@example.com")}, nil)))
}

func TestR8_AGroupsNewAddressRenamesTheAlias(t *testing.T) {
	s := newFixture()
	s.linked("ann")
	s.wants([2]string{"ann", "ann"})
	s.links = append(s.links, aliasLink("a", "a@example.com"), aliasLink("b", "b@example.com"), aliasLink("c", "c@example.com"))
	s.local = append(s.local, aliasOf("a@example.com", "ann@example.com"), aliasOf("b@example.com"), aliasOf("c@example.com"))
	changes := s.buildGroups([]account.Object{
		group("a", "b@example.com", "ann"), group("b", "a@example.com"), group("c", "ann@example.com"),
	}, nil)
	assert.Empty(t, cmp.Diff([]string{
		"a>aside", "b>aside", "conflict c reason_address_taken", "renamed aside>b", "renamed aside>a",
	}, shown(changes)), "an alias is known by where it is: both make way first")
	require.Equal(t, account.Alias, changes[1].Kind)
	assert.Equal(t, account.Difference{What: account.WhatAddress, Old: "a@example.com", New: "b@example.com"}, changes[3].Diff[0])
}

// A name that the directory does not show may only have become unreadable.
func TestR22_AnAliasKeepsTheNameThatItsGroupShowsNoMore(t *testing.T) {
	s := newFixture()
	s.links = append(s.links, aliasLink("team", "team@example.com"))
	named := aliasOf("team@example.com")
	named.Profile[account.Name] = "The Team"
	s.local = append(s.local, named)
	nameless := group("team", "team@example.com")
	nameless.Profile[account.Name] = ""
	assert.Empty(t, s.buildGroups([]account.Object{nameless}, nil))
	changes := s.buildGroups([]account.Object{group("team", "team@example.com")}, nil)
	require.Len(t, changes, 1)
	assert.Equal(t, "team", changes[0].Profile[account.Name], "one that is shown is taken")
}
