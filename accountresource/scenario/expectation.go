package scenario

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
	"github.com/mailpanel/account-resource/backends"
)

// expectations are what can be said of the end.
var expectations = slices.Concat([]sentenceForm{
	expected("mailbox ADDRESS of OBJECT|nobody TEXT? on|off anew? from? OBJECT?", (*finding).mailbox),
	expected("alias ADDRESS of OBJECT|nobody TEXT? on|off :ADDRESS*", (*finding).alias),
	expected("list ADDRESS", func(f *finding, v values) error { _, err := f.account(v, account.Reserved); return err }),
	expected("nothing at ADDRESS", func(f *finding, v values) error {
		if _, exists := f.accounts[v.first(anAddr)]; exists {
			return fmt.Errorf("there is %s", f.describe(v.first(anAddr)))
		}
		return nil
	}),
	expected("nothing else", func(*finding, values) error { return nil }), // conclude looks for it
	expected("OBJECT has no account", func(f *finding, v values) error {
		if l, linked := f.linked[v.first(anObject)]; linked {
			return fmt.Errorf("it is linked to %s", l.Address)
		}
		return nil
	}),
	{form: newForm("deleted mailbox ADDRESS"), check: (*finding).deleted},
	expected("held none", (*finding).waits),
	expected("held OBJECT OBJECT*", (*finding).waits),
	expected("outcome succeeded|partial|failed", func(*finding, values) error { return nil }), // conclude compares it
}, logExpectations)

func expected(text string, check func(*finding, values) error) sentenceForm {
	return sentenceForm{form: newForm(text), check: func(f *finding, _ context.Context, v values) error { return check(f, v) }}
}

// account returns the account at the first address of a sentence, which has to be of the kind.
func (f *finding) account(v values, kind account.Kind) (account.Account, error) {
	address := v.first(anAddr)
	f.listed[address] = true
	a, exists := f.accounts[address]
	switch owner := v.first(anObject); {
	case !exists:
		return a, fmt.Errorf("nothing is at %s", address)
	case a.Kind != kind || f.owners[address] != owner, v.has(aText) && a.Profile[account.Name] != v.text(),
		kind != account.Reserved && a.Active != v.has("on"):
		return a, fmt.Errorf("there is %s", f.describe(address))
	}
	return a, nil
}

func (f *finding) mailbox(v values) error {
	a, err := f.account(v, account.Mailbox)
	if err != nil {
		return err
	}
	owner, p := v.first(anObject), f.play
	if v.has("from") { // who had the mail before
		owner = v.nth(anObject, len(v[anObject])-1)
	}
	home, before := p.homes[owner]
	switch {
	case v.has("anew") || owner == "":
		if p.used[a.Home] == v.has("anew") {
			return fmt.Errorf("the mail lies in %s, which was there before: %t", a.Home, p.used[a.Home])
		}
	case before && home != a.Home:
		return fmt.Errorf("the mail of %s was in %s and is in %s", owner, home, a.Home)
	case !before:
		for other, theirs := range p.homes {
			if theirs == a.Home {
				return fmt.Errorf("the mail lies in %s, which is that of %s", a.Home, other)
			}
		}
	}
	return nil
}

func (f *finding) alias(v values) error {
	a, err := f.account(v, account.Alias)
	if err != nil {
		return err
	}
	members, wanted := f.members(&a), slices.Sorted(slices.Values(v[anAddr][1:]))
	if !slices.Equal(members, wanted) {
		return fmt.Errorf("the members are %s", strings.Join(members, " "))
	}
	return nil
}

// members returns where an alias leads, or would if it were on.
func (f *finding) members(a *account.Account) []string {
	members := a.Members
	if !a.Active {
		members = slices.Concat(members, a.Idle)
	}
	return slices.Sorted(slices.Values(members))
}

func (f *finding) waits(v values) error {
	if wanted := slices.Sorted(slices.Values(v[anObject])); !slices.Equal(wanted, f.held) {
		return fmt.Errorf("what is held is %v", f.held)
	}
	return nil
}

// deleted looks for the mailbox that stood at the address among those whose mail is kept.
func (f *finding) deleted(ctx context.Context, v values) error {
	address := v.first(anAddr)
	home := f.play.stood[address]
	if home == "" {
		return fmt.Errorf("no mailbox stood at %s before the steps", address)
	}
	for a, err := range f.play.world.Mail().Accounts(ctx, Domain, backends.Query{Homes: []string{home}}) {
		switch {
		case err != nil:
			return fmt.Errorf("read the deleted mailboxes: %w", err)
		case a.Kind == account.Reserved && a.Address == address:
			return nil
		}
	}
	return fmt.Errorf("%s is not among the deleted mailboxes", home)
}

// describe returns what is at an address, in the words of a scenario.
func (f *finding) describe(address string) string {
	a := f.accounts[address]
	if a.Kind == account.Reserved {
		return "list " + address
	}
	owner, state := f.owners[address], "off"
	if owner == "" {
		owner = "nobody"
	}
	if a.Active {
		state = "on"
	}
	line := fmt.Sprintf("%s %s of %s %q %s", a.Kind, address, owner, a.Profile[account.Name], state)
	if members := f.members(&a); len(members) > 0 {
		line += ": " + strings.Join(members, " ")
	}
	return line
}

// logExpectations are what can be said of the log of the last run.
var logExpectations = []sentenceForm{
	expected("log none", func(*finding, values) error { return nil }), // conclude looks for rows that nobody expects
	expected("log any", func(f *finding, _ values) error {
		for i := range f.matched {
			f.matched[i] = true
		}
		return nil
	}),
	expected("log perhaps? ACTION ADDRESS|OBJECT", (*finding).logs),
	expected("log ACTION or ACTION ADDRESS|OBJECT", (*finding).logs),
}

// logs looks for a row of the log that no other sentence has found.
func (f *finding) logs(v values) error {
	for i := range f.play.rows {
		if !f.matched[i] && fits(&f.play.rows[i], v) {
			f.matched[i] = true
			return nil
		}
	}
	if v.has("perhaps") {
		return nil
	}
	return fmt.Errorf("there is no such row, or not as often")
}

func fits(row *run.Entry, v values) bool {
	return slices.Contains(v[anAction], string(row.Action)) &&
		(v.has(anAddr) && row.Address == v.first(anAddr) || v.has(anObject) && string(row.Source) == v.first(anObject))
}
