package plan

import "github.com/mailpanel/account-resource/accountresource/account"

// Full returns all changes of a run in which each is made: those of the first phase, which are given, and those of all
// others.
func Full(p *Planner, first []account.Change) []account.Change {
	for _, phase := range p.Phases() {
		first = append(first, phase.Plan()...)
	}
	return first
}
