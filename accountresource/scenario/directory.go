package scenario

import (
	"slices"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// Directory is a directory server in memory. It must not be changed while a run reads it.
type Directory struct {
	// Counts says that the server counts changes, so that runs may be incremental. Tombstones says that it shows what was
	// deleted.
	Counts, Tombstones bool

	entries []entry
	deleted []tombstone
	usn     int64
	partial bool // listings are not whole
}

// entry is an object and where it is.
type entry struct {
	account.Object

	place place
}

type place uint8

const (
	inScope    place = iota
	passedOver       // in scope, though listings leave it out
	outside          // in the directory, out of scope
	gone
)

// tombstone is what is left of an object.
type tombstone struct {
	run.ChangedObject

	usn int64
}

// next returns the next value of the change counter.
func (d *Directory) next() int64 {
	d.usn++
	if !d.Counts {
		return 0
	}
	return d.usn
}

func (d *Directory) add(o account.Object) {
	o.USN = d.next()
	d.entries = append(d.entries, entry{Object: o})
}

func (d *Directory) entry(id account.SourceID) *entry {
	i := slices.IndexFunc(d.entries, func(e entry) bool { return e.ID == id })
	return &d.entries[i] // every name in a scenario was introduced
}

// change changes an object, which counts.
func (d *Directory) change(id account.SourceID, change func(*account.Object)) {
	e := d.entry(id)
	change(&e.Object)
	e.USN = d.next()
}

// readdress gives a user, group or contact other addresses. A user has them in the attribute mail too.
func (d *Directory) readdress(id account.SourceID, addresses []string) {
	d.change(id, func(o *account.Object) {
		o.Mail = addresses
		if o.Kind == account.User {
			o.External = addresses
		}
	})
}

// move brings an object to a place, which counts for the object alone.
func (d *Directory) move(id account.SourceID, to place) {
	e := d.entry(id)
	e.place, e.USN = to, d.next()
	d.deleted = slices.DeleteFunc(d.deleted, func(t tombstone) bool { return t.ID == id })
}

// remove deletes an object. It is in no group any more, for which no group counts as changed.
func (d *Directory) remove(id account.SourceID) {
	d.move(id, gone)
	e := d.entry(id)
	d.deleted = append(d.deleted, tombstone{run.ChangedObject{ID: id, Kind: e.Kind, Deleted: true}, e.USN})
	for i := range d.entries {
		g := &d.entries[i]
		g.Members = slices.DeleteFunc(slices.Clone(g.Members), func(m account.SourceID) bool { return m == id })
	}
}
