package directory

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mailpanel/account-resource/accountresource/resource"
)

// Certificates is the chain that a server sends, its own certificate first, for a person to look at. Nothing that is
// secret is sent: the connection trusts no authority at all, so it ends with the handshake.
// Of several servers the first one that answers is asked.
func (o Options) Certificates(ctx context.Context, c resource.Connection) (sent []resource.Certificate, err error) {
	_, err = o.firstThatIsWell(ctx, c, func(o Options, c resource.Connection) error {
		sent, err = o.chain(ctx, c)
		return err
	})
	return sent, err
}

// chain is what one server sends.
func (o Options) chain(ctx context.Context, c resource.Connection) ([]resource.Certificate, error) {
	limited, cancel := context.WithTimeout(ctx, cmp.Or(c.TimeoutDuration(), time.Minute))
	defer cancel()
	sent, err := o.handshake(limited, c)
	if err != nil {
		return nil, fmt.Errorf("look at the server's certificate: %w", stopped(ctx, err))
	}
	m := newMasker(c.BindPassword)
	shown := make([]resource.Certificate, len(sent))
	for i, certificate := range sent {
		shown[i] = describe(certificate, m)
	}
	return shown, nil
}

// handshake begins TLS and returns the chain that the server sends meanwhile.
func (o Options) handshake(ctx context.Context, c resource.Connection) ([]*x509.Certificate, error) {
	raw, err := o.connect(ctx, c)
	if err != nil {
		return nil, dialProblem(c, err)
	}
	defer func() { _ = raw.Close() }() // all has been said
	if !c.ImplicitTLS() {
		if err := startTLS(ctx, raw); err != nil {
			return nil, startTLSProblem(c, err)
		}
	}
	err = tls.Client(raw, &tls.Config{ServerName: certifiedName(c), RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}).
		HandshakeContext(ctx)
	var refused *tls.CertificateVerificationError
	if !errors.As(err, &refused) {
		return nil, o.handshakeProblem(ctx, c, err)
	}
	return refused.UnverifiedCertificates, nil
}

func describe(c *x509.Certificate, m *masker) resource.Certificate {
	return resource.Certificate{
		Subject: m.text(c.Subject.String()), Issuer: m.text(c.Issuer.String()), From: c.NotBefore, Until: c.NotAfter,
		Fingerprint: fingerprint(c.Raw), Authority: c.IsCA,
		PEM: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})),
	}
}

// fingerprint is written as openssl x509 -fingerprint -sha256 does.
func fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	pairs := make([]string, len(sum))
	for i, b := range sum {
		pairs[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(pairs, ":")
}
