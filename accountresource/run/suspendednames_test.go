package run_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// suspended are Ann, who forwards to Bob and the team, and others who may have her address or his.
type suspended struct{ ann, bob, carl, heir, team account.Object }

// suspension is something that happens to them.
type suspension struct {
	offBefore bool // Ann is
	besides   account.Route
	change    func(s *suspended) // in one run
	there     func(s *suspended) []account.Object
	deletes   bool            // who leaves
	routes    []account.Route // Ann's in the end, or her heir's
}

// Whatever happens in one run to two of which one forwards to the other, whether it is written in one batch or in several,
// and wherever it is cut off: the one who was off gets back what she had, by the names of today.
func TestR9_WhatIsSwitchedOffFollowsRenamingsOfTheSameRun(t *testing.T) {
	mail := func(addresses ...string) (list []string) { return addresses }
	for name, c := range map[string]suspension{
		"she goes off, and he is renamed": {
			change: func(s *suspended) { s.ann.Disabled, s.bob.Mail = true, mail("robert@example.com") },
			routes: []account.Route{
				{Address: "ann@example.com", Forwarding: "ann@example.com"}, {Address: "ann@example.com", Forwarding: "robert@example.com"},
				{Address: "ann@example.com", Forwarding: "team@example.com"}, {Address: "bobs@example.com", Forwarding: "ann@example.com"},
			},
		},
		"she goes off, and the alias is renamed": {
			change: func(s *suspended) { s.ann.Disabled, s.team.Mail = true, mail("crew@example.com") },
			routes: []account.Route{
				{Address: "ann@example.com", Forwarding: "ann@example.com"}, {Address: "ann@example.com", Forwarding: "bob@example.com"},
				{Address: "ann@example.com", Forwarding: "crew@example.com"}, {Address: "bobs@example.com", Forwarding: "ann@example.com"},
			},
		},
		"she goes off, and both are renamed, the alias to what was his": {
			change: func(s *suspended) {
				s.ann.Disabled, s.bob.Mail, s.team.Mail = true, mail("robert@example.com"), mail("bob@example.com")
			},
			routes: []account.Route{
				{Address: "ann@example.com", Forwarding: "ann@example.com"}, {Address: "ann@example.com", Forwarding: "bob@example.com"},
				{Address: "ann@example.com", Forwarding: "robert@example.com"}, {Address: "bobs@example.com", Forwarding: "ann@example.com"},
			},
		},
		"she comes back, and he is renamed": {
			offBefore: true,
			change:    func(s *suspended) { s.ann.Disabled, s.bob.Mail = false, mail("robert@example.com") },
			routes: []account.Route{
				{Address: "ann@example.com", Forwarding: "ann@example.com"}, {Address: "ann@example.com", Forwarding: "robert@example.com"},
				{Address: "ann@example.com", Forwarding: "team@example.com"}, {Address: "bobs@example.com", Forwarding: "ann@example.com"},
			},
		},
		"she is off and renamed, and so is the alias": {
			offBefore: true,
			change:    func(s *suspended) { s.ann.Mail, s.team.Mail = mail("anna@example.com"), mail("crew@example.com") },
			routes: []account.Route{
				{Address: "anna@example.com", Forwarding: "anna@example.com"}, {Address: "anna@example.com", Forwarding: "bob@example.com"},
				{Address: "anna@example.com", Forwarding: "crew@example.com"}, {Address: "bobs@example.com", Forwarding: "anna@example.com"},
			},
		},
		"she is off and has another name, and he is renamed": {
			offBefore: true,
			change:    func(s *suspended) { s.ann.Profile[account.Name], s.bob.Mail = "Ann Lee", mail("robert@example.com") },
			routes: []account.Route{
				{Address: "ann@example.com", Forwarding: "ann@example.com"}, {Address: "ann@example.com", Forwarding: "robert@example.com"},
				{Address: "ann@example.com", Forwarding: "team@example.com"}, {Address: "bobs@example.com", Forwarding: "ann@example.com"},
			},
		},
		"she leaves and goes off, and who forwards to her is renamed": {
			change:  func(s *suspended) { s.bob.Mail = mail("robert@example.com") },
			there:   func(s *suspended) []account.Object { return []account.Object{s.bob, s.carl, s.team} },
			besides: account.Route{Address: "bob@example.com", Forwarding: "ann@example.com"},
			routes: []account.Route{
				{Address: "ann@example.com", Forwarding: "ann@example.com"}, {Address: "ann@example.com", Forwarding: "robert@example.com"},
				{Address: "ann@example.com", Forwarding: "team@example.com"}, {Address: "bobs@example.com", Forwarding: "ann@example.com"},
				{Address: "robert@example.com", Forwarding: "ann@example.com"},
			},
		},
		"she leaves and goes off, and who forwards to her swaps": {
			change:  func(s *suspended) { s.bob.Mail, s.carl.Mail = s.carl.Mail, s.bob.Mail },
			there:   func(s *suspended) []account.Object { return []account.Object{s.bob, s.carl, s.team} },
			besides: account.Route{Address: "bob@example.com", Forwarding: "ann@example.com"},
			routes: []account.Route{
				{Address: "ann@example.com", Forwarding: "ann@example.com"},
				{Address: "ann@example.com", Forwarding: "carl@example.com"},
				{Address: "ann@example.com", Forwarding: "team@example.com"},
				{Address: "bobs@example.com", Forwarding: "ann@example.com"},
				{Address: "carl@example.com", Forwarding: "ann@example.com"},
			},
		},
		"she goes off, and he swaps": {
			change: func(s *suspended) {
				s.ann.Disabled = true
				s.bob.Mail, s.carl.Mail = s.carl.Mail, s.bob.Mail
			},
			besides: account.Route{Address: "bob@example.com", Forwarding: "ann@example.com"},
			routes: []account.Route{
				{Address: "ann@example.com", Forwarding: "ann@example.com"},
				{Address: "ann@example.com", Forwarding: "carl@example.com"},
				{Address: "ann@example.com", Forwarding: "team@example.com"},
				{Address: "bobs@example.com", Forwarding: "ann@example.com"},
				{Address: "carl@example.com", Forwarding: "ann@example.com"},
			},
		},
		"she is off, and he swaps": {
			offBefore: true,
			change:    func(s *suspended) { s.bob.Mail, s.carl.Mail = s.carl.Mail, s.bob.Mail },
			besides:   account.Route{Address: "bob@example.com", Forwarding: "ann@example.com"},
			routes: []account.Route{
				{Address: "ann@example.com", Forwarding: "ann@example.com"},
				{Address: "ann@example.com", Forwarding: "carl@example.com"},
				{Address: "ann@example.com", Forwarding: "team@example.com"},
				{Address: "bobs@example.com", Forwarding: "ann@example.com"},
				{Address: "carl@example.com", Forwarding: "ann@example.com"},
			},
		},
		"she goes off and hands on her address in a ring": {
			change: func(s *suspended) {
				s.ann.Disabled = true
				s.ann.Mail, s.bob.Mail, s.carl.Mail = s.bob.Mail, s.carl.Mail, s.ann.Mail
			},
			besides: account.Route{Address: "bob@example.com", Forwarding: "ann@example.com"},
			routes: []account.Route{
				{Address: "bob@example.com", Forwarding: "bob@example.com"},
				{Address: "bob@example.com", Forwarding: "carl@example.com"},
				{Address: "bob@example.com", Forwarding: "team@example.com"},
				{Address: "bobs@example.com", Forwarding: "bob@example.com"},
				{Address: "carl@example.com", Forwarding: "bob@example.com"},
			},
		},
		"she comes back and hands on her address in a ring": {
			offBefore: true,
			change: func(s *suspended) {
				s.ann.Disabled = false
				s.ann.Mail, s.bob.Mail, s.carl.Mail = s.bob.Mail, s.carl.Mail, s.ann.Mail
			},
			besides: account.Route{Address: "bob@example.com", Forwarding: "ann@example.com"},
			routes: []account.Route{
				{Address: "bob@example.com", Forwarding: "bob@example.com"},
				{Address: "bob@example.com", Forwarding: "carl@example.com"},
				{Address: "bob@example.com", Forwarding: "team@example.com"},
				{Address: "bobs@example.com", Forwarding: "bob@example.com"},
				{Address: "carl@example.com", Forwarding: "bob@example.com"},
			},
		},
		"she is off and cannot have the address she wants, and he is renamed": {
			offBefore: true,
			change: func(s *suspended) {
				s.ann.Mail, s.bob.Mail, s.ann.DN = mail("carl@example.com"), mail("robert@example.com"), "CN=Ann"
			},
			routes: []account.Route{
				{Address: "ann@example.com", Forwarding: "ann@example.com"}, {Address: "ann@example.com", Forwarding: "robert@example.com"},
				{Address: "ann@example.com", Forwarding: "team@example.com"}, {Address: "bobs@example.com", Forwarding: "ann@example.com"},
			},
		},
		"she has left, her heir is there, and he is renamed": {
			offBefore: true,
			change:    func(s *suspended) { s.bob.Mail = mail("robert@example.com") },
			there:     func(s *suspended) []account.Object { return []account.Object{s.heir, s.bob, s.carl, s.team} },
			deletes:   true,
			routes:    []account.Route{{Address: "ann@example.com", Forwarding: "ann@example.com"}},
		},
	} {
		for _, size := range []int{1, 100} {
			t.Run(fmt.Sprintf("%s, %d together", name, size), func(t *testing.T) {
				assert.False(t, c.happens(t, size, "", "", 0))
				for _, method := range []string{"Claim", "Settle", "Apply"} {
					for _, when := range []string{"before", "after"} {
						for nth := 1; c.happens(t, size, method, when, nth); nth++ {
						}
					}
				}
			})
		}
	}
}

