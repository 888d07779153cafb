package fakead

import "encoding/binary"

// message is BER being written from front to back. Entries are most of what a directory says, and a tree of packets
// for each would take longer than everything else. Lengths take four bytes whatever they are, as Active Directory
// writes them.
type message struct{ b []byte }

// Tags of what an entry is made of (X.690, section 8.1; RFC 4511, section 4.5.2).
const (
	integerTag  = 0x02
	octetsTag   = 0x04
	sequenceTag = 0x30
	setTag      = 0x31
	entryTag    = 0x64 // SearchResultEntry
)

const lengthSize = 4

// open begins an element and gives the place for close.
func (m *message) open(tag byte) int {
	m.b = append(m.b, tag, 0x80|lengthSize, 0, 0, 0, 0)
	return len(m.b)
}

// close writes the length of the element that began at the place.
func (m *message) close(at int) {
	binary.BigEndian.PutUint32(m.b[at-lengthSize:], uint32(len(m.b)-at))
}

func (m *message) octets(text string) {
	at := m.open(octetsTag)
	m.b = append(m.b, text...)
	m.close(at)
}

// number writes an integer in as few octets as it needs (X.690, section 8.3.2): OpenLDAP's library refuses more than four
// for the ID of a message.
func (m *message) number(n int64) {
	octets := 1
	for rest := n; rest > 0x7f || rest < -0x80; rest >>= 8 {
		octets++
	}
	at := m.open(integerTag)
	for i := octets - 1; i >= 0; i-- {
		m.b = append(m.b, byte(n>>(8*i)))
	}
	m.close(at)
}
