package plan_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/plan"
)

// linked adds accounts that are linked to objects of their local part.
func (s *scene) linked(locals ...string) {
	for _, local := range locals {
		s.links = append(s.links, link(local, local+"@example.com"))
		s.local = append(s.local, mailbox(local+"@example.com", local))
	}
}

// wants says which local part each object has in the directory now.
func (s *scene) wants(pairs ...[2]string) {
	for _, p := range pairs {
		s.objects = append(s.objects, user(p[0], p[1]+"@example.com", p[0]))
	}
}

// moves are the renamings as "old new", everything else as said.
func moves(changes []account.Change) []string {
	var lines []string
	for _, c := range changes {
		if c.Action == account.ActionRenamed {
			lines = append(lines, c.Address+" "+c.NewAddress)
		} else {
			lines = append(lines, said([]account.Change{c})...)
		}
	}
	return lines
}

func TestR8_ANewAddressRenamesTheAccount(t *testing.T) {
	s := newScene()
	s.linked("ann")
	s.objects = []account.Object{user("ann", "ann.lee@example.com", "Ann Lee")}
	c := one(t, s.build())
	assert.Equal(t, account.ActionRenamed, c.Action)
	assert.Equal(t, "ann@example.com", c.Address)
	assert.Equal(t, "ann.lee@example.com", c.NewAddress)
	assert.Equal(t, "Ann Lee", c.Profile[account.Name], "the rest follows in the same change")
	assert.Equal(t, []account.Difference{
		{What: "address", Old: "ann@example.com", New: "ann.lee@example.com"}, {What: "name", Old: "ann", New: "Ann Lee"},
	}, c.Diff)
	assert.Equal(t, "ann.lee@example.com", c.Link.Address)
	assert.Equal(t, account.Confirmed, c.Link.State)
}

func TestR8_AddressesChangeHandsInOneRun(t *testing.T) {
	for name, c := range map[string]struct {
		linked []string
		wants  [][2]string
		moves  []string
	}{
		"swap":  {[]string{"a", "b"}, [][2]string{{"a", "b"}, {"b", "a"}}, []string{"a@example.com b@example.com", "b@example.com a@example.com"}},
		"chain": {[]string{"a", "b"}, [][2]string{{"a", "b"}, {"b", "c"}}, []string{"a@example.com b@example.com", "b@example.com c@example.com"}},
		"who leaves makes room for a newcomer": {
			[]string{"a"}, [][2]string{{"new", "a"}, {"a", "b"}}, []string{"a@example.com b@example.com", "created a@example.com"},
		},
		"nobody leaves: no room": {
			[]string{"a", "b"}, [][2]string{{"a", "b"}, {"b", "b"}}, []string{"conflict a@example.com reason_address_taken"},
		},
		"a refusal takes the room of the next": {
			[]string{"a", "b", "c"}, [][2]string{{"a", "b"}, {"b", "c"}, {"c", "c"}},
			[]string{"conflict b@example.com reason_address_taken", "conflict a@example.com reason_address_taken"},
		},
		"two want the same": {
			[]string{"a", "b"}, [][2]string{{"a", "c"}, {"b", "c"}},
			[]string{"conflict b@example.com reason_address_taken", "a@example.com c@example.com"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.linked(c.linked...)
			s.wants(c.wants...)
			assert.Empty(t, cmp.Diff(c.moves, moves(s.build())))
		})
	}
}

func TestR8_AnAddressThatIsTakenStaysWhoseItIs(t *testing.T) {
	for kind, reason := range map[account.Kind]string{
		account.Mailbox: "reason_address_is_mailbox", account.Alias: "reason_address_is_alias", account.Reserved: "reason_address_is_reserved",
	} {
		s := newScene()
		s.linked("ann")
		s.local = append(s.local, account.Account{Address: "anna@example.com", Kind: kind})
		s.objects = []account.Object{user("ann", "anna@example.com", "New name")}
		c := one(t, s.build())
		assert.Equal(t, "conflict ann@example.com "+reason, said([]account.Change{c})[0])
		assert.True(t, c.Set.Has(account.Name), "the rest follows all the same")
		assert.Equal(t, "ann@example.com", c.Link.Address)
	}
}

