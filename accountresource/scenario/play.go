package scenario

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
	"github.com/mailpanel/account-resource/backends"
)

// Play is a scenario that is played in a world.
type Play struct {
	scenario *Scenario
	world    World

	crowd int // how many users the crowd has
	made  int // how many mailboxes were made by hand

	// What was there when the steps began: the mail directory of each linked mailbox, and of each address.
	homes, stood map[string]string
	// used are the mail directories that there were before the last run.
	used map[string]bool

	runs    int         // how often the last run was made
	outcome run.Outcome // of the last time
	rows    []run.Entry // of all times
}

// New begins to play a scenario in a world in which nothing has happened. It plays all of it but the last run.
func New(ctx context.Context, s *Scenario, w World) (*Play, error) {
	p := &Play{scenario: s, world: w, used: make(map[string]bool)}
	if err := p.all(ctx, s.Settings, s.Before); err != nil {
		return nil, err
	}
	f, err := p.find(ctx)
	if err != nil {
		return nil, err
	}
	p.homes, p.stood = f.homes()
	p.remember(f)
	if err := p.all(ctx, s.Steps[:len(s.Steps)-1]); err != nil {
		return nil, err
	}
	if f, err = p.find(ctx); err != nil {
		return nil, err
	}
	p.remember(f)
	return p, nil
}

// all plays lists of sentences.
func (p *Play) all(ctx context.Context, lists ...[]Sentence) error {
	for _, list := range lists {
		for i := range list {
			if err := list[i].form.do(p, ctx, list[i].values); err != nil {
				return p.wrap(&list[i], err)
			}
		}
	}
	return nil
}

// wrap says of an error where in the file it belongs.
func (p *Play) wrap(s *Sentence, err error) error {
	return fmt.Errorf("%s:%d: %s: %w", p.scenario.File, s.Line, s, err)
}

func (p *Play) remember(f *finding) {
	for _, a := range f.accounts {
		if a.Home != "" {
			p.used[a.Home] = true
		}
	}
}

// Run makes the last run of the steps. It may be called again where that was cut off.
func (p *Play) Run(ctx context.Context) error {
	last := &p.scenario.Steps[len(p.scenario.Steps)-1]
	v := last.values
	if p.runs > 0 && v.has(string(run.Incremental)) {
		v = nil // whatever it has to be after one that was cut off
	}
	got, rows, err := p.replicate(ctx, v)
	p.runs++
	p.outcome, p.rows = got.Outcome, append(p.rows, rows...)
	if err != nil {
		return p.wrap(last, err)
	}
	return nil
}

// Rest makes one more run, which reads everything, and returns an error where it finds anything to do.
func (p *Play) Rest(ctx context.Context) error {
	was, err := p.State(ctx)
	if err != nil {
		return err
	}
	_, rows, err := p.replicate(ctx, values{string(run.Full): {""}})
	if err != nil {
		return err
	}
	is, err := p.State(ctx)
	if err != nil {
		return err
	}
	for i := range rows {
		if rows[i].Action.Writes() {
			return fmt.Errorf("%s: a further run has %s %s", p.scenario.File, rows[i].Action, rows[i].Address)
		}
	}
	if !slices.Equal(was, is) {
		return fmt.Errorf("%s: a further run leads from\n\t%s\nto\n\t%s", p.scenario.File,
			strings.Join(was, "\n\t"), strings.Join(is, "\n\t"))
	}
	return nil
}

// replicate runs once, a minute after whatever happened before.
func (p *Play) replicate(ctx context.Context, v values) (run.Run, []run.Entry, error) {
	p.world.Pass(time.Minute)
	wanted := run.Incremental
	if v.has(string(run.Full)) {
		wanted = run.Full
	}
	got, rows, err := p.world.Replicate(ctx, wanted)
	if err != nil {
		return got, rows, fmt.Errorf("replicate: %w", err)
	}
	if v.has(string(run.Incremental)) && p.world.Directory().Counts && got.Mode != run.Incremental {
		return got, rows, fmt.Errorf("it was a %s run", got.Mode)
	}
	return got, rows, nil
}

// place returns the address of a linked account. One that a change was announced for is known by its mail.
func (f *finding) place(l *account.Link) string {
	for address, a := range f.accounts {
		if l.State != account.Confirmed && a.Kind == account.Mailbox && a.Home == l.Home {
			return address
		}
	}
	return l.Address
}

// State returns what is there, an account a line, in the words of a scenario.
func (p *Play) State(ctx context.Context) ([]string, error) {
	f, err := p.find(ctx)
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, address := range slices.Sorted(maps.Keys(f.accounts)) {
		lines = append(lines, f.describe(address))
	}
	return append(lines, "held "+strings.Join(f.held, " ")), nil
}

// finding is what is found in a world.
type finding struct {
	play     *Play
	accounts map[string]account.Account
	owners   map[string]string // the object that is linked to each address
	linked   map[string]account.Link
	held     []string
	listed   map[string]bool // the addresses that something was expected of
	matched  []bool          // rows of the log that a sentence has found
}

func (p *Play) find(ctx context.Context) (*finding, error) {
	f := &finding{
		play: p, accounts: make(map[string]account.Account), owners: make(map[string]string),
		linked: make(map[string]account.Link), listed: make(map[string]bool), matched: make([]bool, len(p.rows)),
	}
	for a, err := range p.world.Mail().Accounts(ctx, Domain, backends.Query{Members: true}) {
		if err != nil {
			return nil, fmt.Errorf("read the accounts: %w", err)
		}
		f.accounts[a.Address] = a
	}
	links, err := p.world.Links(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the links: %w", err)
	}
	for _, l := range links {
		if !l.Parted { // else what stands there is another account (rule R26)
			f.owners[f.place(&l)], f.linked[string(l.Source)] = string(l.Source), l
		}
	}
	held, err := p.world.Held(ctx)
	if err != nil {
		return nil, fmt.Errorf("read what is held: %w", err)
	}
	for _, id := range held {
		f.held = append(f.held, string(id))
	}
	slices.Sort(f.held)
	return f, nil
}
