package scenario

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// actions are what can happen.
var actions = slices.Concat([]sentenceForm{
	inDirectory("user NEW ADDRESS* TEXT? disabled?", func(d *Directory, v values) { d.add(v.newObject(account.User)) }),
	inDirectory("group NEW ADDRESS* TEXT? :OBJECT*", func(d *Directory, v values) { d.add(v.newObject(account.Group)) }),
	inDirectory("contact NEW ADDRESS* TEXT?", func(d *Directory, v values) { d.add(v.newObject(account.Contact)) }),
	action("crowd NUMBER", (*Play).addCrowd),

	inDirectory("OBJECT leaves", func(d *Directory, v values) { d.remove(v.object(0)) }),
	inDirectory("OBJECT returns", func(d *Directory, v values) { d.move(v.object(0), inScope) }),
	inDirectory("OBJECT moves away", func(d *Directory, v values) { d.move(v.object(0), outside) }),
	inDirectory("directory passes over OBJECT", func(d *Directory, v values) { d.entry(v.object(0)).place = passedOver }),
	inDirectory("directory lists everything|part", func(d *Directory, v values) { d.partial = v.has("part") }),

	inDirectory("OBJECT becomes ADDRESS ADDRESS*", func(d *Directory, v values) { d.readdress(v.object(0), v[anAddr]) }),
	inDirectory("OBJECT has no address", func(d *Directory, v values) { d.readdress(v.object(0), nil) }),
	inDirectory("OBJECT and OBJECT swap", func(d *Directory, v values) {
		one, other := d.entry(v.object(0)).Mail, d.entry(v.object(1)).Mail
		d.readdress(v.object(0), other)
		d.readdress(v.object(1), one)
	}),
	inDirectory("OBJECT is disabled|enabled", func(d *Directory, v values) {
		d.change(v.object(0), func(o *account.Object) { o.Disabled = v.has("disabled") })
	}),
	inDirectory("OBJECT shows a|no status", func(d *Directory, v values) {
		d.change(v.object(0), func(o *account.Object) { o.NoStatus = v.has("no") })
	}),
	inDirectory("OBJECT is named TEXT", func(d *Directory, v values) {
		d.change(v.object(0), func(o *account.Object) { o.Profile[account.Name] = unquote(v.first(aText)) })
	}),
	action("OBJECT joins OBJECT", func(p *Play, _ context.Context, v values) error { return p.changeMembers(v, true) }),
	action("OBJECT leaves group OBJECT", func(p *Play, _ context.Context, v values) error { return p.changeMembers(v, false) }),

	action("run full|incremental?", (*Play).run),
	action("NUMBER days pass", func(p *Play, _ context.Context, v values) error {
		p.world.Pass(time.Duration(v.number()) * 24 * time.Hour)
		return nil
	}),
}, handActions)

func action(text string, do func(*Play, context.Context, values) error) sentenceForm {
	return sentenceForm{form: newForm(text), do: do}
}

// inDirectory is an action that changes the directory and cannot fail.
func inDirectory(text string, change func(*Directory, values)) sentenceForm {
	return action(text, func(p *Play, _ context.Context, v values) error {
		change(p.world.Directory(), v)
		return nil
	})
}

// object returns the n-th object of a sentence. Its name is its identity.
func (v values) object(n int) account.SourceID { return account.SourceID(v.nth(anObject, n)) }

// text returns the quoted text of a sentence, or nothing.
func (v values) text() string { return unquote(v.first(aText)) }

// newObject returns the object that the sentence introduces; without a display name it has that of its identity.
func (v values) newObject(kind account.ObjectKind) account.Object {
	name := v.first(aNew)
	o := account.Object{
		ID: account.SourceID(name), Kind: kind, DN: "CN=" + name, Mail: v[anAddr], Disabled: v.has("disabled"),
	}
	if kind == account.User {
		o.External = o.Mail
	}
	if v.has(aText) {
		name = v.text()
	}
	o.Profile[account.Name] = name
	for n := range v[anObject] {
		o.Members = append(o.Members, v.object(n))
	}
	return o
}

// addCrowd adds users who are as they are until the end.
func (p *Play) addCrowd(_ context.Context, v values) error {
	for range v.number() {
		p.crowd++
		name := crowdName(p.crowd)
		p.world.Directory().add(account.Object{
			ID: account.SourceID(name), Kind: account.User, DN: "CN=" + name, Mail: []string{name + "@" + Domain},
			Profile: account.Profile{account.Name: name},
		})
	}
	return nil
}

func crowdName(n int) string { return fmt.Sprintf("crowd-%03d", n) }

// changeMembers has the first object be a member of the second, or not any more.
func (p *Play) changeMembers(v values, joins bool) error {
	member, id := v.object(0), v.object(1)
	g := p.world.Directory().entry(id)
	if g.Kind != account.Group || slices.Contains(g.Members, member) == joins {
		return fmt.Errorf("%s is no group that %s can join or leave", id, member)
	}
	p.world.Directory().change(id, func(o *account.Object) {
		o.Members = slices.DeleteFunc(slices.Clone(o.Members), func(m account.SourceID) bool { return m == member })
		if joins {
			o.Members = append(o.Members, member)
		}
	})
	return nil
}

// run replicates in the middle of a scenario.
func (p *Play) run(ctx context.Context, v values) error {
	got, _, err := p.replicate(ctx, v)
	if err == nil && got.Outcome != run.Succeeded && got.Outcome != run.Partial {
		err = fmt.Errorf("the run %s: %s", got.Outcome, got.Error)
	}
	return err
}