// happens plays it with a fault in the run that matters, and tells whether it came to that.
func (c *suspension) happens(t *testing.T, size int, method, when string, nth int) bool {
	t.Helper()
	r := newRig(t)
	r.config.BatchSize = size
	r.res.Settings.Replication.Groups, r.res.Settings.Replication.Delete = true, c.deletes
	s := &suspended{
		ann: user("a", "ann@example.com", "Ann"), bob: user("b", "bob@example.com", "Bob"), heir: user("h", "ann@example.com", "Heir"),
		carl: user("c", "carl@example.com", "Carl"),
		team: account.Object{
			ID: "t", Kind: account.Group, DN: "CN=t", Mail: []string{"team@example.com"}, Members: []account.SourceID{"b"},
		},
	}
	there := func() { r.people.objects = []account.Object{s.ann, s.bob, s.carl, s.team} }
	there()
	r.once()
	r.mail.AddRoute(account.Route{Address: "ann@example.com", Forwarding: "bob@example.com"}, true)
	r.mail.AddRoute(account.Route{Address: "ann@example.com", Forwarding: "team@example.com"}, true)
	r.mail.AddAlias("bobs@example.com", "ann@example.com")
	if c.besides.Address != "" {
		r.mail.AddRoute(c.besides, true)
	}
	if c.offBefore {
		s.ann.Disabled = true
		there()
		r.once()
	}
	r.now = r.now.Add(time.Hour)
	c.change(s)
	there()
	if c.there != nil {
		r.people.objects = c.there(s)
	}
	faulty := &cutting{ledger: r.ledger, backend: r.mail, method: method, when: when, nth: nth, err: errors.New("cut off")}
	r.config.Backend, r.config.Links, r.config.Journal = faulty, faulty, faulty
	got := r.once()
	r.config.Backend, r.config.Links, r.config.Journal = r.mail, r.ledger, r.ledger
	if faulty.seen >= nth && nth > 0 {
		assert.Equal(t, run.Failed, got.Outcome)
		got = r.once()
	}
	because := fmt.Sprint(method, " ", when, " ", nth)
	assert.Equal(t, run.Succeeded, got.Outcome, "%s: %v", because, got.Error)
	if c.deletes {
		assert.NotContains(t, r.ledger.links, account.SourceID("a"), because)
	} else {
		off := s.ann.Disabled || c.there != nil
		assert.Equal(t, off, r.ledger.links["a"].Disabled, because)
		if off {
			assert.Empty(t, r.account(r.ledger.links["a"].Address).Routes, "mail to her would bounce: %s", because)
		}
		s.ann.Disabled = false
		there()
		got = r.once()
		assert.Equal(t, run.Succeeded, got.Outcome, "%s: %v", because, got.Error)
		assert.False(t, r.ledger.links["a"].Disabled, because)
		assert.Empty(t, r.ledger.links["a"].Suspended, because)
	}
	assert.ElementsMatch(t, c.routes, r.account(c.routes[0].Address).Routes, because)
	return nth > 0 && faulty.seen >= nth
}
