package plan

import (
	"slices"
	"strconv"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// followed returns the address that an object's account is to have: that of the object, or where that cannot be used the one it
// has. The address is a problem of its own, and no reason to leave an account as it is (rule R25).
func (p *Planner) followed(o *account.Object, link *account.Link) string {
	if address, refusal := p.policy.addressOf(o); refusal.IsZero() {
		return address
	}
	return link.Address
}

// keepsAddress reports whether a linked object's new address cannot be used, so that its account keeps the one that it has; why is
// noted for the log.
func (p *Planner) keepsAddress(o *account.Object, link *account.Link, why account.Message) bool {
	if why.IsZero() || link == nil || p.stale[o.ID] || !p.addresses.At(link.Address).exists {
		return false
	}
	if !p.isReplicated(o) {
		p.later.problems = append(p.later.problems, p.refuse(o, link.Kind, link.Address, account.ActionIgnored, why))
	}
	return true
}

// isReplicated reports whether an object has not changed since everything was replicated with these settings.
func (p *Planner) isReplicated(o *account.Object) bool {
	return p.policy.Since != 0 && o.USN != 0 && o.USN <= p.policy.Since
}

// mostProblems is up to how many unusable addresses have a row each: where they are more, they have one cause.
const mostProblems = 20

// addressProblems returns the rows of addresses that cannot be used, or one for all.
func (p *Planner) addressProblems() []account.Change {
	rows := p.later.problems
	p.later.problems = nil
	if len(rows) <= mostProblems {
		return rows
	}
	domains := make([]string, 0, len(rows))
	for i := range rows {
		if domain := account.DomainOf(rows[i].Reason.Args["Address"]); domain != "" {
			domains = append(domains, domain)
		}
	}
	slices.Sort(domains)
	c := rows[0]
	c.Reason = account.Say("reason_many_unusable", "Count", strconv.Itoa(len(rows)), "Domains", account.Abbreviate(slices.Compact(domains)))
	if len(domains) == 0 {
		c.Reason.Args["Domains"] = "–"
	}
	return []account.Change{c}
}
