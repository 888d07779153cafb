package run_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// Whoever has an active account at a member's address is a member, linked or not: an administrator, an account that is left alone, and
// one outside of the scope. Who has none is named by the DN.
func TestR11_AnActiveLocalAccountIsAMember(t *testing.T) {
	for _, mode := range []run.Mode{run.Incremental, run.Full} {
		t.Run(string(mode), func(t *testing.T) {
			r := crowd(t)
			r.res.Settings.Replication.ExistingAccounts = resource.LeaveExisting
			for name, a := range map[string]account.Account{
				"boss": {Role: account.GlobalAdmin, Active: true}, "alone": {Active: true}, "off": {},
			} {
				a.Address, a.Kind, a.Home = name+"@example.com", account.Mailbox, "/"+name+"/"
				r.mail.AddAccount(a)
				r.put(user(name, a.Address, name))
			}
			nobody := user("nobody", "", "Nobody")
			nobody.Mail, nobody.DN = nil, "CN=Nobody,OU=Staff"
			r.put(nobody)
			twin := user("twin", "u0001@example.com", "Twin") // another is linked to that address
			r.put(twin)
			r.put(account.Object{
				ID: "all", Kind: account.Group, DN: "CN=all", Mail: []string{"all@example.com"},
				Members: []account.SourceID{"boss", "alone", "off", "nobody", "twin", "id0002"},
			})
			if mode == run.Full {
				r.res.Revision++
			}
			got := r.once()
			assert.Equal(t, []string{"alone", "boss", "u0002"}, r.membersOf("all@example.com"))
			for _, e := range r.tables.entries[got.ID] {
				if e.Address == "all@example.com" {
					assert.Equal(t, account.Say("reason_members_left_out", "Count", "3", "Members", "CN=Nobody,OU=Staff, CN=off, CN=twin"), e.Reason)
				}
			}
			r.res.Revision++
			assert.NotContains(t, r.log(r.once()), "updated all@example.com")
		})
	}
}
