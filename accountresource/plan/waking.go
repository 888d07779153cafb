package plan

import (
	"slices"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// A route has two ends, and both may have been switched off: it comes back with the one that comes back last. Until then
// the link of the other remembers it. Who is off is only known when everybody is, so that accounts which are to be switched
// on wait for that, if anybody else's address is in what they had.

// wakes tells whether a change switches an account on with routes that concern others; it waits then.
func (b *Builder) wakes(c *account.Change) bool {
	if !c.Enable || !slices.ContainsFunc(c.Routes, func(r account.Route) bool {
		return r.Address != c.Address || r.Forwarding != c.Address
	}) {
		return false
	}
	b.waking = append(b.waking, *c)
	return true
}

// wake decides which routes come on with the accounts that were waiting, and gives the changes in their order: who has to
// remember a route comes before the one that forgets it.
func (b *Builder) wake() []account.Change {
	changes := append(b.handOver(b.waking), b.waking...)
	b.waking = nil
	return changes
}

// handOver takes out of changes, and of the renamings that are to be decided, the routes whose other end stays off. The
// result has those remember them.
func (b *Builder) handOver(changes []account.Change) []account.Change {
	h := handing{b: b, to: make(map[account.SourceID][]account.Route)}
	for i := range changes {
		h.take(&changes[i])
	}
	for i := range b.renames {
		h.take(&b.renames[i].change)
	}
	return b.remembering(h.to)
}

// handing is routes on their way to other links.
type handing struct {
	b      *Builder
	to     map[account.SourceID][]account.Route
	places map[string]account.SourceID // where claimed renamings are now
}

func (h *handing) take(c *account.Change) {
	if !c.Enable {
		return
	}
	var routes []account.Route
	for _, r := range c.Routes {
		id := h.otherEnd(c, r)
		if id == "" {
			routes = append(routes, r)
			continue
		}
		c.Waiting = append(c.Waiting, r)
		h.to[id] = append(h.to[id], r)
	}
	c.Routes = routes
}

// otherEnd is the object at the other end of a route, where its account is off when this run is over.
func (h *handing) otherEnd(c *account.Change, r account.Route) account.SourceID {
	for _, address := range []string{r.Address, r.Forwarding} {
		if id := h.at(address); id != c.Source && h.b.sleeps(id, address) {
			return id
		}
	}
	return ""
}

// at is whose account is at an address now, which is not where a claimed renaming is to lead.
func (h *handing) at(address string) account.SourceID {
	if h.places == nil {
		h.places = make(map[string]account.SourceID)
		for _, l := range h.b.claimed {
			if place := h.b.place(&l); place != "" && l.Resource == h.b.policy.Resource {
				h.places[place] = l.Source
			}
		}
	}
	if id, claimed := h.places[address]; claimed {
		return id
	}
	who := h.b.owners[address]
	l := h.b.links[who.source]
	if l == nil || who.resource != h.b.policy.Resource || h.b.claimed[l.Former()].Source == l.Source {
		return ""
	}
	return who.source
}

// sleeps tells whether the account of an object is one that was switched off here and stays so, or is switched off by
// this run.
func (b *Builder) sleeps(id account.SourceID, address string) bool {
	l := b.links[id]
	if l == nil || b.fading[id] {
		return l != nil
	}
	if off, decided := b.off[id]; decided {
		return off
	}
	if !l.Disabled || b.local[address].active { // a local admin was quicker
		return false
	}
	g := b.groups[id]
	if g == nil || !g.inScope {
		return true
	}
	_, refusal := b.addressOf(&g.Object)
	return !refusal.IsZero()
}

// remembering are the links of those who get routes to remember.
func (b *Builder) remembering(handed map[account.SourceID][]account.Route) []account.Change {
	var changes []account.Change
	for id, routes := range handed {
		if i := slices.IndexFunc(b.renames, func(r rename) bool { return r.change.Source == id }); i >= 0 {
			b.renames[i].next.Suspended = Union(b.renames[i].next.Suspended, routes)
			if l := *b.links[id]; l.State == account.Confirmed { // should the run not live to rename it
				l.Suspended = Union(b.suspended(&l), routes)
				changes = append(changes, account.Change{Kind: l.Kind, Source: id, DN: l.DN, Address: l.Address, Link: &l})
			}
			continue
		}
		l, changed := b.latest[id]
		if changed && l == nil {
			continue // its link goes, and what leads there with it
		}
		if !changed {
			as := *b.links[id]
			as.Suspended = b.suspended(&as)
			l = &as
		}
		next := *l
		if next.Suspended = Union(next.Suspended, routes); len(next.Suspended) == len(l.Suspended) {
			continue
		}
		b.latest[id] = &next
		link := next
		changes = append(changes, account.Change{Kind: next.Kind, Source: id, DN: next.DN, Address: next.Address, Link: &link})
	}
	return changes
}

// Union are the routes of both, each once.
func Union(a, b []account.Route) []account.Route {
	all := slices.Clone(a)
	for _, r := range b {
		if !slices.Contains(all, r) {
			all = append(all, r)
		}
	}
	return all
}
