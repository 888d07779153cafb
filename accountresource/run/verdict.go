package run

import (
	"cmp"
	"maps"
	"slices"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// verdict is what came of a batch, as far as it concerns others: the plan takes every change for made, and the mail store
// may have refused some.
type verdict struct {
	// stayed is what an account was to be called, and what it still is; missing are those that were to be made.
	stayed  map[string]string
	missing map[string]bool
}

// judge finds the verdict on a batch that is written.
func judge(batch []step) verdict {
	v := verdict{stayed: make(map[string]string), missing: make(map[string]bool)}
	for i := range batch {
		s := &batch[i]
		from, to, moves := s.Moves()
		switch {
		case s.err == nil:
		case s.Action == account.ActionCreated:
			v.missing[s.Address] = true
		case moves:
			v.stayed[to] = from
		}
	}
	return v
}

// learn has what comes after a batch know what came of that.
func (p *Replication) learn(v verdict) {
	maps.Copy(p.stayed, v.stayed)
	maps.Copy(p.missing, v.missing)
}

// speakOf has a change call others what they are still called. Who is not there becomes no member: mail to the alias would
// bounce.
func (p *Replication) speakOf(c *account.Change) {
	if len(p.stayed)+len(p.missing) == 0 {
		return
	}
	c.Moderate = p.there(p.called(c.Moderate))
	join, leave := p.there(p.called(c.Join)), p.called(c.Leave)
	if slices.Equal(join, c.Join) && slices.Equal(leave, c.Leave) {
		return
	}
	c.Join, c.Leave = join, leave
	c.Diff = slices.DeleteFunc(slices.Clone(c.Diff), func(d account.Difference) bool { return d.What == account.WhatMembers })
	if len(join)+len(leave) > 0 {
		c.Diff = append(c.Diff, account.Members(join, leave))
	}
	if c.Action == account.ActionUpdated && !c.TouchesAccount() {
		c.Action = "" // nothing is left of it
	}
}

// called are addresses as they came to be.
func (p *Replication) called(addresses []string) []string {
	still := slices.Clone(addresses)
	for i, a := range still {
		still[i] = cmp.Or(p.stayed[a], a)
	}
	return still
}

// there are the addresses without those of accounts that could not be made.
func (p *Replication) there(addresses []string) []string {
	return slices.DeleteFunc(addresses, func(a string) bool { return p.missing[a] })
}
