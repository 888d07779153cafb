package directory_test

import (
	"bytes"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// wrap puts a tag and a length before content.
func wrap(tag byte, content []byte) []byte {
	head := []byte{tag, 0x84, 0, 0, 0, 0}
	for i := range 4 {
		head[2+i] = byte(len(content) >> (24 - 8*i))
	}
	return append(head, content...)
}

// entryMessage is an entry as an answer, made of attributes as they are.
func entryMessage(id int64, attributes []byte) []byte {
	number := ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, id, "").Bytes()
	return wrap(0x30, append(number, wrap(0x64, append(octets("CN=A").Bytes(), wrap(0x30, attributes)...))...))
}

// deep is a message of sequences within each other, which a decoder that calls itself for each cannot survive. It is
// made from its end.
func deep(depth int) []byte {
	const head = 6
	b := make([]byte, head*depth)
	for i := range depth {
		size := head * (depth - i - 1)
		copy(b[head*i:], []byte{0x30, 0x84, byte(size >> 24), byte(size >> 16), byte(size >> 8), byte(size)})
	}
	return b
}

// elements is a reference with many empty elements.
func elements(id int64, n int) []byte {
	number := ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, id, "").Bytes()
	return wrap(0x30, append(number, wrap(0x73, bytes.Repeat([]byte{4, 0}, n))...))
}

// manyControls is the end of a search whose paging control holds many empty elements.
func manyControls(id int64, n int) []byte {
	number := ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, id, "").Bytes()
	done := sequence(ber.ClassApplication, ldap.ApplicationSearchResultDone, enumerated(0), octets(""), octets("")).Bytes()
	value := wrap(0x04, wrap(0x30, bytes.Repeat([]byte{4, 0}, n)))
	control := wrap(0x30, append(octets(ldap.ControlTypePaging).Bytes(), value...))
	return wrap(0x30, append(number, append(done, wrap(0xa0, control)...)...))
}

// manyUnusual is an entry with many values and an element behind its attributes, which go-ldap has to read.
func manyUnusual(id int64, n int) []byte {
	number := ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, id, "").Bytes()
	attribute := wrap(0x30, append(octets("member").Bytes(), wrap(0x31, bytes.Repeat([]byte{4, 0}, n))...))
	entry := append(append(octets("CN=A").Bytes(), wrap(0x30, attribute)...), octets("more").Bytes()...)
	return wrap(0x30, append(number, wrap(0x64, entry)...))
}
