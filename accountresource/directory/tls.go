package directory

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/mailpanel/account-resource/accountresource/resource"
)

// encrypt puts TLS over the connection: from the first byte on the ports that mean it, whatever the toggle says, and
// after StartTLS on others with the toggle on. With the toggle off on those, the connection stays as it is.
// The certificate is verified for the host as it was typed, against the uploaded authorities or the system's.
func encrypt(ctx context.Context, raw net.Conn, c resource.Connection) (net.Conn, error) {
	if !c.TLS && !c.ImplicitTLS() {
		return raw, nil
	}
	roots, problem := authorities(c)
	if problem != nil {
		return nil, problem
	}
	if !c.ImplicitTLS() {
		if err := startTLS(ctx, raw); err != nil {
			return nil, startTLSProblem(c, err)
		}
	}
	name, _, _ := strings.Cut(hostOf(c), "%") // the zone of a link-local address is in no certificate
	conn := tls.Client(raw, &tls.Config{ServerName: name, RootCAs: roots, MinVersion: tls.VersionTLS12})
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, handshakeProblem(c, err)
	}
	return conn, nil
}

// handshakeProblem says what is wrong with the server's TLS or its certificate.
func handshakeProblem(c resource.Connection, err error) error {
	args := []string{"Host", c.Host, "Port", strconv.Itoa(c.Port)}
	m := newMasker(c.BindPassword)
	cause := m.cause(err)
	var invalid x509.CertificateInvalidError
	var name x509.HostnameError
	var noTLS tls.RecordHeaderError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return expiredProblem(c, invalid, m)
	case errors.As(err, &name):
		return resource.NewProblem("host", "certificate_name", cause, append(args, "Names", m.text(namesOf(name.Certificate)))...)
	case errors.As(err, new(x509.UnknownAuthorityError)):
		key := "ca_another"
		if c.CACertificate == "" {
			key = "ca_unknown"
		}
		return resource.NewProblem("ca_certificate", key, cause, append(args, "Issuer", m.text(issuerOf(err)))...)
	case errors.As(err, new(*tls.CertificateVerificationError)):
		return resource.NewProblem("ca_certificate", "certificate_invalid", cause, args...)
	case timedOut(err):
		return resource.NewProblem("tls", "tls_silent", cause, args...)
	case errors.As(err, &noTLS), errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET):
		return resource.NewProblem("tls", "tls_not_offered", cause, args...)
	}
	return resource.NewProblem("tls", "tls_failed", cause, args...)
}

// expiredProblem names the date, and who has to act: the server's certificate is renewed there, an authority's is
// uploaded here.
func expiredProblem(c resource.Connection, invalid x509.CertificateInvalidError, m *masker) error {
	args := []string{
		"Host", c.Host, "From", invalid.Cert.NotBefore.UTC().Format(time.DateOnly),
		"Until", invalid.Cert.NotAfter.UTC().Format(time.DateOnly), "Name", m.text(nameOf(invalid.Cert)),
	}
	cause := m.cause(invalid)
	early := time.Now().Before(invalid.Cert.NotBefore)
	switch {
	case invalid.Cert.IsCA && early:
		return resource.NewProblem("ca_certificate", "ca_not_yet", cause, args...)
	case invalid.Cert.IsCA:
		return resource.NewProblem("ca_certificate", "ca_expired", cause, args...)
	case early:
		return resource.NewProblem("host", "certificate_not_yet", cause, args...)
	}
	return resource.NewProblem("host", "certificate_expired", cause, args...)
}

// namesOf lists what a certificate is good for.
func namesOf(c *x509.Certificate) string {
	names := append([]string(nil), c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		return nameOf(c)
	}
	const enough = 10
	if len(names) > enough {
		names = append(names[:enough], "…")
	}
	return strings.Join(names, ", ")
}

func nameOf(c *x509.Certificate) string {
	if c.Subject.CommonName != "" {
		return c.Subject.CommonName
	}
	return c.Subject.String()
}

// issuerOf is who signed the last certificate that the server sent: the one to be uploaded, as a rule.
func issuerOf(err error) string {
	var refused *tls.CertificateVerificationError
	if !errors.As(err, &refused) || len(refused.UnverifiedCertificates) == 0 {
		return "?"
	}
	sent := refused.UnverifiedCertificates
	last := sent[len(sent)-1]
	if last.Issuer.CommonName != "" {
		return last.Issuer.CommonName
	}
	return last.Issuer.String()
}
