package directory_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/directory"
	"github.com/mailpanel/account-resource/accountresource/directory/fakead"
)

// What the server sent is shown without being trusted, and is enough once somebody trusts it.
func TestTheCertificateThatAServerSent(t *testing.T) {
	ad := startFake(t, fakead.Options{})
	s := settings(t, ad.Addr().String())
	account, err := ad.Reader("reader", s.Connection.BindPassword.Reveal())
	require.NoError(t, err)
	s.Connection.TLS, s.Connection.BindDN, s.Connection.BaseDN = true, account, ad.BaseDN()
	_, err = open(t, s, 1000).Probe(t.Context())
	wantProblem(t, err, "ca_certificate", "ca_unknown")

	sent, err := directory.Options{}.Certificates(t.Context(), s.Connection)
	require.NoError(t, err)
	require.Len(t, sent, 1)
	assert.Equal(t, "CN=dc1.corp.example", sent[0].Subject)
	assert.Equal(t, "CN=corp.example CA", sent[0].Issuer)
	assert.Regexp(t, `^([0-9A-F]{2}:){31}[0-9A-F]{2}$`, sent[0].Fingerprint)
	assert.False(t, sent[0].Authority)
	assert.WithinDuration(t, time.Now().AddDate(1, 0, 0), sent[0].Until, time.Hour)

	s.Connection.CACertificate = sent[0].PEM
	_, err = open(t, s, 1000).Probe(t.Context())
	require.NoError(t, err)
}

// Whoever looks at the chain sends nothing but a greeting: the handshake is never finished.
func TestNothingIsSentToAServerThatNobodyTrusts(t *testing.T) {
	l, err := tls.Listen("tcp", "127.0.0.1:0", chainOf(t, "Own authority"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	ended := make(chan error, 1)
	go func() {
		conn, err := l.Accept()
		if err == nil {
			_, err = io.ReadAll(conn)
		}
		ended <- err
	}()
	s := settings(t, "127.0.0.1:636") // where TLS is spoken from the first byte
	s.Connection.Timeout = 5
	sent, err := directory.Options{Dial: to(l.Addr())}.Certificates(t.Context(), s.Connection)
	require.NoError(t, err)
	require.Len(t, sent, 2)
	assert.True(t, sent[1].Authority)
	assert.Equal(t, "CN=Own authority", sent[1].Subject)
	require.ErrorContains(t, <-ended, "tls:", "the server never got through the handshake")
}

func TestAServerThatIsNotThereHasNoCertificate(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := settings(t, l.Addr().String())
	require.NoError(t, l.Close())
	_, err = directory.Options{}.Certificates(t.Context(), s.Connection)
	wantProblem(t, err, "port", "port_closed")
}

// chainOf is a certificate for names, and the authority with a name that signed it.
func chainOf(t *testing.T, authority string, names ...string) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: authority}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	ca, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "dc"}, DNSNames: names, NotBefore: template.NotBefore, NotAfter: template.NotAfter,
	}
	parent, err := x509.ParseCertificate(ca)
	require.NoError(t, err)
	der, err := x509.CreateCertificate(rand.Reader, leaf, parent, key.Public(), key)
	require.NoError(t, err)
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{{Certificate: [][]byte{der, ca}, PrivateKey: key}}}
}

// A server that was told the password once may put it into a certificate.
func TestTheNamesOfACertificateAreMasked(t *testing.T) {
	names := []string{"bind-Secret-7.corp.example"}
	for i := range 90 { // Go names up to a hundred in its error
		names = append(names, fmt.Sprintf("dc%d.%s.example", i, strings.Repeat("x", 50)))
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", chainOf(t, "bind-Secret-7\r\n"+strings.Repeat("long ", 2000), names...))
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.ReadAll(conn) }()
		}
	}()
	s := settings(t, "127.0.0.1:636")
	o := directory.Options{Dial: to(l.Addr())}
	sent, err := o.Certificates(t.Context(), s.Connection)
	require.NoError(t, err)
	require.Len(t, sent, 2)
	assert.True(t, strings.HasPrefix(sent[0].Issuer, "CN=•••••• "), sent[0].Issuer)
	assert.LessOrEqual(t, len(sent[0].Issuer), 300)
	assert.NotContains(t, sent[1].Subject, "Secret")

	probe := func() error {
		r, err := o.Open(s)
		require.NoError(t, err)
		defer func() { _ = r.Close() }()
		_, err = r.Probe(t.Context())
		return err
	}
	s.Connection.Host = names[1]
	err = probe()
	wantProblem(t, err, "ca_certificate", "ca_unknown", "••••••")
	assert.LessOrEqual(t, len(err.Error()), 1000)
	s.Connection.Host = "other.example"
	err = probe()
	wantProblem(t, err, "host", "certificate_name", "••••••")
	assert.LessOrEqual(t, len(err.Error()), 1000)
}
