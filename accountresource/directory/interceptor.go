package directory

import (
	"bufio"
	"bytes"
	"errors"
	"net"
	"sync"

	"github.com/go-ldap/ldap/v3"
)

// entryInterceptor stands between go-ldap and the connection, and takes the entries that answer a search out of what is read. go-ldap
// makes dozens of objects of each; in a run that is half of the work. All else goes through to it, and so does whatever
// is not written in the plainest way, so that go-ldap alone decides what is an error.
//
// It also holds the limits of what a server may answer: a message is passed on only once it is there as a whole and
// found safe to decode. Where a limit is broken, the connection is cut and fault says why.
type entryInterceptor struct {
	net.Conn
	in  *bufio.Reader
	out []byte // what is on its way through
	cut func()

	mu      sync.Mutex
	broken  *fault
	asked   bool  // the next search is one whose entries are taken
	search  int64 // its number; another one's entries are not taken
	entries []*ldap.Entry
	answer  answer
}

// answer counts what came in answer to one request.
type answer struct {
	most       int // entries that were asked for
	entries    int
	nonEntries int
	values     int // with attributes, and all elements of messages that go-ldap reads
	bytes      int
}

// largestPeeked is the size of the largest message that is looked at within the buffer.
const largestPeeked = 1 << 16

// newEntryInterceptor returns an interceptor of a connection. cut ends the connection at once.
func newEntryInterceptor(conn net.Conn, cut func()) *entryInterceptor {
	return &entryInterceptor{Conn: conn, in: bufio.NewReaderSize(conn, largestPeeked), cut: cut}
}

// ask announces a search, of which most entries at most are taken.
func (t *entryInterceptor) ask(most int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.asked, t.search, t.entries, t.answer = true, 0, nil, answer{most: most}
}

// fault is why the connection was cut, nil where it was not.
func (t *entryInterceptor) fault() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.broken == nil {
		return nil
	}
	return t.broken
}

// Write looks for searches among the requests, each of which go-ldap writes at once.
func (t *entryInterceptor) Write(request []byte) (int, error) {
	if e, ok := openEnvelope(request); ok && e.op == tagSearch {
		t.mu.Lock()
		if t.asked {
			t.asked, t.search = false, e.id
		}
		t.mu.Unlock()
	}
	return t.Conn.Write(request)
}

// Read gives what is not an entry of the search.
func (t *entryInterceptor) Read(p []byte) (int, error) {
	for len(t.out) == 0 {
		if err := t.next(); err != nil {
			t.end(err)
			return 0, err
		}
	}
	n := copy(p, t.out)
	t.out = t.out[n:]
	return n, nil
}

// end cuts the connection where the error is a fault.
func (t *entryInterceptor) end(err error) {
	var f *fault
	if !errors.As(err, &f) {
		return
	}
	t.mu.Lock()
	t.broken = f
	t.mu.Unlock()
	t.cut()
}

// next reads the next message, and takes it or lets it pass.
func (t *entryInterceptor) next() error {
	size, err := t.size()
	if err != nil {
		return err
	}
	message, err := t.message(size)
	if err != nil {
		return unexpected(err)
	}
	taken, err := t.intercept(message)
	if err == nil && !taken {
		t.out = message
	}
	return err
}

// size is how long the next message is, head and all.
func (t *entryInterceptor) size() (int, error) {
	start, err := t.in.Peek(2)
	if len(start) == 0 {
		return 0, err // between messages a connection may end
	}
	if err != nil {
		return 0, unexpected(err)
	}
	n, err := headLength(start)
	if err != nil {
		return 0, err
	}
	head, err := t.in.Peek(n)
	if err != nil {
		return 0, unexpected(err)
	}
	return messageLength(head, maxMessage)
}

// message reads a message of that size, within the limit of one request.
func (t *entryInterceptor) message(size int) ([]byte, error) {
	t.mu.Lock()
	t.answer.bytes += size
	over := t.answer.bytes > maxPageBytes
	t.mu.Unlock()
	if over {
		return nil, tooManyBytes()
	}
	if size > largestPeeked {
		return readMessage(t.in, maxMessage)
	}
	inside, err := t.in.Peek(size)
	if err != nil {
		return nil, err
	}
	message := bytes.Clone(inside)
	_, err = t.in.Discard(size)
	return message, err
}

// intercept keeps the message where it is an entry of the search. One that is left to go-ldap is checked.
func (t *entryInterceptor) intercept(message []byte) (taken bool, err error) {
	e, ok := openEnvelope(message)
	t.mu.Lock()
	defer t.mu.Unlock()
	if !ok || e.op != tagEntry || e.id != t.search || e.id == 0 {
		if t.answer.nonEntries++; t.answer.nonEntries > maxNonEntries {
			return false, tooManyNonEntries()
		}
		return false, t.check(message)
	}
	if t.answer.entries++; t.answer.entries > t.answer.most {
		return false, tooManyEntries(t.answer.most)
	}
	d := decoder{before: t.answer.values}
	entry, err := d.entry(e.body)
	if errors.Is(err, errUnusual) || err == nil && len(e.controls) > 0 {
		return false, t.check(message)
	}
	t.answer.values += d.count
	if err != nil {
		return false, err
	}
	t.entries = append(t.entries, entry)
	return true, nil
}

// check refuses a message that go-ldap shall not decode, by itself or with those before it.
func (t *entryInterceptor) check(message []byte) error {
	elements, err := checkMessage(message)
	t.answer.values += elements
	if err == nil && t.answer.values > maxPageValues {
		err = tooManyValues(maxPageValues)
	}
	return err
}

// drain gives the entries of the search, once.
func (t *entryInterceptor) drain() []*ldap.Entry {
	t.mu.Lock()
	defer t.mu.Unlock()
	entries := t.entries
	t.entries = nil
	return entries
}
