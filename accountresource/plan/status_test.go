package plan_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// What the directory does not show of a status changes nothing, and makes no account.
func TestR22_AStatusThatCannotBeReadIsUnknown(t *testing.T) {
	unknown := user("ann", "ann@example.com", "Ann")
	unknown.NoStatus = true
	off := link("ann", "ann@example.com")
	off.Off = account.OffByStatus
	returned := off
	returned.Off = account.OffByRemoval
	inactive := mailbox("ann@example.com", "Ann")
	inactive.Active = false
	ignored := []string{"ignored ann@example.com reason_status_unreadable"}
	for name, c := range map[string]struct {
		links []account.Link
		local []account.Account
		want  []string
	}{
		"it is on":                   {[]account.Link{link("ann", "ann@example.com")}, []account.Account{mailbox("ann@example.com", "Ann")}, nil},
		"it is off":                  {[]account.Link{off}, []account.Account{inactive}, nil},
		"it left and came back":      {[]account.Link{returned}, []account.Account{inactive}, nil},
		"its account went by hand":   {[]account.Link{off}, nil, ignored},
		"it is new":                  {nil, nil, ignored},
		"an account is to be linked": {nil, []account.Account{mailbox("ann@example.com", "Ann")}, ignored},
	} {
		s := newFixture()
		s.objects, s.links, s.local = []account.Object{unknown}, c.links, c.local
		var got []string
		for _, change := range s.build() {
			if change.Action != "" {
				got = append(got, said([]account.Change{change})...)
			}
		}
		assert.Equal(t, c.want, got, name)
	}
}

// Where no attribute says the status any more, nobody is switched on for that; who left and came back is.
func TestR22_R16_NoStatusIsFollowed(t *testing.T) {
	for why, want := range map[account.OffReason]string{account.OffByStatus: "", account.OffByRemoval: "enabled ann@example.com"} {
		s := newFixture()
		s.policy.FollowStatus = false
		l, a := link("ann", "ann@example.com"), mailbox("ann@example.com", "Ann")
		l.Off, a.Active = why, false
		s.objects, s.links, s.local = []account.Object{user("ann", "ann@example.com", "Ann")}, []account.Link{l}, []account.Account{a}
		var got string
		for _, change := range s.build() {
			got += said([]account.Change{change})[0]
		}
		assert.Equal(t, want, got, "switched off by %s", why)
	}
}
