package directory

import (
	"errors"

	"github.com/go-ldap/ldap/v3"
)

// errUnusual says that an entry is not written in the plainest way, so that go-ldap has to read it.
var errUnusual = errors.New("an entry that is written in an unusual way")

// decoder makes an entry of a message. It counts attributes and values before it makes anything of them.
type decoder struct {
	before int // those of the other entries that answer the request
	count  int
}

// entry returns the entry that a message is about, which keeps body.
func (d *decoder) entry(body []byte) (*ldap.Entry, error) {
	dn, rest, ok := wanted(body, tagOctets)
	if !ok {
		return nil, errUnusual
	}
	list, rest, ok := wanted(rest, tagSequence)
	if !ok || len(rest) > 0 {
		return nil, errUnusual
	}
	n, err := d.add(list, tagSequence)
	if err != nil {
		return nil, err
	}
	e := &ldap.Entry{DN: string(dn), Attributes: make([]*ldap.EntryAttribute, 0, n)}
	for len(list) > 0 {
		var one []byte
		one, list, _ = wanted(list, tagSequence) // add has seen that it is there
		a, err := d.attribute(one)
		if err != nil {
			return nil, err
		}
		e.Attributes = append(e.Attributes, a)
	}
	return e, nil
}

func (d *decoder) attribute(b []byte) (*ldap.EntryAttribute, error) {
	name, rest, ok := wanted(b, tagOctets)
	if !ok {
		return nil, errUnusual
	}
	set, rest, ok := wanted(rest, tagSet)
	if !ok || len(rest) > 0 {
		return nil, errUnusual
	}
	n, err := d.add(set, tagOctets)
	if err != nil {
		return nil, err
	}
	a := &ldap.EntryAttribute{Name: string(name), Values: make([]string, 0, n), ByteValues: make([][]byte, 0, n)}
	for len(set) > 0 {
		var v []byte
		v, set, _ = wanted(set, tagOctets)
		a.Values, a.ByteValues = append(a.Values, string(v)), append(a.ByteValues, v)
	}
	return a, nil
}

// add counts the elements of a list, which must all have the tag.
func (d *decoder) add(list []byte, tag byte) (n int, err error) {
	for len(list) > 0 {
		var ok bool
		if _, list, ok = wanted(list, tag); !ok {
			return 0, errUnusual
		}
		switch n++; {
		case d.count+n > maxEntryValues:
			return 0, tooManyValues(maxEntryValues)
		case d.before+d.count+n > maxPageValues:
			return 0, tooManyValues(maxPageValues)
		}
	}
	d.count += n
	return n, nil
}
