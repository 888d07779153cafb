package run_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// joins puts an object into the directory, as a member of the team.
func (r *harness) joins(o account.Object) {
	r.put(o)
	for _, g := range r.people.objects {
		if g.ID == "team" {
			g.Members = append([]account.SourceID{o.ID}, g.Members...)
			r.put(g)
			return
		}
	}
}

func TestR11_WhomTheMailStoreRefusesIsNoMember(t *testing.T) {
	r := withAliases(t)
	r.joins(user("new", "new@example.com", "New"))
	r.mail.Refuse("new@example.com", errors.New("disk full"))
	assert.Equal(t, []string{"failed new@example.com reason_store_error"}, r.log(r.once()))
	assert.Equal(t, []string{"u0001", "u0002", "u0003", "u0004"}, r.team(), "mail to the team would bounce")
	r.mail.Refuse("new@example.com", nil)
	assert.Equal(t, []string{"created new@example.com", "updated team@example.com"}, r.log(r.incremental()))
	assert.Equal(t, []string{"new", "u0001", "u0002", "u0003", "u0004"}, r.team())
}

func TestR11_AMemberWhoKeepsTheOldAddressJoinsByThat(t *testing.T) {
	r := withAliases(t)
	ann := r.people.objects[8]
	ann.Mail = []string{"ann@example.com"}
	r.joins(ann)
	r.mail.Refuse("u0008@example.com", errors.New("locked"))
	got := r.once()
	assert.Equal(t, []string{"failed u0008@example.com reason_store_error", "updated team@example.com"}, r.log(got))
	assert.Equal(t, []string{"u0001", "u0002", "u0003", "u0004", "u0008"}, r.team())
	assert.Equal(t, []account.Difference{{What: "members", New: "u0008@example.com"}}, r.tables.entries[got.ID][1].Diff)
	r.mail.Refuse("u0008@example.com", nil)
	assert.Equal(t, []string{"renamed ann@example.com"}, r.log(r.incremental()))
	assert.Equal(t, []string{"ann", "u0001", "u0002", "u0003", "u0004"}, r.team())
}

// Ann goes off and is to have Bob's address; he is to have another one and cannot have it, so that both stay. A list to
// which she forwards is renamed after that.
func TestR8_WhoseRenamingIsRefusedIsNotTakenForSomebodyElse(t *testing.T) {
	r := newHarness(t)
	r.res.Settings.Replication.Groups = true
	ann, bob := user("a", "ann@example.com", "Ann"), user("b", "bob@example.com", "Bob")
	list := account.Object{ID: "l", Kind: account.Group, DN: "CN=list", Mail: []string{"list@example.com"}}
	r.people.objects = []account.Object{ann, bob, list}
	r.once()
	r.forward("ann", "list")
	annsHome, bobsHome := r.account("ann@example.com").Home, r.account("bob@example.com").Home

	ann.Disabled, ann.Mail, bob.Mail, list.Mail = true, bob.Mail, []string{"robert@example.com"}, []string{"news@example.com"}
	r.people.objects = []account.Object{ann, bob, list}
	r.mail.Refuse("bob@example.com", errors.New("locked"))
	r.once()
	assert.Equal(t, bobsHome, r.account("bob@example.com").Home)
	assert.True(t, r.account("bob@example.com").Active)
	r.mail.Refuse("bob@example.com", nil)
	r.once()
	assert.Equal(t, annsHome, r.account("bob@example.com").Home)
	assert.False(t, r.account("bob@example.com").Active)
	assert.Equal(t, bobsHome, r.account("robert@example.com").Home)
	assert.True(t, r.account("robert@example.com").Active)

	ann.Disabled = false
	r.people.objects = []account.Object{ann, bob, list}
	r.once()
	assert.True(t, r.carries("bob", "news"))
}
