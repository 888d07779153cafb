package directory_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/directory"
	"github.com/mailpanel/account-resource/accountresource/directory/fakead"
	"github.com/mailpanel/account-resource/accountresource/resource"
)

// withKey is a server's TLS with a certificate for an RSA key, as old templates have it.
func (a *authority) withKey(t *testing.T, algorithm x509.SignatureAlgorithm) *tls.Config {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	var config *tls.Config
	signer, parent := crypto.Signer(a.key), a.certificate
	if algorithm == x509.SHA1WithRSA { // the authority has to have such a key, too
		template := *a.certificate
		template.SignatureAlgorithm, template.PublicKey = x509.SHA256WithRSA, nil
		der, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
		require.NoError(t, err)
		parent, err = x509.ParseCertificate(der)
		require.NoError(t, err)
		signer, a.pem = key, pemOf(der)
	}
	leaf := *a.template()
	leaf.SignatureAlgorithm = algorithm
	der, err := x509.CreateCertificate(rand.Reader, &leaf, parent, key.Public(), signer)
	require.NoError(t, err)
	config = &tls.Config{MinVersion: tls.VersionTLS10, Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	return config
}

// negative gives a certificate a negative serial number and signs it again: Go's library makes none.
func (a *authority) negative(t *testing.T, config *tls.Config) *tls.Config {
	t.Helper()
	var certificate struct {
		Body      asn1.RawValue
		Algorithm asn1.RawValue
		Signature asn1.BitString
	}
	_, err := asn1.Unmarshal(config.Certificates[0].Certificate[0], &certificate)
	require.NoError(t, err)
	var body []asn1.RawValue
	_, err = asn1.Unmarshal(certificate.Body.FullBytes, &body)
	require.NoError(t, err)
	require.Equal(t, asn1.TagInteger, body[1].Tag) // behind the version
	body[1] = asn1.RawValue{FullBytes: []byte{asn1.TagInteger, 1, 0xfe}}
	changed, err := asn1.Marshal(body)
	require.NoError(t, err)
	sum := sha256.Sum256(changed)
	signature, err := ecdsa.SignASN1(rand.Reader, a.key, sum[:])
	require.NoError(t, err)
	certificate.Body = asn1.RawValue{FullBytes: changed}
	certificate.Signature = asn1.BitString{Bytes: signature, BitLength: 8 * len(signature)}
	der, err := asn1.Marshal(certificate)
	require.NoError(t, err)
	config.Certificates[0].Certificate[0] = der
	return config
}

// secure is a directory with that TLS and a connection to it that trusts the authority.
func secure(t *testing.T, a *authority, config *tls.Config) resource.Settings {
	t.Helper()
	ad := startFake(t, fakead.Options{TLS: config})
	s := settings(t, ad.Addr().String())
	account, err := ad.Reader("reader", "bind-Secret-7")
	require.NoError(t, err)
	s.Connection.TLS, s.Connection.BindDN, s.Connection.BaseDN, s.Connection.CACertificate = true, account, ad.BaseDN(), a.pem
	return s
}

func TestEveryKindOfCertificateHasItsSentence(t *testing.T) {
	ca := newAuthority(t)
	commonName := func(c *x509.Certificate) { c.DNSNames, c.IPAddresses = nil, nil }
	for name, c := range map[string]struct {
		config     func(*authority) *tls.Config
		field, key string
		says       []string
	}{
		"only a common name": {func(a *authority) *tls.Config { return a.issue(t, commonName) }, "host", "certificate_common_name", []string{"127.0.0.1 has only a common name (dc1.corp.example)"}},
		"another name": {func(a *authority) *tls.Config {
			return a.issue(t, func(c *x509.Certificate) { c.IPAddresses = nil })
		}, "host", "certificate_name", []string{"not for 127.0.0.1 but for dc1.corp.example, localhost"}},
		"expired": {func(a *authority) *tls.Config {
			return a.issue(t, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Hour) })
		}, "host", "certificate_expired", nil},
		"signed with SHA-1": {func(a *authority) *tls.Config { return a.withKey(t, x509.SHA1WithRSA) }, "host", "certificate_sha1", []string{"SHA-256"}},
		"a negative serial": {func(a *authority) *tls.Config { return a.negative(t, a.issue(t, nil)) }, "host", "certificate_negative_serial", []string{"x509negativeserial=1"}},
		"for clients only": {func(a *authority) *tls.Config {
			return a.issue(t, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} })
		}, "ca_certificate", "certificate_invalid", nil},
		"RSA key exchange only": {func(a *authority) *tls.Config {
			config := a.withKey(t, x509.ECDSAWithSHA256)
			config.MaxVersion, config.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256}
			return config
		}, "tls", "tls_old_ciphers", []string{"TLS_RSA_WITH_AES_128_GCM_SHA256", "ECDHE"}},
		"CBC with SHA-256 only": {func(a *authority) *tls.Config {
			config := a.withKey(t, x509.ECDSAWithSHA256)
			config.MaxVersion, config.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256}
			return config
		}, "tls", "tls_old_ciphers", []string{"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256"}},
		"TLS 1.1 only": {func(a *authority) *tls.Config {
			config := a.withKey(t, x509.ECDSAWithSHA256)
			config.MaxVersion = tls.VersionTLS11
			return config
		}, "tls", "tls_old_version", []string{"TLS 1.1 at most", "TLS 1.2"}},
		"a certificate demanded of clients": {func(a *authority) *tls.Config {
			config := a.issue(t, nil)
			config.ClientAuth, config.MaxVersion = tls.RequireAnyClientCert, tls.VersionTLS12
			return config
		}, "tls", "tls_alert", []string{"handshake failure", "asks clients for a certificate"}},
	} {
		t.Run(name, func(t *testing.T) {
			own := *ca
			config := c.config(&own) // which may change the authority
			s := secure(t, &own, config)
			_, err := open(t, s, 1000).Probe(t.Context())
			wantProblem(t, err, c.field, c.key, c.says...)
		})
	}
}

