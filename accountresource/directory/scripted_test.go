package directory_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/directory"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// scripted is an LDAP server that says exactly what a test wants said, right or wrong. What is left nil behaves.
type scripted struct {
	// accepted has a connection before anything is read from it.
	accepted func(s *session)
	bind     func(s *session, r request)
	// extended answers StartTLS.
	extended func(s *session, r request)
	root     map[string][]string
	// read answers base searches of anything but the rootDSE; ok is false for what does not exist.
	read func(dn string, attributes []string) (values map[string][]string, ok bool)
	list func(s *session, r request)
	// fail answers a base search in read's place, where it returns true.
	fail func(s *session, r request) bool
	// cutAt is an entry whose reading ends the connection.
	cutAt string
}

// request is what the server read.
type request struct {
	id         int64
	op         ber.Tag
	base       string
	scope      int64
	deref      int64
	timeLimit  int64
	attributes []string
	pageSize   int64
	cookie     string
	critical   bool
}

// session is one connection.
type session struct {
	net.Conn
	script *scripted
}

const scriptedBase = "DC=example,DC=com"

// serve listens on a free port until the test ends.
func (sc *scripted) serve(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go sc.accept(l)
	return l.Addr().String()
}

func (sc *scripted) accept(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go (&session{conn, sc}).run()
	}
}

func (s *session) run() {
	defer s.Close()
	if s.script.accepted != nil {
		s.script.accepted(s)
		return
	}
	for {
		packet, err := ber.ReadPacket(s)
		if err != nil {
			return
		}
		s.answer(parse(packet))
	}
}

func (s *session) answer(r request) {
	switch r.op {
	case ldap.ApplicationBindRequest:
		if s.script.bind != nil {
			s.script.bind(s, r)
			return
		}
		s.result(r, ldap.ApplicationBindResponse, 0, "")
	case ldap.ApplicationSearchRequest:
		s.search(r)
	case ldap.ApplicationExtendedRequest:
		if s.script.extended != nil {
			s.script.extended(s, r)
		}
	}
}

func (s *session) search(r request) {
	if r.scope != ldap.ScopeBaseObject {
		s.script.list(s, r)
		return
	}
	if s.script.fail != nil && s.script.fail(s, r) {
		return
	}
	values, ok := s.script.root, true
	if r.base != "" {
		values, ok = map[string][]string{"objectClass": {"top"}}, true
		if s.script.read != nil {
			values, ok = s.script.read(r.base, r.attributes)
		}
	}
	if s.script.cutAt != "" && r.base == s.script.cutAt {
		_ = s.Close()
		return
	}
	if !ok {
		s.result(r, ldap.ApplicationSearchResultDone, ldap.LDAPResultNoSuchObject, "not here")
		return
	}
	s.entry(r, r.base, values)
	s.result(r, ldap.ApplicationSearchResultDone, 0, "")
}

func parse(packet *ber.Packet) request {
	r := request{id: packet.Children[0].Value.(int64), op: packet.Children[1].Tag, scope: -1}
	body := packet.Children[1].Children
	if r.op == ldap.ApplicationSearchRequest {
		r.base, r.scope, r.deref = body[0].Value.(string), body[1].Value.(int64), body[2].Value.(int64)
		r.timeLimit = body[4].Value.(int64)
		for _, a := range body[7].Children {
			r.attributes = append(r.attributes, a.Value.(string))
		}
	}
	if len(packet.Children) < 3 {
		return r
	}
	for _, control := range packet.Children[2].Children {
		if control.Children[0].Value.(string) != ldap.ControlTypePaging {
			continue
		}
		if len(control.Children) == 3 {
			r.critical = control.Children[1].Value.(bool)
		}
		value := ber.DecodePacket(control.Children[len(control.Children)-1].ByteValue)
		r.pageSize, r.cookie = value.Children[0].Value.(int64), value.Children[1].Value.(string)
	}
	return r
}

func octets(text string) *ber.Packet {
	return ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, text, "")
}

func enumerated(code int64) *ber.Packet {
	return ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, code, "")
}

