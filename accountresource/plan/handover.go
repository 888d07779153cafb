package plan

import (
	"time"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// HandoverTime is how long the account of an object that moved into the scope of another resource waits for that one to take it over
// (rule R16). After that it is removed like that of any object that left.
const HandoverTime = 24 * time.Hour

// Moving notes an object that is out of scope and is in that of another resource of the domain.
func (r *Removals) Moving(o account.Object) { r.moving[o.ID] = o.DN }

// handOver returns the change that leaves the account of an object to another resource, which takes it back by the source ID. One that has
// been switched off, as nobody came for it in time, is not logged once more.
func (r *Removals) handOver(l *account.Link, dn string) account.Change {
	next := r.addresses.next(l)
	next.Released, next.Parted, next.DN = true, true, dn
	c := account.Change{
		Source: l.Source, DN: dn, Before: l, Link: &next, Operation: account.Operation{Kind: l.Kind, Address: l.Address},
	}
	if l.Off != account.OffByRemoval {
		c.Action, c.Reason = account.ActionIgnored, account.Say("reason_moves", "DN", dn)
	}
	return c
}

// awaited returns the link of an object that an address is kept for, since it moves from one resource to another; nil where it is not,
// or for that object.
func (p *Planner) awaited(address string, id account.SourceID) *account.Link {
	source, isFree := p.state.free.at[address]
	l, is := p.state.free.of[source]
	if !isFree || !is || source == id || !l.IsHandedOver() || p.policy.Now.Sub(l.Left) >= HandoverTime {
		return nil
	}
	return &l
}

// linkedElsewhere returns the owner of an account that another resource of the domain has linked to the same object.
func (p *Planner) linkedElsewhere(id account.SourceID) (who owner, is bool) {
	at, is := p.state.abroad[id]
	return p.state.others[at], is
}
