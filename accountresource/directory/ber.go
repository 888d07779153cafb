package directory

import (
	"bytes"

	"github.com/go-ldap/ldap/v3"
)

// Tags of BER (X.690) as LDAP writes them (RFC 4511, section 5.1), in one byte each.
const (
	tagInteger  = 0x02
	tagOctets   = 0x04
	tagSequence = 0x30
	tagSet      = 0x31
	tagSearch   = 0x60 | ldap.ApplicationSearchRequest
	tagEntry    = 0x60 | ldap.ApplicationSearchResultEntry
)

// lengthOf reads a length; plain is false for one that is indefinite or beyond a gigabyte.
func lengthOf(b []byte) (length int, plain bool) {
	if b[0] < 0x80 {
		return int(b[0]), true
	}
	digits := b[1:min(len(b), 1+int(b[0]&0x7f))]
	if len(digits) == 0 || len(digits) > 4 || len(digits) == 4 && digits[0] > 0x3f {
		return 0, false
	}
	for _, d := range digits {
		length = length<<8 | int(d)
	}
	return length, true
}

// element takes the first element off b.
func element(b []byte) (tag byte, body, rest []byte, ok bool) {
	if len(b) < 2 {
		return 0, nil, nil, false
	}
	from := 2
	if b[1] > 0x80 {
		from += int(b[1] & 0x7f)
	}
	if from > len(b) {
		return 0, nil, nil, false
	}
	length, plain := lengthOf(b[1:])
	if !plain || length > len(b)-from {
		return 0, nil, nil, false
	}
	return b[0], b[from : from+length], b[from+length:], true
}

// wanted takes the first element off b, which must have the tag.
func wanted(b []byte, tag byte) (body, rest []byte, ok bool) {
	found, body, rest, ok := element(b)
	return body, rest, ok && found == tag
}

// messageOf is the number of a message, and what it is about.
func messageOf(b []byte) (id int64, op byte, body []byte, ok bool) {
	message, _, ok := wanted(b, tagSequence)
	if !ok {
		return 0, 0, nil, false
	}
	number, rest, ok := wanted(message, tagInteger)
	if !ok || len(number) == 0 || len(number) > 8 {
		return 0, 0, nil, false
	}
	id = int64(int8(number[0])) // it has a sign
	for _, octet := range number[1:] {
		id = id<<8 | int64(octet)
	}
	op, body, _, ok = element(rest)
	return id, op, body, ok
}

// entryOf is the entry that a message is about, nil where it is not written plainly.
func entryOf(body []byte) *ldap.Entry {
	body = bytes.Clone(body) // the next message is read into the same place
	dn, rest, ok := wanted(body, tagOctets)
	if !ok {
		return nil
	}
	list, rest, ok := wanted(rest, tagSequence)
	if !ok || len(rest) > 0 {
		return nil
	}
	e := &ldap.Entry{DN: string(dn), Attributes: make([]*ldap.EntryAttribute, 0, 16)}
	for len(list) > 0 {
		var one []byte
		if one, list, ok = wanted(list, tagSequence); !ok {
			return nil
		}
		a := attributeOf(one)
		if a == nil {
			return nil
		}
		e.Attributes = append(e.Attributes, a)
	}
	return e
}

func attributeOf(b []byte) *ldap.EntryAttribute {
	name, rest, ok := wanted(b, tagOctets)
	if !ok {
		return nil
	}
	set, rest, ok := wanted(rest, tagSet)
	if !ok || len(rest) > 0 {
		return nil
	}
	a := &ldap.EntryAttribute{Name: string(name)}
	for len(set) > 0 {
		var v []byte
		if v, set, ok = wanted(set, tagOctets); !ok {
			return nil
		}
		a.Values, a.ByteValues = append(a.Values, string(v)), append(a.ByteValues, v)
	}
	return a
}
