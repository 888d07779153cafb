package plan

import (
	"slices"
	"strconv"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// Clearings returns the fields that changes behind the first phase would clear.
func (p *Planner) Clearings() (fields account.Fields) {
	for i := range p.later.guarded {
		fields |= cleared(&p.later.guarded[i])
	}
	for i := range p.later.renames {
		fields |= cleared(&p.later.renames[i].change)
	}
	for i := range p.later.contested {
		o := &p.later.contested[i]
		if l := p.inherited(o); l != nil {
			fields |= l.Shown & p.policy.Mapped & absent(o)
		}
	}
	return fields
}

// Unreadable notes mapped fields that the directory shows of no object any more: the bind account may not read them, so that no
// account loses its value (rule R22). It is called before the phases are planned.
func (p *Planner) Unreadable(fields account.Fields) { p.unreadable = fields }

// cleared returns the fields that a change clears, or gives another value since the directory has none any more.
func cleared(c *account.Change) account.Fields { return c.Lost }

// noteClearing keeps an object whose change clears a field: the change may have to be decided once more.
func (p *Planner) noteClearing(o *account.Object, c *account.Change) {
	if cleared(c) != 0 {
		p.later.clearing = append(p.later.clearing, *o)
	}
}

// withhold has an account keep the values of fields that cannot be read, or that the directory has never shown of its object: those in
// the mail store, and those kept with the link (rules R4, R7, R22). The name of an account that was made here follows what it fell
// back to.
func (p *Planner) withhold(o *account.Object, link *account.Link, shown account.Fields, wanted, have *account.Profile) {
	for _, f := range account.AllFields() {
		kept := link.ExtraProfile[f]
		if p.policy.Stored.Has(f) {
			kept = have[f]
		}
		fellBack := f == account.Name && link.Origin == account.Created && wanted[f] != ""
		switch {
		case o.Profile[f] != "":
		case p.unreadable.Has(f), !shown.Has(f) && kept != "" && !fellBack:
			wanted[f] = kept
		}
	}
}

// withheld decides once more on the changes that would clear what cannot be read, and returns a row in the log for each of those
// fields.
func (p *Planner) withheld() (rows []account.Change) {
	if p.unreadable == 0 {
		return nil
	}
	affected := make(map[account.Field]int)
	first := make(map[account.Field]account.Change)
	again := func(c *account.Change, o *account.Object, link *account.Link) account.Change {
		for _, f := range account.AllFields() {
			if cleared(c).Has(f) && p.unreadable.Has(f) {
				if affected[f]++; affected[f] == 1 {
					first[f] = *c
				}
			}
		}
		next := p.addresses.next(link)
		h := p.addresses.At(link.Address)
		before := link
		if c.Action == account.ActionLinked {
			before = nil
		}
		changed, _ := p.compare(o, p.followed(o, link), before, next, &h.record)
		if before == nil {
			changed.Action = account.ActionLinked
		}
		return changed
	}
	objects := make(map[account.SourceID]*account.Object, len(p.later.clearing))
	for i := range p.later.clearing {
		objects[p.later.clearing[i].ID] = &p.later.clearing[i]
	}
	for i := range p.later.guarded {
		c := &p.later.guarded[i]
		if o := objects[c.Source]; o != nil && cleared(c)&p.unreadable != 0 {
			link := c.Before
			if link == nil {
				link = c.Link
			}
			p.later.guarded[i] = again(c, o, link)
		}
	}
	p.later.guarded = slices.DeleteFunc(p.later.guarded, func(c account.Change) bool { return c.Link == nil && c.Action == "" })
	for i := range p.later.renames {
		r := &p.later.renames[i]
		if o := objects[r.change.Source]; o != nil && cleared(&r.change)&p.unreadable != 0 {
			r.change = again(&r.change, o, r.link)
		}
	}
	for _, f := range account.AllFields() {
		if c, withheld := first[f]; withheld {
			rows = append(rows, account.Change{
				Source: c.Source, DN: c.DN, Action: account.ActionIgnored,
				Reason:    account.Say("reason_attribute_unreadable", "Attribute", p.policy.Attribute(f), "Count", strconv.Itoa(affected[f])),
				Operation: account.Operation{Kind: c.Kind, Address: c.Address},
			})
		}
	}
	return rows
}
