package account_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"

	"github.com/mailpanel/account-resource/accountresource/account"
)

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
