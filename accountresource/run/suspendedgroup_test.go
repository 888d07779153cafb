package run_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// Who is off when the group loses him does not get its mail when he comes back, wherever a run was cut off.
func TestR12_WhoComesBackIsAMemberOfHisGroupsOfToday(t *testing.T) {
	for _, cut := range []bool{false, true} {
		r := newRig(t)
		r.res.Settings.Replication.Groups = true
		ann, bob := user("a", "ann@example.com", "Ann"), user("b", "bob@example.com", "Bob")
		team := account.Object{ID: "team", Kind: account.Group, DN: "CN=team", Mail: []string{"team@example.com"}, Members: []account.SourceID{"a", "b"}}
		r.people.objects = []account.Object{ann, bob, team}
		r.once()

		ann.Disabled = true
		r.people.objects = []account.Object{ann, bob, team}
		if cut { // she is off, and the alias has not followed
			faulty := &cutting{ledger: r.ledger, backend: r.mail, method: "Apply", when: "before", nth: 2, err: errors.New("cut off")}
			r.config.BatchSize = 1
			r.config.Backend, r.config.Links, r.config.Journal = faulty, faulty, faulty
			r.once()
			r.config.Backend, r.config.Links, r.config.Journal = r.mail, r.ledger, r.ledger
		}
		r.once()
		assert.NotContains(t, r.account("team@example.com").Routes, account.Route{Address: "team@example.com", Forwarding: "ann@example.com"})
		team.Members = []account.SourceID{"b"}
		r.people.objects = []account.Object{ann, bob, team}
		r.once()
		ann.Disabled = false
		r.people.objects = []account.Object{ann, bob, team}
		r.once()
		assert.Equal(t, []account.Route{{Address: "team@example.com", Forwarding: "bob@example.com"}}, r.account("team@example.com").Routes)
		assert.Equal(t, []account.Route{{Address: "ann@example.com", Forwarding: "ann@example.com"}}, r.account("ann@example.com").Routes)
	}
}
