package directory

import (
	"bufio"
	"math"
	"net"
	"sync"

	"github.com/go-ldap/ldap/v3"
)

// tap stands between go-ldap and the connection, and takes the entries that answer a search out of what is read. go-ldap
// makes dozens of objects of each; in a run that is half of the work. All else goes through to it, and so does whatever
// is not written in the plainest way, so that go-ldap alone decides what is an error.
type tap struct {
	net.Conn
	in   *bufio.Reader
	pass int // bytes of a message that is on its way through

	mu      sync.Mutex
	asked   bool  // the next search is one whose entries are taken
	search  int64 // its number; another one's entries are not taken
	entries []*ldap.Entry
}

// largestTaken is the size of the largest message that is looked at.
const largestTaken = 1 << 16

func newTap(conn net.Conn) *tap {
	return &tap{Conn: conn, in: bufio.NewReaderSize(conn, largestTaken)}
}

// ask has the entries of the next search taken.
func (t *tap) ask() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.asked, t.search, t.entries = true, 0, nil
}

// Write looks for searches among the requests, each of which go-ldap writes at once.
func (t *tap) Write(request []byte) (int, error) {
	if id, op, _, ok := messageOf(request); ok && op == tagSearch {
		t.mu.Lock()
		if t.asked {
			t.asked, t.search = false, id
		}
		t.mu.Unlock()
	}
	return t.Conn.Write(request)
}

// Read gives what is not an entry of the search.
func (t *tap) Read(p []byte) (int, error) {
	for t.pass == 0 {
		if err := t.next(); err != nil {
			return 0, err
		}
	}
	n, err := t.in.Read(p[:min(len(p), t.pass)])
	t.pass -= n
	return n, err
}

// next takes the next message where that is an entry, or else lets it pass. Where the connection breaks, go-ldap meets
// the error behind what had come.
func (t *tap) next() error {
	size, err := t.size()
	if err != nil {
		return err
	}
	t.pass = size
	if size > largestTaken {
		return nil
	}
	if message, _ := t.in.Peek(size); len(message) == size && t.take(message) {
		t.pass = 0
		_, err = t.in.Discard(size)
	}
	return err
}

// size is how long the next message is, head and all. Where that cannot be said, everything to come is one message.
func (t *tap) size() (int, error) {
	head, err := t.in.Peek(2)
	if len(head) == 0 {
		return 0, err
	}
	if err == nil && head[1] > 0x80 { // the length itself has that many bytes
		head, err = t.in.Peek(2 + int(head[1]&0x7f))
	}
	if err != nil {
		return math.MaxInt, nil
	}
	length, plain := lengthOf(head[1:])
	if !plain {
		return math.MaxInt, nil
	}
	return len(head) + length, nil
}

// take keeps the message where it is an entry of the search.
func (t *tap) take(message []byte) bool {
	id, op, body, ok := messageOf(message)
	if !ok || op != tagEntry {
		return false
	}
	e := entryOf(body)
	t.mu.Lock()
	defer t.mu.Unlock()
	if e == nil || id != t.search || id == 0 {
		return false
	}
	t.entries = append(t.entries, e)
	return true
}

// taken gives the entries of the search, once.
func (t *tap) taken() []*ldap.Entry {
	t.mu.Lock()
	defer t.mu.Unlock()
	entries := t.entries
	t.entries = nil
	return entries
}
