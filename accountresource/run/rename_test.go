package run_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

func TestR8_ARenamedAccountKeepsItsMailAndItsOldAddressIsFreeForAnother(t *testing.T) {
	r := newHarness(t)
	r.config.Storage.AppendTimestamp = false // where the path says nothing of the time
	r.people.objects = []account.Object{user("a", "ann@example.com", "Ann")}
	r.once()
	first := r.account("ann@example.com").Home

	r.people.objects = []account.Object{user("b", "ann@example.com", "Second Ann"), user("a", "ann.lee@example.com", "Ann")}
	second := r.once()
	assert.Equal(t, run.Succeeded, second.Outcome)
	assert.Equal(t, []string{"created ann@example.com", "renamed ann.lee@example.com"}, r.log(second))
	assert.Equal(t, first, r.account("ann.lee@example.com").Home)
	assert.NotEqual(t, first, r.account("ann@example.com").Home, "nobody reads another's mail")
	assert.Empty(t, r.once().Counts)
}

func TestR8_AFailedRenamingIsTriedAgain(t *testing.T) {
	r := newHarness(t)
	r.people.objects = []account.Object{user("a", "ann@example.com", "Ann")}
	r.once()
	r.people.objects = []account.Object{user("a", "anna@example.com", "Ann")}
	r.mail.Refuse("ann@example.com", assert.AnError)
	assert.Equal(t, run.Partial, r.once().Outcome)
	r.mail.Refuse("ann@example.com", nil)
	assert.Equal(t, []string{"renamed anna@example.com"}, r.log(r.once()))
	assert.Empty(t, r.once().Counts)
	assert.Equal(t, account.Confirmed, r.tables.links["a"].State)
}

func TestAMailboxThatWasMovedByHandIsStillTheSame(t *testing.T) {
	r := newHarness(t)
	r.res.Settings.Replication.Delete = true
	r.people.objects = users(6)
	r.once()
	r.once() // its link knows when it was made (rule R26)
	moved := r.account("u0000@example.com")
	moved.Home = "/var/vmail/vmail2/elsewhere/u0000/"
	r.mail.AddAccount(moved)
	r.people.objects[0].Mail = []string{"renamed@example.com"}
	assert.Equal(t, []string{"renamed renamed@example.com"}, r.log(r.once()))
	assert.Equal(t, moved.Home, r.account("renamed@example.com").Home)

	moved.Address, moved.Home = "renamed@example.com", "/var/vmail/vmail3/elsewhere/u0000/"
	r.mail.AddAccount(moved)
	r.people.objects = r.people.objects[1:]
	assert.Equal(t, []string{"deleted renamed@example.com reason_left"}, r.log(r.once()))
	assert.Equal(t, moved.Home, r.mail.DeletedMailboxes()[0].Home)
}
