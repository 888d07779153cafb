package backendtest

import (
	"slices"
	"strings"

	"github.com/stretchr/testify/assert"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
)

const homeBase = "/var/vmail/vmail1/example.com/"

// taken are those of the mail directories that the store says are taken, each as "address kind".
func (s suite) taken(homes ...string) map[string]string {
	s.Helper()
	found := map[string]string{}
	for _, a := range s.accounts(backends.Query{Homes: homes}) {
		found[account.NormalHome(a.Home)] = a.Address + " " + string(a.Kind)
	}
	return found
}

func homesTaken(s suite) {
	s.AddDomain(account.Domain{Name: "other.example", Active: true})
	s.applied(creation("ann", "Ann"), creation("bob", "Bob"), creation("eve", "Eve"))
	s.applied(renaming("bob", "bob", "rob"), deletion("eve"))
	byHand := []string{"ann/", "noslash"}
	if !s.ExactHomes {
		byHand = append(byHand, "Upper/Case/")
	}
	for _, home := range byHand {
		local := strings.ToLower(strings.ReplaceAll(strings.Trim(home, "/"), "/", "."))
		s.AddMailbox(account.Account{Address: local + "@other.example", Kind: account.Mailbox, Active: true, Home: homeBase + home})
	}
	asked := []string{
		creation("ann", "").Home, strings.TrimSuffix(creation("bob", "").Home, "/"), creation("eve", "").Home,
		homeBase + "ann/", homeBase + "noslash/", homeBase + "upper/case/", homeBase + "free/",
	}
	want := map[string]string{
		account.NormalHome(creation("ann", "").Home): "ann@example.com mailbox",
		account.NormalHome(creation("bob", "").Home): "rob@example.com mailbox",
		account.NormalHome(creation("eve", "").Home): "eve@example.com reserved",
		homeBase + "ann":     "ann@other.example mailbox",
		homeBase + "noslash": "noslash@other.example mailbox",
	}
	if !s.ExactHomes {
		want[homeBase+"upper/case"] = "upper.case@other.example mailbox"
	}
	assert.Equal(s, want, s.taken(asked...))
	assert.Empty(s, s.taken([]string{}...), "none is asked for")
	many := slices.Clone(asked)
	for i := range 5000 { // more than a statement or filter takes
		many = append(many, homeBase+strings.Repeat("x", i%7)+string(rune('a'+i%26))+"/")
	}
	assert.Equal(s, want, s.taken(many...))
}

func createInTakenHome(s suite) {
	s.applied(creation("ann", "Ann"), creation("bob", "Bob"))
	s.applied(renaming("ann", "ann", "anna"))
	newcomer, twin := creation("ann", "Second"), creation("eve", "Eve")
	twin.Address = "twin@example.com"
	results := s.apply(newcomer, creation("eve", "Eve"), twin, creation("bob", "Bob"), creation("joe", "Joe"))
	assert.ErrorIs(s, results[0], backends.ErrHomeTaken, "a renamed mailbox has it")
	assert.NoError(s, results[1])
	assert.ErrorIs(s, results[2], backends.ErrHomeTaken, "one of the same batch has it")
	assert.NoError(s, results[3], "its own")
	assert.NoError(s, results[4])
	assert.Equal(s, []string{"anna ann", "bob bob", "eve eve", "joe joe"}, s.lives("ann", "bob", "eve", "joe"))
}
