package plan

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// oddText returns a text as directories and mail stores have them: empty, short, with separators, long.
func oddText(r *rand.Rand) string {
	texts := []string{
		"", "", "a", "Anna Berg", `CN=Berg\, Anna,OU=Staff,DC=example,DC=com`, `CN=x\\,OU=y`, "CN=only", ",", `\`, "渡辺 愛",
		"/var/vmail/vmail1/example.com/a/n/anna/", "/example.com/", "no/folder", strings.Repeat("long ", 20_000), "\xff\xfe",
	}
	return texts[r.IntN(len(texts))]
}

func oddLink(r *rand.Rand, i int) account.Link {
	address := string(rune('a'+i%26)) + strings.Repeat("x", i/26) + "@example.com"
	l := account.Link{
		Resource: 1, Source: account.SourceID(address[:len(address)-12] + "-id"), State: account.Confirmed,
		Known: account.Known{DN: oddText(r), Logon: oddText(r), EmployeeID: oddText(r), Shown: account.Fields(r.IntN(1 << account.NumFields))},
		Local: account.Local{
			Kind: []account.Kind{account.Mailbox, account.Alias}[r.IntN(2)], Address: address, Home: oddText(r), Made: oddText(r),
		},
		Origin: []account.Origin{account.Created, account.Linked}[r.IntN(2)],
		Off:    []account.OffReason{"", account.OffByStatus, account.OffByRemoval}[r.IntN(3)],
		Parted: r.IntN(2) == 0, OffWaits: r.IntN(2) == 0,
	}
	for f := range l.ExtraProfile {
		l.ExtraProfile[f] = oddText(r)
	}
	if r.IntN(5) == 0 {
		l.State, l.Intent = account.Updating, []account.Difference{{What: "name", Old: "x", New: oddText(r)}}
	}
	return l
}

// Whatever a link says, it says after it was packed.
func TestAPackedLinkIsTheLink(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	s := NewState(1)
	all := make([]account.Link, 300)
	for i := range all {
		all[i] = oddLink(r, i)
		s.AddLink(all[i])
	}
	again := oddLink(r, 7) // read once more, as it is now
	all[7] = again
	s.AddLink(again)
	assert.Equal(t, len(all), s.Linked())
	for i := range all {
		require.Equal(t, &all[i], s.link(all[i].Source))
	}
	seen := make(map[string]account.Kind)
	s.eachLink(func(_ uint32, address string, kind account.Kind) { seen[address] = kind })
	assert.Len(t, seen, len(all))
	for i := range all {
		assert.Equal(t, all[i].Kind, seen[all[i].Address])
	}
	assert.Nil(t, s.link("nobody"))
}

// What stands at an address is found there again, and who is linked to it.
func TestAPackedAccountIsTheAccount(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	s := NewState(1)
	s.AddLink(account.Link{Resource: 2, Source: "other", Known: account.Known{DN: "CN=other"}, Local: account.Local{Address: "b@example.com"}})
	s.AddLink(account.Link{Resource: 1, Source: "own", State: account.Confirmed, Local: account.Local{Kind: account.Mailbox, Address: "c@example.com", Home: "/c/"}})
	var a account.Account
	for _, name := range []string{"a", "b", "c"} {
		a = account.Account{Address: name + "@example.com", Kind: account.Mailbox, Active: true, Role: account.DomainAdmin, Home: "/c/", Made: "then"}
		for f := range a.Profile {
			a.Profile[f] = oddText(r)
		}
		s.AddAccount(a)
		h := s.at(a.Address)
		assert.Equal(t, a.Profile, s.profileOf(&h.record))
		assert.Equal(t, record{h.profile, account.Mailbox, true, account.DomainAdmin, false}, h.record)
		assert.True(t, h.exists)
	}
	assert.Equal(t, holder{}, s.at("free@example.com"))
	assert.Equal(t, owner{2, "other", "CN=other"}, s.at("b@example.com").owner)
	assert.Equal(t, owner{1, "own", ""}, s.at("c@example.com").owner)
	assert.False(t, s.at("a@example.com").linked)
	next := s.next(s.link("own"))
	assert.Equal(t, "then", next.Made, "learned of its account")
	assert.Equal(t, "/c/", next.Home)
}
