package plan

import (
	"strconv"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// newcomer decides on an object that no account is linked to, unless a linked account has its address and may yet
// leave it.
func (b *Builder) newcomer(o *account.Object, address string) (account.Change, bool) {
	if who, taken := b.owner(address); taken && who.resource == b.policy.Resource && b.links[who.source] != nil {
		b.queue = append(b.queue, *o)
		return account.Change{}, false
	}
	return b.decide(o, address)
}

// decide is newcomer when nobody leaves any more.
func (b *Builder) decide(o *account.Object, address string) (account.Change, bool) {
	if who, taken := b.owner(address); taken {
		return b.refuse(o, address, account.ActionConflict, b.takenBy(who)), true
	}
	r, exists := b.local[address]
	switch {
	case !exists:
		return b.create(o, address)
	case r.kind == account.Alias:
		return b.refuse(o, address, account.ActionConflict, account.Say("reason_address_is_alias")), true
	case r.kind != account.Mailbox:
		return b.refuse(o, address, account.ActionConflict, account.Say("reason_address_is_reserved")), true
	case r.role != account.NoRole:
		return b.refuse(o, address, account.ActionIgnored, account.Say("reason_administrator")), true
	case !b.policy.LinkExisting:
		return b.refuse(o, address, account.ActionIgnored, account.Say("reason_left_alone")), true
	}
	link := b.linkOf(o, address, account.Linked)
	c, _ := b.compare(o, &link, &r, address)
	c.Action = account.ActionLinked
	c.Link = &link
	b.owners[address] = owner{b.policy.Resource, o.ID, o.DN}
	return c, true
}

// create plans a new mailbox. Where the domain's limits can refuse one, it waits until all are known.
func (b *Builder) create(o *account.Object, address string) (account.Change, bool) {
	c := b.creation(o, address)
	if b.policy.limited() {
		b.waiting = append(b.waiting, c)
		return c, false
	}
	return c, true
}

// creation is the change that makes the object's mailbox (rule R5). Its mail directory is chosen when it is made.
func (b *Builder) creation(o *account.Object, address string) account.Change {
	link := b.linkOf(o, address, account.Created)
	wanted := b.wanted(o, address)
	b.keep(&link, &wanted)
	if b.policy.FollowStatus && o.Disabled {
		link.Disabled = true
	}
	b.owners[address] = owner{b.policy.Resource, o.ID, o.DN}
	return account.Change{
		Action: account.ActionCreated, Kind: account.Mailbox, Source: o.ID, DN: o.DN, Address: address,
		Profile: wanted, Set: b.policy.Mapped & b.policy.Stored, Active: !link.Disabled, Link: &link,
	}
}

// withinLimits counts a creation against the domain's limits, or turns it into a refusal (rule R6).
func (b *Builder) withinLimits(c account.Change) account.Change {
	d := &b.policy.Domain
	var why account.Message
	switch {
	case d.MailboxLimit < 0:
		why = account.Say("reason_no_mailboxes_allowed", "Domain", d.Name)
	case d.MailboxLimit > 0 && b.mailboxes >= d.MailboxLimit:
		why = account.Say("reason_mailbox_limit", "Domain", d.Name, "Limit", strconv.Itoa(d.MailboxLimit))
	case !b.policy.quotaFits(b.quota) && d.Quota == 0:
		why = account.Say("reason_quota_unbounded", "Domain", d.Name)
	case !b.policy.quotaFits(b.quota):
		why = account.Say("reason_quota_limit", "Domain", d.Name,
			"Quota", strconv.FormatInt(d.Quota, 10), "Limit", strconv.FormatInt(d.QuotaLimit, 10))
	default:
		b.mailboxes++
		b.quota += d.Quota
		return c
	}
	delete(b.owners, c.Address)
	return account.Change{
		Action: account.ActionFailed, Kind: c.Kind, Source: c.Source, DN: c.DN, Address: c.Address, Reason: why,
		Unlink: b.stale[c.Source],
	}
}

func (b *Builder) linkOf(o *account.Object, address string, origin account.Origin) account.Link {
	return account.Link{
		Resource: b.policy.Resource, Source: o.ID, Address: address, Kind: account.Mailbox,
		Origin: origin, State: account.Confirmed, DN: o.DN,
	}
}

// takenBy says who has the address already (rule R2).
func (b *Builder) takenBy(o owner) account.Message {
	if o.resource != b.policy.Resource {
		return account.Say("reason_linked_by_other_resource", "DN", o.dn)
	}
	return account.Say("reason_address_taken", "DN", o.dn)
}