func sequence(class ber.Class, tag ber.Tag, children ...*ber.Packet) *ber.Packet {
	p := ber.Encode(class, ber.TypeConstructed, tag, nil, "")
	for _, c := range children {
		p.AppendChild(c)
	}
	return p
}

func message(id int64, parts ...*ber.Packet) []byte {
	number := ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, id, "")
	return sequence(ber.ClassUniversal, ber.TagSequence, append([]*ber.Packet{number}, parts...)...).Bytes()
}

// result ends an operation.
func (s *session) result(r request, op ber.Tag, code int64, text string, controls ...*ber.Packet) {
	parts := []*ber.Packet{sequence(ber.ClassApplication, op,
		enumerated(code), octets(""), octets(text))}
	if len(controls) > 0 {
		parts = append(parts, sequence(ber.ClassContext, 0, controls...))
	}
	_, _ = s.Write(message(r.id, parts...)) // the reader may be gone, which is what some tests are about
}

func (s *session) entry(r request, dn string, values map[string][]string) {
	attributes := sequence(ber.ClassUniversal, ber.TagSequence)
	for name, all := range values {
		set := sequence(ber.ClassUniversal, ber.TagSet)
		for _, v := range all {
			set.AppendChild(octets(v))
		}
		attributes.AppendChild(sequence(ber.ClassUniversal, ber.TagSequence, octets(name), set))
	}
	_, _ = s.Write(message(r.id, sequence(ber.ClassApplication, ldap.ApplicationSearchResultEntry, octets(dn), attributes)))
}

// reference points elsewhere, as a search at a domain's root does.
func (s *session) reference(r request, url string) {
	_, _ = s.Write(message(r.id, sequence(ber.ClassApplication, ldap.ApplicationSearchResultReference, octets(url))))
}

// user sends an entry whose identity is its number.
func (s *session) user(r request, n int) {
	s.entry(r, userDN(n), map[string][]string{
		"objectGUID": {fmt.Sprintf("%016d", n)}, "objectClass": {"top", "user"},
		"userPrincipalName": {fmt.Sprintf("user%d@example.com", n)},
	})
}

func userDN(n int) string { return fmt.Sprintf("CN=User %d,%s", n, scriptedBase) }

// page ends a page of a search.
func (s *session) page(r request, cookie string) {
	value := sequence(ber.ClassUniversal, ber.TagSequence,
		ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, 0, ""), octets(cookie))
	s.result(r, ldap.ApplicationSearchResultDone, 0, "", sequence(ber.ClassUniversal, ber.TagSequence,
		octets(ldap.ControlTypePaging), octets(string(value.Bytes()))))
}

// pages lists users from 1 to n, with the number of the last one as the cookie.
func pages(n int) func(*session, request) {
	return func(s *session, r request) {
		from, _ := strconv.Atoi(r.cookie)
		to := min(n, from+int(r.pageSize))
		for i := from + 1; i <= to; i++ {
			s.user(r, i)
		}
		if to == n {
			s.page(r, "")
			return
		}
		s.page(r, strconv.Itoa(to))
	}
}

// settings are for the server at an address, without encryption.
func settings(t testing.TB, address string) resource.Settings {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	s := resource.Defaults()
	s.Connection.Host = host
	s.Connection.Port, err = strconv.Atoi(port)
	require.NoError(t, err)
	s.Connection.TLS, s.Connection.Timeout = false, 30
	s.Connection.BaseDN, s.Connection.BindDN = scriptedBase, "reader@example.com"
	s.Connection.BindPassword = resource.NewSecret("bind-Secret-7")
	return s
}

// open makes a reader with small pages, which is closed when the test ends.
func open(t testing.TB, s resource.Settings, size int) run.Reader {
	t.Helper()
	r, err := directory.Options{PageSize: size}.Open(s)
	require.NoError(t, err)
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// openVia is a reader whose connections all lead to the address, whatever port the settings name.
func openVia(t testing.TB, s resource.Settings, address string) run.Reader {
	t.Helper()
	var dialer net.Dialer
	r, err := directory.Options{Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return dialer.DialContext(ctx, network, address)
	}}.Open(s)
	require.NoError(t, err)
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// discard swallows what is sent, so that a server stays silent.
func discard(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }
