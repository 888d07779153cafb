package directory

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/mailpanel/account-resource/accountresource/resource"
)

// handshakeProblem says what is wrong with the server's TLS or its certificate.
func (o Options) handshakeProblem(ctx context.Context, c resource.Connection, err error) error {
	args := []string{"Host", c.Host, "Port", strconv.Itoa(c.Port)}
	cause := newMasker(c.BindPassword).cause(err)
	var noTLS tls.RecordHeaderError
	switch {
	case errors.As(err, new(*tls.CertificateVerificationError)):
		return certificateProblem(c, err)
	case timedOut(err):
		return resource.NewProblem("tls", "tls_silent", cause, args...)
	case errors.As(err, &noTLS):
		return resource.NewProblem("tls", "tls_not_offered", cause, args...)
	case negativeSerial(err):
		return resource.NewProblem("host", "certificate_negative_serial", cause, args...)
	}
	said := alertOf(err)
	switch version, suite, agreed := o.offer(ctx, c); {
	case agreed && version < tls.VersionTLS12:
		return resource.NewProblem("tls", "tls_old_version", cause, append(args, "Version", tls.VersionName(version))...)
	case agreed && !safe(suite):
		return resource.NewProblem("tls", "tls_old_ciphers", cause, append(args, "Cipher", tls.CipherSuiteName(suite))...)
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET):
		return resource.NewProblem("tls", "tls_broken_off", cause, args...)
	case said != "" && (agreed || !vague[said]):
		return resource.NewProblem("tls", "tls_alert", cause, append(args, "Reason", said)...)
	}
	return resource.NewProblem("tls", "tls_failed", cause, args...)
}

// vague are the alerts of a server with which there is no common version or cipher suite, among other reasons.
var vague = map[string]bool{"handshake failure": true, "protocol version not supported": true}

// alertOf is the alert with which a server ended the handshake (RFC 8446, section 6.2), empty where it sent none.
func alertOf(err error) string {
	var remote *net.OpError
	if errors.As(err, &remote) && remote.Op == "remote error" {
		return strings.TrimPrefix(remote.Err.Error(), "tls: ")
	}
	return ""
}

// negativeSerial reports whether Go refused a certificate for its serial number, as it does unless the program's main
// package says otherwise (//go:debug x509negativeserial=1). There is no type for that error.
func negativeSerial(err error) bool {
	return err != nil && strings.Contains(err.Error(), "negative serial number")
}

// certificateProblem says what is wrong with a certificate that was understood.
func certificateProblem(c resource.Connection, err error) error {
	args := []string{"Host", c.Host, "Port", strconv.Itoa(c.Port)}
	m := newMasker(c.BindPassword)
	cause := m.cause(err)
	var invalid x509.CertificateInvalidError
	var name x509.HostnameError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return expiredProblem(c, invalid, m)
	case errors.As(err, &name) && !hasAlternativeNames(name.Certificate):
		return resource.NewProblem("host", "certificate_common_name", cause, append(args, "Name", m.text(nameOf(name.Certificate)))...)
	case errors.As(err, &name):
		return resource.NewProblem("host", "certificate_name", cause, append(args, "Names", m.text(namesOf(name.Certificate)))...)
	case weaklySigned(err):
		return resource.NewProblem("host", "certificate_sha1", cause, args...)
	case errors.As(err, new(x509.UnknownAuthorityError)):
		key := "ca_another"
		if c.CACertificate == "" {
			key = "ca_unknown"
		}
		return resource.NewProblem("ca_certificate", key, cause, append(args, "Issuer", m.text(issuerOf(err)))...)
	}
	return resource.NewProblem("ca_certificate", "certificate_invalid", cause, args...)
}

// weaklySigned reports whether one of the certificates that the server sent is signed with SHA-1 or something older, which
// Go does not verify. The signature of one that signed itself is not looked at.
func weaklySigned(err error) bool {
	var refused *tls.CertificateVerificationError
	if !errors.As(err, &refused) {
		return false
	}
	return slices.ContainsFunc(refused.UnverifiedCertificates, func(one *x509.Certificate) bool {
		switch one.SignatureAlgorithm {
		case x509.SHA1WithRSA, x509.ECDSAWithSHA1, x509.DSAWithSHA1, x509.MD5WithRSA, x509.MD2WithRSA:
			return string(one.RawIssuer) != string(one.RawSubject)
		}
		return false
	})
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

// hasAlternativeNames reports whether a certificate names hosts where they are looked for (RFC 6125, section 6.4.4).
func hasAlternativeNames(c *x509.Certificate) bool { return len(c.DNSNames)+len(c.IPAddresses) > 0 }

// namesOf lists what a certificate is good for.
func namesOf(c *x509.Certificate) string {
	names := append([]string(nil), c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
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
