package run

import (
	"cmp"
	"maps"
	"slices"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// batchOutcome is what the mail store rejected of a batch. Planning assumes that every change succeeds, so later batches
// are adjusted by it.
type batchOutcome struct {
	// notRenamed maps the new address of each rename that failed to the old one; notCreated are addresses of accounts
	// that could not be created.
	notRenamed map[string]string
	notCreated map[string]bool
}

// outcomeOf returns the outcome of a batch that is written to the mail store.
func outcomeOf(batch []step) batchOutcome {
	v := batchOutcome{notRenamed: make(map[string]string), notCreated: make(map[string]bool)}
	for i := range batch {
		s := &batch[i]
		from, to, moves := s.Moves()
		switch {
		case s.err == nil:
		case s.Action == account.ActionCreated:
			v.notCreated[s.Address] = true
		case moves:
			v.notRenamed[to] = from
		}
	}
	return v
}

// record merges a batch's outcome into the state by which later batches are adjusted.
func (p *Replication) record(v batchOutcome) {
	maps.Copy(p.notRenamed, v.notRenamed)
	maps.Copy(p.notCreated, v.notCreated)
}

// adjust rewrites addresses in c whose rename failed, and drops members that could not be created: mail to them would
// bounce.
func (p *Replication) adjust(c *account.Change) {
	if len(p.notRenamed)+len(p.notCreated) == 0 {
		return
	}
	c.Moderate = p.existing(p.currentNames(c.Moderate))
	join, leave := p.existing(p.currentNames(c.Join)), p.currentNames(c.Leave)
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

// currentNames returns the addresses that the accounts have after failed renames.
func (p *Replication) currentNames(addresses []string) []string {
	still := slices.Clone(addresses)
	for i, a := range still {
		still[i] = cmp.Or(p.notRenamed[a], a)
	}
	return still
}

// existing returns the addresses without those of accounts that could not be created.
func (p *Replication) existing(addresses []string) []string {
	return slices.DeleteFunc(addresses, func(a string) bool { return p.notCreated[a] })
}
