package plan

import (
	"cmp"
	"strings"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// follow decides what brings a linked mailbox in step with its object.
func (p *Planner) follow(o *account.Object, address string, link *account.Link) (c account.Change, ok bool) {
	h := p.addresses.At(link.Address)
	switch {
	case !h.exists: // deleted here by hand, or with its domain: the object is still there, so the mailbox comes back
		p.forget(link)
		p.later.contested = append(p.later.contested, *o)
		return c, false
	case h.foreign || h.kind != link.Kind:
		c = p.part(o, link)
		if c.Link != nil {
			p.later.guarded = append(p.later.guarded, c)
			return account.Change{}, false
		}
		return c, true
	}
	c, ok = p.compare(o, address, link, p.addresses.next(link), &h.record)
	p.noteClearing(o, &c)
	switch {
	case address != link.Address:
		p.later.renames = append(p.later.renames, rename{change: c, link: link, from: link.Address, to: address})
		return c, false
	case ok && isGuarded(&c):
		p.later.guarded = append(p.later.guarded, c)
		return c, false
	}
	return c, ok
}

// part decides on an object at whose address another account stands than the link's: nothing is done to that (rule R26).
func (p *Planner) part(o *account.Object, link *account.Link) account.Change {
	c := p.refuse(o, link.Kind, link.Address, account.ActionConflict, account.Say("reason_parted"))
	if !link.Parted {
		next := *link
		next.Parted = true
		c.Before, c.Link = link, &next
	}
	return c
}

// isGuarded reports whether a change waits until all objects are known: it switches the account or clears a field.
func isGuarded(c *account.Change) bool {
	if c.Switch != "" {
		return true
	}
	return c.Lost != 0
}

// absent returns the fields of which an object has no value.
func absent(o *account.Object) (fields account.Fields) {
	for _, f := range account.AllFields() {
		if o.Profile[f] == "" {
			fields = fields.With(f)
		}
	}
	return fields
}

// compare returns the change that brings an account in step with an object of that address; ok is false where nothing
// differs. next is the link as it would be without it, link as it is, which is nil for a new one.
func (p *Planner) compare(o *account.Object, address string, link *account.Link, next account.Link, r *record) (c account.Change, ok bool) {
	shown := next.Shown
	if link == nil {
		shown = 0
	}
	p.recognize(&next, o)
	next.Parted, next.Released = false, false
	c = account.Change{
		Source: o.ID, DN: o.DN, Before: link,
		Operation: account.Operation{Verb: account.Update, Kind: account.Mailbox, Address: next.Address, Home: next.Home},
	}
	have, wanted := p.state.profileOf(r), p.wanted(o, address)
	p.withhold(o, &next, shown, &wanted, &have)
	c.Set, c.Profile = have.Differing(&wanted, p.policy.Mapped&p.policy.Stored), wanted
	c.Diff = differences(&have, &wanted, c.Set)
	extra := next.ExtraProfile.Differing(&wanted, p.policy.Mapped&^p.policy.Stored)
	c.Diff = append(c.Diff, differences(&next.ExtraProfile, &wanted, extra)...)
	c.Lost = (c.Set | extra) & absent(o)
	p.keep(&next, &wanted)
	if len(c.Diff) > 0 {
		c.Action = account.ActionUpdated
		if link != nil && p.isOld(o) {
			c.Reason = account.Say("reason_drift")
		}
	}
	switch {
	case p.policy.FollowStatus && !o.NoStatus:
		p.compareStatus(&c, o.Disabled, &next, r)
	case !p.policy.FollowStatus && next.Off == account.OffByRemoval: // it has come back (rule R16)
		p.compareStatus(&c, false, &next, r)
	}
	if link == nil || !same(link, &next) || c.Action != "" {
		c.Link, ok = &next, true
		takenBack(&c)
	}
	return c, ok
}

// same reports whether two links say the same.
func same(l, m *account.Link) bool {
	return l.Known == m.Known && l.Local == m.Local && l.Off == m.Off && l.Parted == m.Parted && l.Released == m.Released && l.OffWaits == m.OffWaits && l.Origin == m.Origin
}

// compareStatus applies rules R9 and R16: what the directory disables is disabled here, and only what this module
// disabled, for that or because the object had left, is enabled again.
func (p *Planner) compareStatus(c *account.Change, disabled bool, next *account.Link, r *record) {
	next.OffWaits = false
	switch {
	case disabled && r.active && c.Before == nil: // linking never switches an account off
		next.OffWaits = true
		return
	case disabled && r.active:
		c.Action, c.Switch, next.Off = account.ActionDisabled, account.Off, account.OffByStatus
	case next.Off == account.OffByRemoval && p.isUnusable(next): // it was retired
		return
	case !disabled && next.Off != "": // also where a local admin was quicker, who need not have switched on its forwardings
		c.Action, c.Switch, next.Off = account.ActionEnabled, account.On, ""
	default:
		return
	}
	c.Reason = account.Message{}
	c.Diff = append(c.Diff, account.Switched(c.Switch))
}

func differences(have, wanted *account.Profile, differing account.Fields) (diff []account.Difference) {
	for _, f := range account.AllFields() {
		if differing.Has(f) {
			diff = append(diff, account.Difference{What: f.String(), Old: have[f], New: wanted[f]})
		}
	}
	return diff
}

// wanted returns the object's mapped values in the store's form; fields that are not mapped are empty.
func (p *Planner) wanted(o *account.Object, address string) account.Profile {
	var profile account.Profile
	for _, f := range account.AllFields() {
		if p.policy.Mapped.Has(f) {
			profile[f] = o.Profile[f]
		}
	}
	if p.policy.Mapped.Has(account.Name) { // which falls back, as no account is to be without (rule R7)
		both := strings.TrimSpace(o.Profile[account.FirstName] + " " + o.Profile[account.LastName])
		profile[account.Name] = cmp.Or(profile[account.Name], o.CommonName, both)
	}
	return p.policy.Canonical(address, profile)
}

// keep leaves with the link what the mail store has no place for.
func (p *Planner) keep(link *account.Link, wanted *account.Profile) {
	for _, f := range account.AllFields() {
		if p.policy.Mapped.Has(f) && !p.policy.Stored.Has(f) {
			link.ExtraProfile[f] = wanted[f]
		}
	}
}

// recognize keeps with the link by what its object is recognized, and which fields it has ever shown (rules R1, R7).
func (p *Planner) recognize(link *account.Link, o *account.Object) {
	link.DN, link.Logon = o.DN, cmp.Or(o.Logon, link.Logon)
	for _, f := range account.AllFields() {
		if p.policy.Mapped.Has(f) && o.Profile[f] != "" {
			link.Shown = link.Shown.With(f)
		}
	}
	if p.policy.Mapped.Has(account.EmployeeID) {
		link.EmployeeID = cmp.Or(o.Profile[account.EmployeeID], link.EmployeeID)
	}
}

// isOld reports whether an object has not changed since everything was replicated: what differs was changed here.
func (p *Planner) isOld(o *account.Object) bool {
	return !p.policy.Incremental && p.isReplicated(o)
}
