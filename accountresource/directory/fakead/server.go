package fakead

import (
	"bufio"
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
)

// Options are what a directory may be told. The zero value is a directory of corp.example on a free loopback port.
type Options struct {
	// Domain is the DNS name of the directory's domain.
	Domain string
	// Listen is the TCP address; LDAP, StartTLS and LDAPS are spoken there.
	Listen string
	// MaxPageSize and MaxValRange are the limits of Active Directory's query policy: entries of one page (1,000) and
	// values of one attribute (1,500).
	MaxPageSize, MaxValRange int
	// RequireTLS refuses to bind without encryption, as a Windows server may.
	RequireTLS bool
	// NoTLS is a server without a certificate.
	NoTLS bool
	// Catalogue has the directory answer as a global catalogue does, which holds only some attributes of each object.
	// Held are attributes that it holds besides the usual ones.
	Catalogue bool
	Held      []string
	// TLS is how encryption is spoken, instead of with a certificate of the directory's own: CA is nil then.
	TLS *tls.Config
}

// Server is a running directory. Its content is changed with Add, Modify, Move and Delete, or over LDAP.
type Server struct {
	options  Options
	listener net.Listener
	tls      *tls.Config
	ca       []byte
	tree     *tree
	people   []string // whom Populate made
	faults   faults
	lagging  atomic.Bool // rootDSE says that it is not synchronized
	refusing atomic.Uint32

	closing chan struct{}
	going   sync.WaitGroup
	mu      sync.Mutex
	conns   map[net.Conn]struct{}
	closed  bool
}

// Start makes a directory that holds nothing but what every domain has, and an administrator (AdminDN, AdminPassword).
func Start(o Options) (*Server, error) {
	o.Domain, o.Listen = cmp.Or(o.Domain, "corp.example"), cmp.Or(o.Listen, "127.0.0.1:0")
	o.MaxPageSize, o.MaxValRange = cmp.Or(o.MaxPageSize, 1000), cmp.Or(o.MaxValRange, 1500)
	s := &Server{options: o, tree: newTree(o.Domain), closing: make(chan struct{}), conns: make(map[net.Conn]struct{})}
	if s.tls = o.TLS; s.tls == nil && !o.NoTLS {
		if err := s.certify(); err != nil {
			return nil, err
		}
	}
	if err := s.furnish(); err != nil {
		return nil, err
	}
	s.tree.denied.catalogue, s.tree.denied.held = o.Catalogue, o.Held
	var err error
	if s.listener, err = net.Listen("tcp", o.Listen); err != nil {
		return nil, fmt.Errorf("start the fake directory: %w", err)
	}
	s.going.Go(s.accept)
	return s, nil
}

// Addr is where the directory listens.
func (s *Server) Addr() *net.TCPAddr { return s.listener.Addr().(*net.TCPAddr) }

// BaseDN is the root of the domain.
func (s *Server) BaseDN() string { return s.tree.base }

// CA is the authority's certificate in PEM; nil without TLS.
func (s *Server) CA() []byte { return s.ca }

// Close ends all connections and waits for what they were doing. It may be called again.
func (s *Server) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.mu.Unlock()
	close(s.closing)
	err := s.listener.Close()
	s.mu.Lock()
	for c := range s.conns {
		_ = c.Close() // it is cut, not ended
	}
	s.mu.Unlock()
	s.going.Wait()
	return err
}

func (s *Server) accept() {
	for {
		conn, err := s.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		if s.admit(conn) {
			s.going.Go(func() { s.serve(conn) })
		}
	}
}

// admit takes note of a connection, so that Close can cut it.
func (s *Server) admit(conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.closing:
		_ = conn.Close()
		return false
	default:
		s.conns[conn] = struct{}{}
		return true
	}
}

func (s *Server) serve(raw net.Conn) {
	defer func() {
		_ = raw.Close()
		s.mu.Lock()
		delete(s.conns, raw)
		s.mu.Unlock()
	}()
	c := &session{server: s, raw: raw}
	c.speak(raw)
	first, err := c.in.Peek(1)
	if err != nil {
		return
	}
	if first[0] == tlsHandshake {
		if s.tls == nil || !c.encrypt(peeked{raw, c.in}) {
			return
		}
	}
	for c.answer() {
	}
}

// tlsHandshake is the first byte of a TLS connection (RFC 8446, section 5.1); LDAP begins with a sequence.
const tlsHandshake = 0x16

// peeked is a connection whose first bytes have been looked at.
type peeked struct {
	net.Conn
	in *bufio.Reader
}

func (p peeked) Read(b []byte) (int, error) { return p.in.Read(b) }
