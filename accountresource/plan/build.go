package plan

import (
	"iter"
	"slices"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// Plan is the list of changes, in the order in which they are to be made.
type Plan struct {
	Changes []account.Change
}

// Counts are the changes by action.
func (p *Plan) Counts() map[account.Action]int {
	counts := make(map[account.Action]int)
	for i := range p.Changes {
		if a := p.Changes[i].Action; a != "" {
			counts[a]++
		}
	}
	return counts
}

// Build plans in one go; a run that writes while it reads uses a Builder.
func Build(
	directory iter.Seq[account.Object], local iter.Seq[account.Account], links iter.Seq[account.Link], p Policy,
) Plan {
	b := NewBuilder(p)
	for l := range links {
		b.AddLink(l)
	}
	for a := range local {
		b.AddLocal(a)
	}
	var made Plan
	for o := range directory {
		if c, ok := b.Add(o); ok {
			made.Changes = append(made.Changes, c)
		}
	}
	first, together, rest := b.Finish()
	made.Changes = slices.Concat(made.Changes, first, together, rest)
	return made
}
