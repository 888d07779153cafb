package plan

import "github.com/mailpanel/account-resource/accountresource/account"

// newcomer decides on an object that no account is linked to. Where a linked account has its address, and may yet leave it, or was
// left to the object, the decision waits; so it does while renames wait for an admin, whose new addresses are not known yet.
func (p *Planner) newcomer(o *account.Object, address string) (account.Change, bool) {
	if who, is := p.linkedElsewhere(o.ID); is { // the other resource's listing has to lack it first
		return p.refuse(o, account.Mailbox, address, account.ActionConflict, p.takenBy(who)), true
	}
	if p.mayBecomeFree(address) || p.renamesWait || p.state.free.at[address] != "" && p.inherited(o) != nil {
		p.later.contested = append(p.later.contested, *o)
		return account.Change{}, false
	}
	c, ok := p.decide(o, address)
	if c.Action == account.ActionLinked { // all that are linked are known before the first is
		p.noteClearing(o, &c)
		p.later.guarded = append(p.later.guarded, c)
		if c.Link.OffWaits {
			h := p.addresses.At(address)
			off, _ := p.compare(o, address, c.Link, *c.Link, &h.record)
			p.later.guarded = append(p.later.guarded, off)
		}
		return account.Change{}, false
	}
	return c, ok
}

// mayBecomeFree reports whether an account that was linked as the run began has an address: it may be renamed or deleted.
func (p *Planner) mayBecomeFree(address string) bool {
	h := p.addresses.At(address)
	if !h.linked || h.owner.resource != p.policy.Resource {
		return false
	}
	l := p.state.link(h.owner.source)
	return l != nil && l.Address == address && p.addresses.claims[l.Source] == nil
}

// decide creates or links the account of an object, or returns why not.
func (p *Planner) decide(o *account.Object, address string) (account.Change, bool) {
	h := p.addresses.At(address)
	ignored := func(a account.Action, key string) (account.Change, bool) {
		return p.refuse(o, account.Mailbox, address, a, account.Say(key)), true
	}
	awaited := p.awaited(address, o.ID)
	switch {
	case h.linked:
		return p.refuse(o, account.Mailbox, address, account.ActionConflict, p.takenBy(h.owner)), true
	case awaited != nil:
		return p.refuse(o, account.Mailbox, address, account.ActionConflict, account.Say("reason_address_taken", "DN", awaited.DN)), true
	case o.NoStatus && p.policy.FollowStatus:
		return ignored(account.ActionIgnored, "reason_status_unreadable")
	case !h.exists:
		return p.create(o, address)
	case h.kind == account.Alias:
		return ignored(account.ActionConflict, "reason_address_is_alias")
	case h.kind != account.Mailbox:
		return ignored(account.ActionConflict, "reason_address_is_reserved")
	case h.role != account.NoRole:
		return ignored(account.ActionIgnored, "reason_administrator")
	case !p.policy.LinkExisting:
		return ignored(account.ActionIgnored, "reason_left_alone")
	}
	link := p.linkOf(o, account.Mailbox, address, account.Linked)
	c, _ := p.compare(o, address, nil, link, &h.record)
	c.Action = account.ActionLinked
	p.addresses.expect(c)
	return c, true
}

// create plans a new mailbox. Where the domain's limits may refuse one, it waits until all are known.
func (p *Planner) create(o *account.Object, address string) (account.Change, bool) {
	c := p.creation(o, address)
	if !p.limits.mayRefuse() {
		return c, true
	}
	p.addresses.expect(c) // the address is its own
	p.later.limited = append(p.later.limited, c)
	return account.Change{}, false
}

// creation returns the change that makes the object's mailbox (rule R5). Its mail directory is chosen when it is made.
func (p *Planner) creation(o *account.Object, address string) account.Change {
	link := p.linkOf(o, account.Mailbox, address, account.Created)
	wanted := p.wanted(o, address)
	p.keep(&link, &wanted)
	c := account.Change{
		Source: o.ID, DN: o.DN, Action: account.ActionCreated, Link: &link,
		Operation: account.Operation{
			Verb: account.Create, Kind: account.Mailbox, Address: address,
			Values: account.Values{Profile: wanted, Set: p.policy.Mapped & p.policy.Stored, Switch: account.On},
		},
	}
	if p.policy.FollowStatus && o.Disabled {
		link.Off, c.Switch = account.OffByStatus, account.Off
	}
	if p.stale[o.ID] && p.isOld(o) {
		c.Reason = account.Say("reason_drift")
	}
	return c
}

// withinLimits returns a creation, or its refusal where the domain has no room for it (rule R6).
func (p *Planner) withinLimits(c account.Change) account.Change {
	why := p.limits.takeMailbox()
	if why.IsZero() {
		return c
	}
	p.addresses.release(c.Link)
	p.addresses.set(c.Address, holder{})
	return account.Change{
		Source: c.Source, DN: c.DN, Action: account.ActionFailed, Reason: why,
		Operation: account.Operation{Kind: c.Kind, Address: c.Address},
	}
}

// linkOf returns the link that an object gets.
func (p *Planner) linkOf(o *account.Object, k account.Kind, address string, origin account.Origin) account.Link {
	l := account.Link{
		Resource: p.policy.Resource, Source: o.ID, Origin: origin, State: account.Confirmed,
		Local: account.Local{Kind: k, Address: address},
	}
	p.recognize(&l, o)
	return l
}
