package directory

import "github.com/go-ldap/ldap/v3"

// Tags of BER (X.690) as LDAP writes them (RFC 4511, section 5.1), in one byte each.
const (
	tagInteger    = 0x02
	tagOctets     = 0x04
	tagEnumerated = 0x0a
	tagSequence   = 0x30
	tagSet        = 0x31
	tagSearch     = 0x60 | ldap.ApplicationSearchRequest
	tagEntry      = 0x60 | ldap.ApplicationSearchResultEntry
	tagExtended   = 0x60 | ldap.ApplicationExtendedResponse

	constructed = 0x20 // the bit of a tag that says that elements are within
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
	from := headSize(b)
	if from > len(b) {
		return 0, nil, nil, false
	}
	length, plain := lengthOf(b[1:])
	if !plain || length > len(b)-from {
		return 0, nil, nil, false
	}
	return b[0], b[from : from+length], b[from+length:], true
}

// headSize is how many octets the tag and the length of the first element of b take.
func headSize(b []byte) int {
	if b[1] > 0x80 {
		return 2 + int(b[1]&0x7f)
	}
	return 2
}

// wanted takes the first element off b, which must have the tag.
func wanted(b []byte, tag byte) (body, rest []byte, ok bool) {
	found, body, rest, ok := element(b)
	return body, rest, ok && found == tag
}

// envelope is what a message consists of (RFC 4511, section 4.1.1).
type envelope struct {
	id       int64
	op       byte // the tag of the operation
	body     []byte
	controls []byte
}

// openEnvelope takes a message apart.
func openEnvelope(b []byte) (e envelope, ok bool) {
	message, _, ok := wanted(b, tagSequence)
	if !ok {
		return e, false
	}
	number, rest, ok := wanted(message, tagInteger)
	if !ok || len(number) == 0 || len(number) > 8 {
		return e, false
	}
	e.id = int64(int8(number[0])) // it has a sign
	for _, octet := range number[1:] {
		e.id = e.id<<8 | int64(octet)
	}
	e.op, e.body, e.controls, ok = element(rest)
	return e, ok
}
