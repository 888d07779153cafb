package run_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// An alias that was here before keeps its members whatever the group does, and those that an admin adds later; what the directory
// brought goes with the directory, under whichever address it has by then.
func TestR4_ALinkedAliasKeepsItsOwnMembers(t *testing.T) {
	for _, mode := range []run.Mode{run.Incremental, run.Full} {
		t.Run(string(mode), func(t *testing.T) {
			r := crowd(t)
			once := func() {
				t.Helper()
				if mode == run.Full {
					r.res.Revision++
				}
				require.Equal(t, run.Succeeded, r.once().Outcome)
			}
			byHand := func(join ...string) {
				results, err := r.mail.Apply(t.Context(), account.Domain{Name: "example.com", Active: true}, []account.Operation{{
					Verb: account.Update, Kind: account.Alias, Address: "old@example.com", Membership: account.Membership{Join: join},
				}})
				require.NoError(t, err)
				require.NoError(t, results[0])
			}
			r.mail.AddAccount(account.Account{Address: "old@example.com", Kind: account.Alias, Active: true})
			byHand("u0003@example.com", "x@elsewhere.example")
			r.put(account.Object{
				ID: "old", Kind: account.Group, DN: "CN=old", Mail: []string{"old@example.com"},
				Members: []account.SourceID{"id0001", "id0002", "id0003", "id0004"},
			})
			once()
			assert.Equal(t, []string{"u0001", "u0002", "u0003", "u0004", "x"}, r.membersOf("old@example.com"))
			assert.Empty(t, r.log(r.once()))

			byHand("later@elsewhere.example")
			r.change(1, func(o *account.Object) { o.Mail = []string{"renamed@example.com"} })
			once()
			r.changeGroup("old", func(o *account.Object) { o.Members = []account.SourceID{"id0002", "id0003", "id0004"} })
			once()
			assert.Equal(t, []string{"later", "u0002", "u0003", "u0004", "x"}, r.membersOf("old@example.com"),
				"who was renamed has left")
			r.change(4, func(o *account.Object) { o.Disabled = true })
			once()
			r.changeGroup("old", func(o *account.Object) { o.Members = []account.SourceID{"id0002"} })
			once()
			assert.Equal(t, []string{"later", "u0002", "x"}, r.membersOf("old@example.com"))
			r.changeGroup("old", func(o *account.Object) { o.Members = nil })
			once()
			assert.Equal(t, []string{"later", "x"}, r.membersOf("old@example.com"))
			assert.Empty(t, r.log(r.once()))
		})
	}
}
