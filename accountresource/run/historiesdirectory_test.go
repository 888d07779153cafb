package run_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

func (w *worldModel) join(s *historyStep) string {
	o := w.object(s.who)
	address, ok := w.free(s.at)
	if o.times > 0 || !ok {
		return ""
	}
	w.enrol(o, address)
	return fmt.Sprintf("%s joins at %s in base %d", o.name, short(address), o.resource+1)
}

// enrol makes an object, or makes it again.
func (w *worldModel) enrol(o *directoryObject, address string) {
	o.times++
	o.id = account.SourceID(o.name)
	if o.times > 1 {
		for _, g := range w.objects {
			g.members = slices.DeleteFunc(g.members, func(m *directoryObject) bool { return m == o })
		}
		o.id += account.SourceID(fmt.Sprint(o.times))
	}
	o.present, o.off, o.address, o.moved, o.shown = true, false, address, false, strings.ToUpper(string(o.id))
	o.members = nil
	if o.group {
		for _, m := range w.objects {
			if m.present && m.resource == o.resource && !m.group {
				o.members = append(o.members, m)
			}
		}
	}
	w.changed(o)
}

func (w *worldModel) leave(s *historyStep) string {
	o := w.object(s.who)
	if !o.present {
		return ""
	}
	w.remove(o)
	return o.name + " leaves"
}

func (w *worldModel) remove(o *directoryObject) {
	w.usn++
	o.present = false
	kind := account.User
	if o.group {
		kind = account.Group
	}
	w.deleted = append(w.deleted, run.ChangedObject{ID: o.id, Kind: kind, Deleted: true})
}

func (w *worldModel) comeBack(s *historyStep) string {
	o := w.object(s.who)
	if o.present || o.times == 0 {
		return ""
	}
	address := o.address
	if len(w.holders(address)) > 0 {
		free, ok := w.free(s.at)
		if !ok {
			return ""
		}
		address = free
	}
	o.present, o.address = true, address
	w.deleted = slices.DeleteFunc(w.deleted, func(t run.ChangedObject) bool { return t.ID == o.id })
	w.changed(o)
	return fmt.Sprintf("%s comes back at %s", o.name, short(address))
}

// makeAgain has an object deleted, and another one made with its address.
func (w *worldModel) makeAgain(s *historyStep) string {
	o := w.object(s.who)
	if !o.present {
		return ""
	}
	w.remove(o)
	w.former[o.id] = o.address
	w.enrol(o, o.address)
	return fmt.Sprintf("%s is deleted and made again as %s", o.name, o.id)
}

func (w *worldModel) rename(s *historyStep) string {
	o := w.object(s.who)
	address, ok := w.free(s.at)
	if !o.present || !ok {
		return ""
	}
	o.address = address
	w.changed(o)
	return fmt.Sprintf("%s: renamed to %s", o.name, short(address))
}

// pair returns two objects of the directory.
func (w *worldModel) pair(s *historyStep) (o, p *directoryObject, ok bool) {
	o, p = w.object(s.who), w.object(s.other)
	return o, p, o != p && o.present && p.present
}

func (w *worldModel) swap(s *historyStep) string {
	o, p, ok := w.pair(s)
	if !ok {
		return ""
	}
	o.address, p.address = p.address, o.address
	w.changed(o, p)
	return fmt.Sprintf("%s and %s swap: now %s and %s", o.name, p.name, short(o.address), short(p.address))
}

func (w *worldModel) chain(s *historyStep) string {
	o, p, ok := w.pair(s)
	address, free := w.free(s.at)
	if !ok || !free {
		return ""
	}
	o.address, p.address = p.address, address
	w.changed(o, p)
	return fmt.Sprintf("%s: renamed to %s, and %s to %s", o.name, short(o.address), p.name, short(p.address))
}

// inherit has somebody leave, and a newcomer get the address.
func (w *worldModel) inherit(s *historyStep) string {
	o, heir := w.object(s.who), w.object(s.other)
	if !o.present || heir.present || o == heir {
		return ""
	}
	w.remove(o)
	if heir.times > 0 { // somebody else, who never was there
		w.former[heir.id] = heir.address
	}
	w.enrol(heir, o.address)
	return fmt.Sprintf("%s leaves, and %s joins at %s in base %d", o.name, heir.id, short(o.address), heir.resource+1)
}

// collide has an object get an address that another has.
func (w *worldModel) collide(s *historyStep) string {
	o, p, ok := w.pair(s)
	if !ok {
		return ""
	}
	o.address = p.address
	w.changed(o)
	return fmt.Sprintf("%s: renamed to %s, as %s", o.name, short(o.address), p.name)
}

func (w *worldModel) switchStatus(s *historyStep) string {
	o := w.object(s.who)
	if !o.present || o.group {
		return ""
	}
	o.off = !o.off
	w.changed(o)
	return fmt.Sprintf("%s: disabled %t", o.name, o.off)
}

func (w *worldModel) changeName(s *historyStep) string {
	o := w.object(s.who)
	if !o.present {
		return ""
	}
	o.shown = fmt.Sprintf("%s %d", strings.ToUpper(string(o.id)), s.at)
	w.changed(o)
	return fmt.Sprintf("%s: named %q", o.name, o.shown)
}

// changeMembers puts others into a group. It keeps one at least: a group that loses all of them may be held.
func (w *worldModel) changeMembers(s *historyStep) string {
	g := w.objects[5+s.who%2]
	if !g.present {
		return ""
	}
	var members []*directoryObject
	var names []string
	for i, o := range w.objects {
		if o != g && o.times > 0 && s.at>>i&1 == 1 && (o.resource == g.resource || w.crossing) {
			members, names = append(members, o), append(names, o.name)
		}
	}
	if len(members) == 0 {
		return ""
	}
	g.members = members
	w.changed(g)
	return fmt.Sprintf("%s: members %s", g.name, strings.Join(names, ", "))
}

// moveBase moves an object to the other base.
func (w *worldModel) moveBase(s *historyStep) string {
	o := w.object(s.who)
	if !o.present {
		return ""
	}
	o.resource, o.moved, w.crossing = 1-o.resource, true, true
	w.changed(o)
	return fmt.Sprintf("%s: moved to base %d", o.name, o.resource+1)
}
