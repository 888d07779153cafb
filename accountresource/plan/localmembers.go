package plan

import (
	"slices"
	"strings"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// wasHere returns the link of a group's alias where that was here before it was linked: what becomes of it, or as it is.
func (p *Planner) wasHere(g *group, c *account.Change) *account.Link {
	l := c.Link
	if l == nil {
		l = p.addresses.aliasLink(g.ID)
	}
	if l == nil || l.Origin != account.Linked {
		return nil
	}
	return l
}

// localMembers returns a function that reports whether a member of a group's alias is none that the directory brought: an alias that
// was here before keeps those (rule R4).
func (r *resolution) localMembers(g *group, c *account.Change) func(address string) bool {
	p := r.p
	l := p.wasHere(g, c)
	if l == nil {
		return func(string) bool { return false }
	}
	brought := make(map[string]bool, len(l.Members))
	for _, m := range l.Members {
		brought[p.addresses.Now(m.Address)] = true
		if address := p.addresses.Of(m.Source); address != "" { // it may have been renamed in an earlier run
			brought[address] = true
		}
	}
	return func(address string) bool { return !brought[address] }
}

// keepMembers notes with the link which members the directory brought to an alias that was here before.
func (r *resolution) keepMembers(g *group, c *account.Change) {
	l := r.p.wasHere(g, c)
	if l == nil || r.partial {
		return
	}
	members := make([]account.LinkMember, 0, len(r.found))
	for address, id := range r.found {
		members = append(members, account.LinkMember{Source: id, Address: address})
	}
	slices.SortFunc(members, func(x, y account.LinkMember) int {
		return strings.Compare(string(x.Source)+x.Address, string(y.Source)+y.Address)
	})
	if slices.Equal(members, l.Members) {
		return
	}
	if c.Link == nil {
		next := r.p.addresses.next(l)
		c.Before, c.Link = l, &next
	}
	c.Link.Members = members
}
