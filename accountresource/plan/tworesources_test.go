package plan_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/plan"
)

// deleting is the link of a resource that was cut off between claiming a deletion and making it.
func deleting(resource int64, id, address string) account.Link {
	l := link(id, "deleting "+id)
	l.Resource, l.State, l.Home = resource, account.Deleting, "/home/"+address+"/"
	l.Intent = []account.Difference{{What: account.WhatAddress, Old: address}}
	return l
}

// Another resource has claimed to delete the account, which is still there: nobody else takes it until that is settled.
func TestR2_R19_AnAccountThatAnotherResourceIsDeletingIsNotLinked(t *testing.T) {
	s := newScene()
	s.links = []account.Link{deleting(8, "gone", "ann@example.com")}
	s.local = []account.Account{mailbox("ann@example.com", "Ann")}
	s.local[0].Home = s.links[0].Home
	s.objects = []account.Object{user("a", "ann@example.com", "Ann")}
	c := one(t, s.build())
	assert.Equal(t, account.ActionConflict, c.Action)
	assert.Equal(t, "reason_linked_by_other_resource", c.Reason.Key)

	s.local = nil // it has happened
	assert.Equal(t, account.ActionCreated, one(t, s.build()).Action)
}

// The account that this resource was going to delete is another resource's by now: it is left alone.
func TestR2_R19_ADeletionOfAnAccountThatAnotherResourceHasLinkedIsCalledOff(t *testing.T) {
	for name, lies := range map[string]bool{"as it was": true, "made anew": false} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.policy.Removal = plan.Removal{Delete: true, Max: 20, MaxPercent: 100}
			theirs := link("a", "ann@example.com")
			theirs.Resource = 8
			ours := deleting(resourceID, "gone", "ann@example.com")
			box := mailbox("ann@example.com", "Ann")
			if lies {
				box.Home = ours.Home
			}
			b := plan.NewBuilder(s.policy)
			b.AddLink(theirs)
			b.AddLink(ours)
			b.AddLocal(box)
			b.Add(user("b", "bob@example.com", "Bob"))
			b.Listed(account.Mailbox, 1)
			b.Leaving(b.Absent(account.Mailbox))
			first, together, _ := b.Finish()
			c := one(t, append(first, together...))
			assert.Empty(t, c.Action)
			assert.True(t, c.Unlink)
			assert.False(t, c.TouchesAccount())
		})
	}
}
