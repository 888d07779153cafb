//go:build integration

package integration_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// proxy stands between a store's client and its server, knows where a statement ends, and does harm at one of them.
type proxy struct {
	listener net.Listener
	target   string
	wire     func() wire

	mu    sync.Mutex
	seen  int // statements since arm
	nth   int
	loss  loss
	conns map[net.Conn]struct{}
}

// harm is what happens at a statement.
type harm string

const (
	cutBefore harm = "the connection is cut before the statement arrives"
	cutAfter  harm = "the connection is cut before the answer arrives"
	swallowed harm = "nobody answers the statement"
)

// loss is a harm, and to which statements it happens.
type loss struct {
	harm
	commits bool // only those that end a transaction
}

// wire reads a client's next message.
type wire func(in *bufio.Reader) (message []byte, what matter, err error)

// matter is what a message is about.
type matter string

const (
	talk      matter = ""
	statement matter = "the server is to do something for it"
	farewell  matter = "the client will say nothing more"
)

func newProxy(t *testing.T, target string, protocol func() wire) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	p := &proxy{listener: listener, target: target, wire: protocol, conns: map[net.Conn]struct{}{}}
	var going sync.WaitGroup
	going.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			going.Go(func() { p.serve(client) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		p.mu.Lock()
		for conn := range p.conns {
			_ = conn.Close()
		}
		p.mu.Unlock()
		going.Wait()
	})
	return p
}

func (p *proxy) address() string { return p.listener.Addr().String() }

// arm has the nth statement from now on go wrong.
func (p *proxy) arm(nth int, l loss) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen, p.nth, p.loss = 0, nth, l
}

// disarm tells how many statements there were since arm.
func (p *proxy) disarm() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.nth = 0
	return p.seen
}

// count counts a statement and says what becomes of it.
func (p *proxy) count(message []byte) harm {
	p.mu.Lock()
	defer p.mu.Unlock()
	const short = 32 // COMMIT comes with a head of a few bytes
	if p.loss.commits && (len(message) > short || !bytes.Contains(bytes.ToUpper(message), []byte("COMMIT"))) {
		return ""
	}
	if p.seen++; p.nth == 0 || p.seen != p.nth {
		return ""
	}
	return p.loss.harm
}

func (p *proxy) track(conn net.Conn) func() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns[conn] = struct{}{}
	return func() {
		_ = conn.Close()
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.conns, conn)
	}
}

func (p *proxy) serve(client net.Conn) {
	defer p.track(client)()
	server, err := net.Dial("tcp4", p.target)
	if err != nil {
		return
	}
	defer p.track(server)()
	var mute sync.Mutex // held while an answer must not pass
	answers := sync.WaitGroup{}
	answers.Go(func() {
		defer client.Close()
		buffer := make([]byte, 64<<10)
		for {
			n, err := server.Read(buffer)
			if err != nil || !mute.TryLock() {
				return // the answer has come, and gets lost with the connection
			}
			mute.Unlock()
			if _, err := client.Write(buffer[:n]); err != nil {
				return
			}
		}
	})
	defer answers.Wait()
	defer server.Close()
	next, in := p.wire(), bufio.NewReaderSize(client, 64<<10)
	for {
		message, what, err := next(in)
		if err != nil {
			return
		}
		var h harm
		if what == statement {
			h = p.count(message)
		}
		switch h {
		case cutBefore:
			return
		case swallowed:
			for err == nil && what != farewell { // until the client gives up
				_, what, err = next(in)
			}
			return
		case cutAfter:
			mute.Lock()
			if _, err := server.Write(message); err == nil {
				answers.Wait()
			}
			return
		}
		if _, err := server.Write(message); err != nil {
			return
		}
	}
}

// mysqlWire: a length of three bytes, a sequence number, which is 0 at the beginning of a command, and the command.
func mysqlWire() wire {
	return func(in *bufio.Reader) ([]byte, matter, error) {
		head, err := in.Peek(4)
		if err != nil {
			return nil, talk, err
		}
		message, err := readN(in, 4+(int(head[0])|int(head[1])<<8|int(head[2])<<16))
		const quit, closeStatement = 0x01, 0x19
		switch {
		case err != nil || len(message) < 5 || message[3] != 0 || message[4] == closeStatement:
			return message, talk, err
		case message[4] == quit:
			return message, farewell, nil
		}
		return message, statement, nil
	}
}

// postgresWire: a letter and a length of four bytes, but for what comes before the session. A statement is done when its
// Sync has come, or is a simple query.
func postgresWire() wire {
	begun := false
	return func(in *bufio.Reader) ([]byte, matter, error) {
		const session = 196608 // protocol 3.0
		skip := 0
		if begun {
			skip = 1
		}
		head, err := in.Peek(skip + 4)
		if err != nil {
			return nil, talk, err
		}
		letter := head[0]
		message, err := readN(in, skip+int(binary.BigEndian.Uint32(head[skip:])))
		if err != nil {
			return nil, talk, err
		}
		if !begun {
			begun = len(message) >= 8 && binary.BigEndian.Uint32(message[4:]) == session
			return message, talk, nil
		}
		switch letter {
		case 'S', 'Q':
			return message, statement, nil
		case 'X':
			return message, farewell, nil
		}
		return message, talk, nil
	}
}

// ldapWire: a message is a sequence in BER with a definite length (RFC 4511, section 5.1).
func ldapWire() wire {
	return func(in *bufio.Reader) ([]byte, matter, error) {
		head, err := in.Peek(2)
		if err != nil {
			return nil, talk, err
		}
		size, length := 2, int(head[1])
		if length&0x80 != 0 {
			size += length & 0x7f
			if head, err = in.Peek(size); err != nil {
				return nil, talk, err
			}
			length = 0
			for _, b := range head[2:] {
				length = length<<8 | int(b)
			}
		}
		message, err := readN(in, size+length)
		if err != nil {
			return nil, talk, err
		}
		if len(message) < size+3 {
			return nil, talk, errors.New("this is no LDAP")
		}
		const unbind = 0x42
		operation := message[size+2+int(message[size+1])] // behind the number of the message
		if operation == unbind {
			return message, farewell, nil
		}
		return message, statement, nil
	}
}

func readN(in *bufio.Reader, n int) ([]byte, error) {
	message := make([]byte, n)
	_, err := io.ReadFull(in, message)
	return message, err
}

// A message of any length is read to its end; else the proxy waits for ever for the rest of one that never was.
func TestTheProxyFindsTheEndOfEachMessage(t *testing.T) {
	const query = 0x03
	for _, size := range []int{1, 0xfb, 0xfc, 0xff, 0x100, 0x1fb, 0x1fc, 0x1ff, 0xffff, 0x1fffc, 0x1ffff} {
		message := append([]byte{byte(size), byte(size >> 8), byte(size >> 16), 0, query}, make([]byte, size-1)...)
		next, in := mysqlWire(), bufio.NewReader(bytes.NewReader(slices.Repeat(message, 2)))
		for range 2 {
			got, what, err := next(in)
			require.NoError(t, err, size)
			require.Equal(t, message, got, size)
			require.Equal(t, statement, what, size)
		}
		_, _, err := next(in)
		require.ErrorIs(t, err, io.EOF, size)
	}
}
