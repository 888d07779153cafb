package run_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
	"github.com/mailpanel/account-resource/backends"
)

// A run is killed between the deletion of an account and the settling of its claim, and an admin gives the address to something else. The mail
// store refuses to delete that, and the log says so once: the claim ends, and the address is free.
func TestR19_AClaimOfADeletionEndsWhereSomethingElseHasTheAddress(t *testing.T) {
	r := counting(t, 9)
	gone := r.tables.links["id0001"]
	gone.State = account.Deleting
	r.tables.links["id0001"] = gone
	r.mail.Remove("u0001@example.com")
	r.take("id0001")
	r.mail.Refuse("u0001@example.com", fmt.Errorf("an address of somebody else: %w", backends.ErrNotFound))

	first := r.once()
	assert.Equal(t, []string{"failed u0001@example.com reason_account_gone"}, r.log(first))
	_, linked := r.tables.links["id0001"]
	require.False(t, linked)
	r.mail.Refuse("u0001@example.com", nil)
	second := r.once()
	assert.Empty(t, r.log(second))
	assert.Equal(t, run.Succeeded, second.Outcome)
}
