package resource

import (
	"encoding/binary"
	"strconv"
	"strings"
)

// Endpoint is what a bind password belongs to: the servers that it is sent to, how the way to them is protected, and
// whose password it is. Two endpoints are equal (==) when a password of one may be used for the other.
type Endpoint struct {
	hosts         string
	port          int
	tls           bool
	account       string
	caCertificate string
}

// Endpoint returns what the password of the connection belongs to.
func (c Connection) Endpoint() Endpoint {
	return Endpoint{
		hosts: strings.ToLower(strings.Join(c.Hosts(), ",")), port: c.Port, tls: c.TLS, account: c.BindDN,
		caCertificate: c.CACertificate,
	}
}

// WithoutCA returns the endpoint whatever certificates it trusts: a password that an admin has just typed stays in
// the form while the server's certificate is looked at and trusted.
func (e Endpoint) WithoutCA() Endpoint {
	e.caCertificate = ""
	return e
}

// Binding returns bytes that differ for any two endpoints that differ: additional data for authenticated encryption.
func (e Endpoint) Binding() []byte {
	var all []byte
	for _, part := range []string{e.hosts, strconv.Itoa(e.port), strconv.FormatBool(e.tls), e.account, e.caCertificate} {
		all = binary.AppendUvarint(all, uint64(len(part)))
		all = append(all, part...)
	}
	return all
}

// takePassword decides which password a submitted connection is used with; every use of a form asks here. A typed one
// counts. An empty field means the stored one, but only for the endpoint that it was typed for: sent anywhere else, it
// would be given away.
func (c *Connection) takePassword(stored Connection) *Problem {
	switch {
	case !c.BindPassword.IsZero(), stored.BindPassword.IsZero():
		return nil
	case c.Endpoint() != stored.Endpoint():
		return NewProblem("bind_password", "password_again", nil)
	}
	c.BindPassword = stored.BindPassword
	return nil
}
