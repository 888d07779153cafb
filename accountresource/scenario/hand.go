package scenario

import (
	"context"
	"fmt"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
	"github.com/mailpanel/account-resource/backends"
)

// handActions are what somebody does by hand in the mail store or on the resource's page.
var handActions = []sentenceForm{
	action("local mailbox ADDRESS TEXT? off?", (*Play).makeMailbox),
	action("local alias ADDRESS TEXT? :ADDRESS*", (*Play).makeAlias),
	action("local admin ADDRESS TEXT?", func(p *Play, ctx context.Context, v values) error {
		if err := p.makeMailbox(ctx, v); err != nil {
			return err
		}
		return p.world.Promote(v.first(anAddr))
	}),
	action("local list ADDRESS", func(p *Play, _ context.Context, v values) error { return p.world.Reserve(v.first(anAddr)) }),
	byHand("admin deletes ADDRESS", deletion),
	action("admin re-makes ADDRESS TEXT? off?", func(p *Play, ctx context.Context, v values) error {
		if err := p.changeByHand(ctx, v.first(anAddr), v, deletion); err != nil {
			return err
		}
		return p.makeMailbox(ctx, v)
	}),
	action("admin re-makes ADDRESS TEXT? as alias :ADDRESS*", func(p *Play, ctx context.Context, v values) error {
		if err := p.changeByHand(ctx, v.first(anAddr), v, deletion); err != nil {
			return err
		}
		return p.makeAlias(ctx, v)
	}),
	byHand("admin switches off|on ADDRESS", func(o *account.Operation, v values) {
		o.Verb, o.Switch = account.Update, account.Off
		if v.has("on") {
			o.Switch = account.On
		}
	}),
	byHand("admin names ADDRESS TEXT", func(o *account.Operation, v values) {
		o.Verb, o.Set, o.Profile[account.Name] = account.Update, account.FieldSet(account.Name), v.text()
	}),
	byHand("admin adds ADDRESS to ADDRESS", func(o *account.Operation, v values) {
		o.Verb, o.Join = account.Update, v[anAddr][:1]
	}),
	byHand("admin removes ADDRESS from ADDRESS", func(o *account.Operation, v values) {
		o.Verb, o.Leave = account.Update, v[anAddr][:1]
	}),
	action("store refuses|accepts ADDRESS", func(p *Play, _ context.Context, v values) error {
		p.world.Refuse(v.first(anAddr), v.has("refuses"))
		return nil
	}),
	action("domain allows NUMBER mailboxes|aliases", func(p *Play, _ context.Context, v values) error {
		kind := account.Mailbox
		if v.has("aliases") {
			kind = account.Alias
		}
		return p.world.Limit(kind, v.number())
	}),
	action("admin confirms|dismisses|puts-away|retires OBJECT*", (*Play).decide),
}

func (p *Play) decide(ctx context.Context, v values) error {
	decision := run.Dismissed
	if v.has("confirms") {
		decision = run.Confirmed
	}
	switch {
	case v.has("puts-away"):
		decision = run.PutAway
	case v.has("retires"):
		decision = run.Retired
	}
	for n := range v[anObject] {
		if err := p.world.Decide(ctx, v.object(n), decision); err != nil {
			return fmt.Errorf("decide on %s: %w", v.object(n), err)
		}
	}
	return nil
}

// byHand is an action that changes the account at the last address of the sentence.
func byHand(text string, change func(*account.Operation, values)) sentenceForm {
	return action(text, func(p *Play, ctx context.Context, v values) error {
		return p.changeByHand(ctx, v.nth(anAddr, len(v[anAddr])-1), v, change)
	})
}

// deletion is a change that deletes the account.
func deletion(o *account.Operation, _ values) { o.Verb = account.Delete }

func (p *Play) changeByHand(ctx context.Context, address string, v values, change func(*account.Operation, values)) error {
	for a, err := range p.world.Mail().Accounts(ctx, Domain, backends.Query{Addresses: []string{address}}) {
		if err != nil {
			return fmt.Errorf("read %s: %w", address, err)
		}
		return p.apply(ctx, address, a.Kind, func(o *account.Operation) {
			o.Home = a.Home
			change(o, v)
		})
	}
	return fmt.Errorf("there is nothing at %s", address)
}

func (p *Play) makeMailbox(ctx context.Context, v values) error {
	p.made++
	return p.apply(ctx, v.first(anAddr), account.Mailbox, func(o *account.Operation) {
		o.Verb, o.Switch = account.Create, account.On
		if v.has("off") {
			o.Switch = account.Off
		}
		o.Home = fmt.Sprintf("/var/vmail/vmail1/%s/hand/made-%d/", Domain, p.made)
		o.Set, o.Profile[account.Name] = account.FieldSet(account.Name), v.text()
	})
}

func (p *Play) makeAlias(ctx context.Context, v values) error {
	return p.apply(ctx, v.first(anAddr), account.Alias, func(o *account.Operation) {
		o.Verb, o.Switch, o.Policy, o.Join = account.Create, account.On, "public", v[anAddr][1:]
		o.Set, o.Profile[account.Name] = account.FieldSet(account.Name), v.text()
	})
}

// apply has the mail store make one change as its own panel would.
func (p *Play) apply(ctx context.Context, address string, kind account.Kind, change func(*account.Operation)) error {
	o := account.Operation{Address: address, Kind: kind}
	change(&o)
	domain, err := p.world.Mail().Domain(ctx, Domain)
	if err != nil {
		return fmt.Errorf("read the domain: %w", err)
	}
	results, err := p.world.Mail().Apply(ctx, domain, []account.Operation{o})
	if err == nil {
		err = results[0]
	}
	if err != nil {
		return fmt.Errorf("change %s by hand: %w", address, err)
	}
	return nil
}
