package fakead

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// session is one client's connection.
type session struct {
	server    *Server
	raw       net.Conn
	in        *bufio.Reader
	out       *bufio.Writer
	encrypted bool
	bound     *entry // nil: anonymous
	admin     bool
	scratch   []byte // what entries are written into, again and again
}

func (c *session) speak(over io.ReadWriter) {
	c.in, c.out = bufio.NewReader(over), bufio.NewWriter(over)
}

// encrypt does the handshake and speaks TLS from then on.
func (c *session) encrypt(over net.Conn) bool {
	conn := tls.Server(over, c.server.tls)
	if conn.Handshake() != nil {
		return false
	}
	c.speak(conn)
	c.encrypted = true
	return true
}

// request is one message of the client.
type request struct {
	id       int64
	op       *ber.Packet
	controls []ldap.Control
}

// answer reads a message and does what it says. It is false when the connection is over.
func (c *session) answer() bool {
	packet, err := ber.ReadPacket(c.in)
	if err != nil {
		return false
	}
	r, ok := parseRequest(packet)
	if !ok {
		return false
	}
	again := c.do(r)
	return c.out.Flush() == nil && again
}

func parseRequest(packet *ber.Packet) (r request, ok bool) {
	if len(packet.Children) < 2 {
		return r, false
	}
	r.id, ok = packet.Children[0].Value.(int64)
	r.op = packet.Children[1]
	if len(packet.Children) > 2 {
		for _, child := range packet.Children[2].Children {
			control, err := ldap.DecodeControl(child)
			if err != nil {
				return r, false
			}
			r.controls = append(r.controls, control)
		}
	}
	return r, ok
}

func (c *session) do(r request) bool {
	switch r.op.Tag {
	case ldap.ApplicationBindRequest:
		c.bind(r)
	case ldap.ApplicationUnbindRequest:
		return false
	case ldap.ApplicationSearchRequest:
		return c.search(r)
	case ldap.ApplicationExtendedRequest:
		return c.extended(r)
	case ldap.ApplicationAddRequest:
		c.write(r, ldap.ApplicationAddResponse, addOf)
	case ldap.ApplicationModifyRequest:
		c.write(r, ldap.ApplicationModifyResponse, modifyOf)
	case ldap.ApplicationModifyDNRequest:
		c.write(r, ldap.ApplicationModifyDNResponse, moveOf)
	case ldap.ApplicationDelRequest:
		c.write(r, ldap.ApplicationDelResponse, deleteOf)
	case ldap.ApplicationAbandonRequest:
	default:
		return false
	}
	return true
}

// startTLS is the extended request for encryption (RFC 4511, section 4.14).
const startTLS = "1.3.6.1.4.1.1466.20037"

func (c *session) extended(r request) bool {
	name := ""
	if len(r.op.Children) > 0 {
		name = r.op.Children[0].Data.String()
	}
	switch {
	case name != startTLS:
		c.result(r, ldap.ApplicationExtendedResponse, failure(ldap.LDAPResultProtocolError, "0000203D: LdapErr: DSID-0C091274, comment: Unknown extended request OID, data 0, v4563"))
	case c.server.tls == nil || c.encrypted:
		c.result(r, ldap.ApplicationExtendedResponse, failure(ldap.LDAPResultUnavailable, "00000000: LdapErr: DSID-0C0911C6, comment: Error initializing SSL/TLS, data 0, v4563"))
	default:
		c.result(r, ldap.ApplicationExtendedResponse, nil)
		return c.out.Flush() == nil && c.encrypt(c.raw)
	}
	return true
}

// failure is an answer other than success, with the text that Windows puts into it.
func failure(code uint16, text string) *ldap.Error {
	return &ldap.Error{ResultCode: code, Err: errors.New(text)}
}

// result ends an operation: with success when err is nil, else with its code and text.
func (c *session) result(r request, op ber.Tag, err *ldap.Error, controls ...ldap.Control) {
	code, text, referral := uint16(ldap.LDAPResultSuccess), "", ""
	if err != nil {
		code, text, referral = err.ResultCode, err.Err.Error(), err.MatchedDN
	}
	body := sequence(ber.ClassApplication, op,
		ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, uint64(code), ""), octets(""), octets(text))
	if code == ldap.LDAPResultReferral {
		body.AppendChild(sequence(ber.ClassContext, 3, octets(referral)))
	}
	c.send(r, body, controls...)
}

func (c *session) send(r request, body *ber.Packet, controls ...ldap.Control) {
	message := sequence(ber.ClassUniversal, ber.TagSequence,
		ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, r.id, ""), body)
	if len(controls) > 0 {
		all := sequence(ber.ClassContext, 0)
		for _, control := range controls {
			all.AppendChild(control.Encode())
		}
		message.AppendChild(all)
	}
	_, _ = c.out.Write(message.Bytes()) // the flush behind every answer has the error
}

func octets(text string) *ber.Packet {
	return ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, text, "")
}

func sequence(class ber.Class, tag ber.Tag, children ...*ber.Packet) *ber.Packet {
	p := ber.Encode(class, ber.TypeConstructed, tag, nil, "")
	for _, child := range children {
		p.AppendChild(child)
	}
	return p
}
