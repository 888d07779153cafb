package directory

import (
	"bytes"
	"errors"
	"io"

	"github.com/go-ldap/ldap/v3"
)

// headLength returns how many octets the tag and the length of a message take, given the first two. LDAP has lengths
// in the definite form only (RFC 4511, section 5.1), and nobody needs more than four octets for one.
func headLength(start []byte) (int, error) {
	digits := int(start[1] & 0x7f)
	switch {
	case start[0] != tagSequence:
		return 0, brokenMessage("not an LDAP message")
	case start[1] < 0x80:
		return 2, nil
	case digits == 0:
		return 0, brokenMessage("a message of indefinite length")
	case digits > 4:
		return 0, brokenMessage("a message whose length has more than four octets")
	}
	return 2 + digits, nil
}

// messageLength returns the size of a whole message, given its head. A size beyond the limit is an error.
func messageLength(head []byte, limit int) (int, error) {
	length := uint64(head[1])
	if length >= 0x80 {
		length = 0
		for _, digit := range head[2:] {
			length = length<<8 | uint64(digit)
		}
	}
	size := uint64(len(head)) + length
	if size > uint64(limit) {
		return 0, tooLarge(size, limit)
	}
	return int(size), nil
}

// readMessage reads exactly one message. Memory is allocated for the bytes that arrive, not for the announced length.
func readMessage(r io.Reader, limit int) ([]byte, error) {
	var message bytes.Buffer
	if err := readOn(&message, r, 2); err != nil {
		return nil, err
	}
	n, err := headLength(message.Bytes())
	if err != nil {
		return nil, err
	}
	if err := readOn(&message, r, n-2); err != nil {
		return nil, err
	}
	size, err := messageLength(message.Bytes(), limit)
	if err != nil {
		return nil, err
	}
	err = readOn(&message, r, size-n)
	return message.Bytes(), err
}

func readOn(to *bytes.Buffer, r io.Reader, n int) error {
	if _, err := io.CopyN(to, r, int64(n)); err != nil {
		return unexpected(err)
	}
	return nil
}

// unexpected is the error of a connection that ends within a message.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

const (
	// maxDepth is how deep elements of a message may be nested. Answers to searches need five.
	maxDepth = 32
	// maxElements is how many elements a message may have that go-ldap decodes, which takes some 300 bytes for each.
	maxElements = 100_000
)

// checkMessage refuses a message that is not safe to decode: one whose elements do not fit into each other, are nested
// too deep or too many, or whose controls are too large (go-ldap decodes what is within them too). It returns the number of
// elements.
func checkMessage(message []byte) (elements int, err error) {
	var ends [maxDepth]int // of the elements around, outermost first
	depth := 0
	for at := 0; at < len(message); elements++ {
		end := len(message)
		if depth > 0 {
			end = ends[depth-1]
		}
		tag, body, _, ok := element(message[at:end])
		switch {
		case !ok || tag&0x1f == 0x1f:
			return elements, brokenMessage("elements that do not fit into each other")
		case elements == maxElements:
			return elements, tooManyValues(maxElements)
		}
		at += headSize(message[at:])
		if tag&constructed == 0 {
			at += len(body)
		} else {
			if depth == maxDepth {
				return elements, brokenMessage("elements nested too deep")
			}
			ends[depth], depth = at+len(body), depth+1
		}
		for depth > 0 && at == ends[depth-1] {
			depth--
		}
	}
	return elements, checkControls(message)
}

// checkControls refuses a message with more behind its operation than controls take.
func checkControls(message []byte) error {
	inner, _, ok := wanted(message, tagSequence)
	if !ok {
		return brokenMessage("not an LDAP message")
	}
	for range 2 { // the number and the operation
		if _, _, inner, ok = element(inner); !ok {
			return brokenMessage("a message without an operation")
		}
	}
	if len(inner) > maxControlBytes {
		return brokenMessage("controls that are too large")
	}
	return nil
}

// resultOf is the result code and the text of an operation's result (RFC 4511, section 4.1.9).
func resultOf(body []byte) (code uint16, text string, ok bool) {
	number, rest, ok := wanted(body, tagEnumerated)
	if !ok || len(number) == 0 || len(number) > 2 {
		return 0, "", false
	}
	for _, octet := range number {
		code = code<<8 | uint16(octet)
	}
	_, rest, ok = wanted(rest, tagOctets) // the matched DN
	if !ok {
		return 0, "", false
	}
	words, _, ok := wanted(rest, tagOctets)
	return code, string(words), ok && code < ldap.ErrorNetwork
}
