package plan_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// linked adds accounts that are linked to objects of their local part.
func (s *fixture) linked(locals ...string) {
	for _, local := range locals {
		s.links = append(s.links, link(local, local+"@example.com"))
		s.local = append(s.local, mailbox(local+"@example.com", local))
	}
}

// wants says which local part each object has in the directory now.
func (s *fixture) wants(pairs ...[2]string) {
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
	s := newFixture()
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
			s := newFixture()
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
		s := newFixture()
		s.linked("ann")
		s.local = append(s.local, account.Account{Address: "anna@example.com", Kind: kind})
		s.objects = []account.Object{user("ann", "anna@example.com", "New name")}
		c := one(t, s.build())
		assert.Equal(t, "conflict ann@example.com "+reason, said([]account.Change{c})[0])
		assert.True(t, c.Set.Has(account.Name), "the rest follows all the same")
		assert.Equal(t, "ann@example.com", c.Link.Address)
	}
}

// What OpenLDAP has as an additional address of a mailbox may become its main one, and nobody else's.
func TestR8_AnAdditionalAddressBecomesTheMainOne(t *testing.T) {
	for home, want := range map[string]string{
		"/home/ann@example.com/": "renamed ann@example.com",
		"/home/bob@example.com/": "conflict ann@example.com reason_address_is_reserved",
		"":                       "conflict ann@example.com reason_address_is_reserved",
	} {
		s := newFixture()
		s.objects = []account.Object{user("ann", "anna@example.com", "Ann")}
		s.links = []account.Link{link("ann", "ann@example.com")}
		s.local = []account.Account{mailbox("ann@example.com", "Ann"), {Address: "anna@example.com", Kind: account.Reserved, Home: home}}
		assert.Equal(t, []string{want}, said(s.build()), "reserved for %q", home)
	}
}
