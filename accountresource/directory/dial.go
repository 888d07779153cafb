package directory

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"github.com/mailpanel/account-resource/accountresource/resource"
)

// dial connects and, where the settings ask for it, encrypts: TLS from the first byte on the ports that mean it,
// StartTLS (RFC 4511, section 4.14) on others, before anything else is said. Certificates are always verified.
func dial(ctx context.Context, c resource.Connection) (*ldap.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, c.TimeoutDuration())
	defer cancel()
	var dialer net.Dialer
	plain, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(c.Host, strconv.Itoa(c.Port)))
	if err != nil {
		return nil, dialProblem(c, err)
	}
	conn, err := encrypt(ctx, plain, c)
	if err != nil {
		_ = plain.Close() // the first error is the one that counts
		return nil, err
	}
	client := ldap.NewConn(conn, conn != plain)
	client.SetTimeout(c.TimeoutDuration())
	client.Start()
	return client, nil
}

func encrypt(ctx context.Context, plain net.Conn, c resource.Connection) (net.Conn, error) {
	if !c.TLS && !c.ImplicitTLS() {
		return plain, nil
	}
	roots, err := authorities(c)
	if err != nil {
		return nil, err
	}
	if !c.ImplicitTLS() {
		if err := startTLS(ctx, plain); err != nil {
			return nil, resource.NewProblem("tls", "starttls_refused", err, "Host", c.Host, "Port", strconv.Itoa(c.Port))
		}
	}
	conn := tls.Client(plain, &tls.Config{ServerName: c.Host, RootCAs: roots, MinVersion: tls.VersionTLS12})
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, handshakeProblem(c, err)
	}
	return conn, nil
}

// authorities are those of the uploaded certificates, and no others; nil: the system's.
func authorities(c resource.Connection) (*x509.CertPool, error) {
	if c.CACertificate == "" {
		return nil, nil //nolint:nilnil // nil is how package tls asks for the system's
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(c.CACertificate)) {
		return nil, resource.NewProblem("ca_certificate", "ca_no_pem", nil)
	}
	return pool, nil
}

const startTLSName = "1.3.6.1.4.1.1466.20037"

// startTLS asks for encryption. It is spoken here rather than by go-ldap, which would turn the reason of a failed
// handshake into text.
func startTLS(ctx context.Context, conn net.Conn) error {
	if deadline, limited := ctx.Deadline(); limited {
		if err := conn.SetDeadline(deadline); err != nil {
			return fmt.Errorf("limit the time for StartTLS: %w", err)
		}
	}
	request := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSequence, nil, "LDAP request")
	request.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, 1, "message ID"))
	extended := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldap.ApplicationExtendedRequest, nil, "StartTLS")
	extended.AppendChild(ber.NewString(ber.ClassContext, ber.TypePrimitive, 0, startTLSName, "name"))
	request.AppendChild(extended)
	if _, err := conn.Write(request.Bytes()); err != nil {
		return fmt.Errorf("ask for StartTLS: %w", err)
	}
	answer, err := ber.ReadPacket(conn)
	if err != nil {
		return fmt.Errorf("read the answer to StartTLS: %w", err)
	}
	if len(answer.Children) < 2 {
		return errors.New("the answer to StartTLS is no LDAP message")
	}
	if err := ldap.GetLDAPError(answer); err != nil {
		return fmt.Errorf("StartTLS: %w", err)
	}
	return conn.SetDeadline(time.Time{})
}