// Schannel may break off where others send an alert, and a server without a certificate always does.
func TestAHandshakeThatIsReset(t *testing.T) {
	ca := newAuthority(t)
	ciphers := map[uint16]bool{tls.TLS_RSA_WITH_AES_128_GCM_SHA256: true}
	for name, c := range map[string]struct {
		agrees func(*tls.ClientHelloInfo) bool
		key    string
		says   string
	}{
		"at once": {func(*tls.ClientHelloInfo) bool { return false }, "tls_broken_off", "port 636"},
		"for want of common ciphers": {func(hello *tls.ClientHelloInfo) bool {
			for _, one := range hello.CipherSuites {
				if ciphers[one] {
					return true
				}
			}
			return false
		}, "tls_old_ciphers", "TLS_RSA_WITH_AES_128_GCM_SHA256"},
	} {
		t.Run(name, func(t *testing.T) {
			config := ca.withKey(t, x509.ECDSAWithSHA256)
			config.MaxVersion, config.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256}
			config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
				if !c.agrees(hello) {
					_ = hello.Conn.(*net.TCPConn).SetLinger(0) // so that closing resets
					_ = hello.Conn.Close()
				}
				return nil, nil
			}
			l, err := tls.Listen("tcp", "127.0.0.1:0", config)
			require.NoError(t, err)
			t.Cleanup(func() { _ = l.Close() })
			go func() {
				for {
					conn, err := l.Accept()
					if err != nil {
						return
					}
					go func() { _, _ = io.Copy(io.Discard, conn) }()
				}
			}()
			s := settings(t, "127.0.0.1:636")
			s.Connection.CACertificate = ca.pem
			_, err = openVia(t, s, l.Addr().String()).Probe(t.Context())
			wantProblem(t, err, "tls", c.key, c.says)
		})
	}
}

func TestAPortWithoutTLS(t *testing.T) {
	script := &scripted{accepted: func(s *session) { _, _ = s.Write([]byte("220 ready\r\n")); discard(s) }}
	_, err := openVia(t, settings(t, "127.0.0.1:636"), script.serve(t)).Probe(t.Context())
	wantProblem(t, err, "tls", "tls_not_offered", "636")
}

// A certificate that an admin trusts by its fingerprint needs neither the right name nor an authority. It has to be exactly
// that one, and within its dates.
func TestOneCertificateIsTrusted(t *testing.T) {
	ca := newAuthority(t)
	for name, c := range map[string]func(*authority) *tls.Config{
		"another name": func(a *authority) *tls.Config {
			return a.issue(t, func(c *x509.Certificate) { c.IPAddresses = nil })
		},
		"only a common name": func(a *authority) *tls.Config {
			return a.issue(t, func(c *x509.Certificate) { c.DNSNames, c.IPAddresses = nil, nil })
		},
		"signed with SHA-1": func(a *authority) *tls.Config { return a.withKey(t, x509.SHA1WithRSA) },
	} {
		t.Run(name, func(t *testing.T) {
			own := *ca
			s := secure(t, ca, c(&own))
			_, err := open(t, s, 1000).Probe(t.Context())
			require.Error(t, err)
			sent, err := directory.Options{}.Certificates(t.Context(), s.Connection)
			require.NoError(t, err)
			s.Connection.CACertificate += sent[0].PEM
			_, err = open(t, s, 1000).Probe(t.Context())
			require.NoError(t, err)

			renewed := s
			other := *ca
			renewed.Connection.Port = secure(t, ca, c(&other)).Connection.Port
			_, err = open(t, renewed, 1000).Probe(t.Context())
			require.Error(t, err, "it is another certificate")
		})
	}
	expired := ca.issue(t, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Hour) })
	s := secure(t, ca, expired)
	s.Connection.CACertificate = pemOf(expired.Certificates[0].Certificate[0])
	_, err := open(t, s, 1000).Probe(t.Context())
	wantProblem(t, err, "host", "certificate_expired")
}

// An authority's certificate vouches for those that it signed, with their names, as if none were trusted by itself.
func TestATrustedCertificateVouchesForNoOther(t *testing.T) {
	ca := newAuthority(t)
	one, other := ca.issue(t, nil), newAuthority(t).issue(t, nil)
	s := secure(t, ca, other)
	s.Connection.CACertificate = ca.pem + pemOf(one.Certificates[0].Certificate[0])
	_, err := open(t, s, 1000).Probe(t.Context())
	wantProblem(t, err, "ca_certificate", "ca_another")
}

// The main package of a host may allow negative serial numbers; then nothing else is wrong with such a certificate.
func TestNegativeSerialNumbersMayBeAllowed(t *testing.T) {
	ca := newAuthority(t)
	config := ca.negative(t, ca.issue(t, nil))
	s := secure(t, ca, config)
	alone := s
	alone.Connection.CACertificate = pemOf(config.Certificates[0].Certificate[0])
	_, err := open(t, alone, 1000).Probe(t.Context())
	wantProblem(t, err, "ca_certificate", "ca_negative_serial", "x509negativeserial=1")

	t.Setenv("GODEBUG", "x509negativeserial=1")
	for _, allowed := range []resource.Settings{s, alone} {
		_, err = open(t, allowed, 1000).Probe(t.Context())
		assert.NoError(t, err)
	}
}
