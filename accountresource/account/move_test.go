package account_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"

	"github.com/mailpanel/account-resource/accountresource/account"
)

func TestAddressesAsideAreAddresses(t *testing.T) {
	letters := strings.Repeat("a", 63)
	for name, c := range map[string]struct{ address, first, second string }{
		"short":                   {"ann@example.com", "ann.old@example.com", "ann.old-2@example.com"},
		"as long as it may be":    {letters + "b@example.com", letters[:60] + ".old@example.com", letters[:58] + ".old-2@example.com"},
		"a dot where it is cut":   {letters[:59] + ".bcde@example.com", letters[:59] + ".old@example.com", letters[:58] + ".old-2@example.com"},
		"a dot before the second": {letters[:57] + ".bcdefg@example.com", letters[:57] + ".bc.old@example.com", letters[:57] + ".old-2@example.com"},
	} {
		aside := account.AsideAddresses(c.address)
		assert.Equal(t, []string{c.first, c.second}, aside[:2], name)
		for _, address := range aside {
			assert.LessOrEqual(t, strings.IndexByte(address, '@'), 64, name)
		}
	}
}

func TestMovesStepAsideWhereAnotherHasToLeaveFirst(t *testing.T) {
	a, b, c := "a@example.com", "b@example.com", "c@example.com"
	ab, ba := account.Move{From: a, To: b}, account.Move{From: b, To: a}
	aside := account.TempAddress(ab)
	assert.True(t, account.IsTempAddress(aside))
	assert.False(t, account.IsTempAddress("renaming-team@example.com"))
	for name, c := range map[string]struct {
		moves  []account.Move
		passes [][]account.Move
	}{
		"nothing":                       {nil, nil},
		"room":                          {[]account.Move{ab}, [][]account.Move{{ab}}},
		"swap":                          {[]account.Move{ab, ba}, [][]account.Move{{{From: a, To: aside}, {From: b, To: account.TempAddress(ba)}}, {{From: aside, To: b}, {From: account.TempAddress(ba), To: a}}}},
		"chain":                         {[]account.Move{ab, {From: b, To: c}}, [][]account.Move{{{From: a, To: aside}}, {{From: b, To: c}}, {{From: aside, To: b}}}},
		"one of a swap is aside":        {[]account.Move{{From: aside, To: b}, ba}, [][]account.Move{{ba}, {{From: aside, To: b}}}},
		"and the other is where it was": {[]account.Move{{From: aside, To: b}}, [][]account.Move{{{From: aside, To: b}}}},
	} {
		assert.Empty(t, cmp.Diff(c.passes, account.RenamePhases(c.moves)), name)
	}
}
