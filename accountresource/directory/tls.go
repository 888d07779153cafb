package directory

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"strings"

	"github.com/mailpanel/account-resource/accountresource/resource"
)

// encrypt puts TLS over the connection: from the first byte on the ports that mean it, whatever the toggle says, and
// after StartTLS on others with the toggle on. With the toggle off on those, the connection stays as it is.
// The certificate is verified for the host as it was typed, against the uploaded authorities or the system's, or is
// itself one of those uploaded.
func (o Options) encrypt(ctx context.Context, raw net.Conn, c resource.Connection) (net.Conn, error) {
	if !c.TLS && !c.ImplicitTLS() {
		return raw, nil
	}
	trusted, problem := trustOf(c)
	if problem != nil {
		return nil, problem
	}
	if !c.ImplicitTLS() {
		if err := startTLS(ctx, raw); err != nil {
			return nil, startTLSProblem(c, err)
		}
	}
	conn := tls.Client(raw, trusted.config(c))
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, o.handshakeProblem(ctx, c, err)
	}
	return conn, nil
}

// certifiedName is the name that a certificate has to be for.
func certifiedName(c resource.Connection) string {
	name, _, _ := strings.Cut(hostOf(c), "%") // the zone of a link-local address is in no certificate
	return name
}

// trust is whom a connection believes.
type trust struct {
	roots  *x509.CertPool // nil: those of the system
	pinned map[string]bool
}

// config verifies as package tls does, but that a certificate that was uploaded itself needs neither a chain nor the right
// name: an admin has compared its fingerprint. It has to be within its dates all the same.
func (t trust) config(c resource.Connection) *tls.Config {
	config := &tls.Config{ServerName: certifiedName(c), RootCAs: t.roots, MinVersion: tls.VersionTLS12}
	if len(t.pinned) > 0 {
		config.InsecureSkipVerify = true // in favour of the next line, which is called for every connection
		config.VerifyConnection = func(state tls.ConnectionState) error { return t.verify(state, config.ServerName) }
	}
	return config
}

func (t trust) verify(state tls.ConnectionState, name string) error {
	sent := state.PeerCertificates // never empty: a server has to send one
	options := x509.VerifyOptions{Roots: t.roots, DNSName: name, Intermediates: x509.NewCertPool()}
	if t.pinned[string(sent[0].Raw)] {
		options.Roots, options.DNSName, options.KeyUsages = x509.NewCertPool(), "", []x509.ExtKeyUsage{x509.ExtKeyUsageAny}
		options.Roots.AddCert(sent[0])
	}
	for _, one := range sent[1:] {
		options.Intermediates.AddCert(one)
	}
	if _, err := sent[0].Verify(options); err != nil {
		return &tls.CertificateVerificationError{UnverifiedCertificates: sent, Err: err}
	}
	return nil
}
