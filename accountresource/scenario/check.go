package scenario

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// Check compares what is there with what the scenario expects, and returns an error that says all that differs.
func (p *Play) Check(ctx context.Context) error {
	f, err := p.find(ctx)
	if err != nil {
		return err
	}
	var problems []error
	wanted, alone := run.Succeeded, false
	for i := range p.scenario.Expect {
		s := &p.scenario.Expect[i]
		if err := s.form.check(f, ctx, s.values); err != nil {
			problems = append(problems, p.wrap(s, err))
		}
		switch {
		case s.words[0] == "outcome":
			wanted = run.Outcome(s.words[1])
		case s.String() == "nothing else":
			alone = true
		}
	}
	if p.outcome != wanted {
		problems = append(problems, fmt.Errorf("%s: the run %s", p.scenario.File, p.outcome))
	}
	problems = append(problems, f.conclude(alone)...)
	if len(problems) == 0 {
		return nil
	}
	return fmt.Errorf("%w\nthere is\n\t%s\nand in the log\n\t%s", errors.Join(problems...),
		strings.Join(f.describeAll(), "\n\t"), strings.Join(p.logged(), "\n\t"))
}

// conclude returns what is wrong beside what was expected: rows that nobody expects, a crowd that has changed, links that
// lead nowhere, mailboxes that share their mail, and other accounts where there shall be none.
func (f *finding) conclude(alone bool) (problems []error) {
	p := f.play
	say := func(format string, values ...any) {
		problems = append(problems, fmt.Errorf("%s: "+format, append([]any{p.scenario.File}, values...)...))
	}
	for i := range p.rows {
		if !f.matched[i] && !f.again(&p.rows[i]) {
			say("nobody expects the row %s %s (%s)", p.rows[i].Action, p.rows[i].Address, p.rows[i].Reason)
		}
	}
	for n := 1; n <= p.crowd; n++ {
		name := crowdName(n)
		address := name + "@" + Domain
		f.listed[address] = true
		if a := f.accounts[address]; f.owners[address] != name || !a.Active || p.homes[name] != "" && p.homes[name] != a.Home {
			say("of the crowd, %s is now %s", name, f.describe(address))
		}
	}
	for source, l := range f.linked {
		if p.failed(l.Source) {
			continue // what the mail store refused may have happened: the next run settles it
		}
		if a, exists := f.accounts[l.Address]; l.State != account.Confirmed || !exists || a.Kind != l.Kind {
			say("the link of %s is %s and leads to %s", source, l.State, l.Address)
		}
	}
	homes := make(map[string]string)
	for address, a := range f.accounts {
		if other := homes[a.Home]; a.Kind == account.Mailbox && other != "" {
			say("%s and %s have their mail in %s", address, other, a.Home)
		}
		homes[a.Home] = address
		if alone && !f.listed[address] {
			say("nobody expects %s", f.describe(address))
		}
	}
	return problems
}

// failed reports whether the last run says that a change of the object has failed.
func (p *Play) failed(id account.SourceID) bool {
	return slices.ContainsFunc(p.rows, func(e run.Entry) bool { return e.Source == id && e.Action == account.ActionFailed })
}

// again reports whether a row that says why nothing was done is there because a run was made again.
func (f *finding) again(row *run.Entry) bool {
	return f.play.runs > 1 && !row.Action.Writes() && slices.ContainsFunc(f.play.scenario.Expect, func(s Sentence) bool {
		return fits(row, s.values)
	})
}

func (f *finding) describeAll() (lines []string) {
	for _, address := range slices.Sorted(maps.Keys(f.accounts)) {
		if !strings.HasPrefix(address, "crowd-") {
			lines = append(lines, f.describe(address))
		}
	}
	return lines
}

// logged returns the log of the last run.
func (p *Play) logged() (lines []string) {
	for i := range p.rows {
		row := &p.rows[i]
		lines = append(lines, fmt.Sprintf("%s %s of %s (%s) %s", row.Action, row.Address, row.Source, row.Reason, row.Detail))
	}
	return lines
}

// homes returns where the mail of each linked object lies, and that of each address.
func (f *finding) homes() (ofObjects, ofAddresses map[string]string) {
	ofObjects, ofAddresses = make(map[string]string), make(map[string]string)
	for address, a := range f.accounts {
		if a.Kind != account.Mailbox {
			continue
		}
		ofAddresses[address] = a.Home
		if owner := f.owners[address]; owner != "" {
			ofObjects[owner] = a.Home
		}
	}
	return ofObjects, ofAddresses
}