// claimed is a link as a run leaves it that was killed while it renamed a mailbox.
func claimed(id, from, to string) account.Link {
	l := link(id, to)
	l.State, l.Home = account.Renaming, "/home/"+id+"/"
	l.Intent = []account.Difference{{What: "address", Old: from, New: to}}
	return l
}

func TestR19_AClaimedRenamingIsFinishedWhereverTheMailboxIs(t *testing.T) {
	for _, place := range []string{"ann@example.com", "anna@example.com", "renaming-00@example.com"} {
		s := newScene()
		s.links = []account.Link{claimed("ann", "ann@example.com", "anna@example.com")}
		box := mailbox(place, "ann")
		box.Home = "/home/ann/"
		s.local = []account.Account{box}
		s.objects = []account.Object{user("ann", "anna@example.com", "ann")}
		c := one(t, s.build())
		assert.Equal(t, account.ActionRenamed, c.Action, place)
		assert.Equal(t, "anna@example.com", c.NewAddress)
		assert.Equal(t, "/home/ann/", c.Home)
		assert.Equal(t, account.Confirmed, c.Link.State)
		assert.Empty(t, c.Link.Intent)
	}
}

func TestR19_AClaimedSwapIsFinished(t *testing.T) {
	s := newScene()
	s.links = []account.Link{claimed("a", "a@example.com", "b@example.com"), claimed("b", "b@example.com", "a@example.com")}
	for _, id := range []string{"a", "b"} {
		box := mailbox(id+"@example.com", id)
		box.Home = "/home/" + id + "/"
		s.local = append(s.local, box)
	}
	s.wants([2]string{"a", "b"}, [2]string{"b", "a"})
	assert.Equal(t, []string{"a@example.com b@example.com", "b@example.com a@example.com"}, moves(s.build()))
}

func TestR19_AClaimThatCannotComeTrueAnyMoreGoesBack(t *testing.T) {
	s := newScene()
	s.links = []account.Link{claimed("ann", "ann@example.com", "anna@example.com")}
	box := mailbox("ann@example.com", "ann")
	box.Home = "/home/ann/"
	s.local = []account.Account{box, mailbox("anna@example.com", "made by hand")}
	s.objects = []account.Object{user("ann", "anna@example.com", "ann")}
	c := one(t, s.build())
	assert.Equal(t, "conflict ann@example.com reason_address_is_mailbox", said([]account.Change{c})[0])
	claim, ok := c.Claim()
	require.True(t, ok, "the address that was claimed is given up")
	assert.Equal(t, "ann@example.com", claim.Address)
}

// An alias is known by where it stands. One that stepped aside for a swap is not taken for the one that stands where it
// goes.
func TestR19_AnAliasThatSteppedAsideIsFound(t *testing.T) {
	s := newScene()
	s.policy.Groups = &plan.GroupPolicy{AccessPolicy: "public"}
	for id, to := range map[string]string{"a": "b", "b": "a"} {
		l := claimed(id, id+"@example.com", to+"@example.com")
		l.Kind, l.Home = account.Alias, ""
		s.links = append(s.links, l)
	}
	aside := account.Aside(account.Move{From: "a@example.com", To: "b@example.com"})
	for address, member := range map[string]string{aside: "of.a@elsewhere.example", "b@example.com": "of.b@elsewhere.example"} {
		s.local = append(s.local, account.Account{Address: address, Kind: account.Alias, Active: true, Members: []string{member}})
	}
	b := plan.NewBuilder(s.policy)
	for _, l := range s.links {
		b.AddLink(l)
	}
	for _, a := range s.local {
		b.AddLocal(a)
	}
	b.Finish()
	for id, to := range map[string]string{"a": "b", "b": "a"} {
		b.AddGroup(account.Object{ID: account.SourceID(id), Kind: account.Group, DN: "CN=" + id, Mail: []string{to + "@example.com"}})
	}
	together, rest := b.FinishGroups()
	assert.Empty(t, said(rest))
	assert.ElementsMatch(t, []string{"a@example.com b@example.com", "b@example.com a@example.com"}, moves(together))
	for _, c := range together { // nobody is in the groups
		assert.Equal(t, []string{"of." + string(c.Source) + "@elsewhere.example"}, c.Leave)
	}
}
