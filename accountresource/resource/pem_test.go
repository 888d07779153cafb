package resource_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/resource"
)

func certificate(t testing.TB) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	return der
}

func armour(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func TestCertificatesAreTakenInEveryUsualForm(t *testing.T) {
	chain, err := os.ReadFile("testdata/chain.pem")
	require.NoError(t, err)
	packed, err := os.ReadFile("testdata/chain.p7b") // openssl crl2pkcs7 -nocrl -certfile chain.pem -outform DER
	require.NoError(t, err)
	one := certificate(t)
	first, both := armour("CERTIFICATE", one), string(chain)
	for name, c := range map[string]struct{ typed, want string }{
		"PEM":                              {both, both},
		"PEM with a remark":                {"our authority\n" + first, "our authority\n" + first},
		"PEM behind a byte order mark":     {"\ufeff" + both, both},
		"DER":                              {string(one), first},
		"DER in base64":                    {base64.StdEncoding.EncodeToString(one), first},
		"DER in lines of base64":           {armour("X", one)[len("-----BEGIN X-----\n") : len(armour("X", one))-len("-----END X-----\n")], first},
		"PKCS #7":                          {string(packed), both},
		"PKCS #7 as PEM":                   {armour("PKCS7", packed), both},
		"PKCS #7 beside PEM":               {armour("PKCS7", packed) + first, both + first},
		"PKCS #7 in base64 after the mark": {"\ufeff" + base64.StdEncoding.EncodeToString(packed), both},
		"nothing":                          {"", ""},
		"something else":                   {"certificate", "certificate"},
		"base64 of something else":         {base64.StdEncoding.EncodeToString([]byte("certificate")), "Y2VydGlmaWNhdGU="},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.want, resource.CertificatesAsPEM(c.typed))
			form := map[string]string{"ca_certificate": c.typed}
			got, _ := resource.ParseConnection(func(field string) (string, bool) { v, is := form[field]; return v, is }, resource.Connection{})
			assert.Equal(t, strings.TrimSpace(c.want), got.CACertificate)
		})
	}
}

// Whatever is submitted, what is stored does not change when it is submitted again.
func FuzzCertificatesAsPEM(f *testing.F) {
	der := certificate(f)
	for _, seed := range [][]byte{nil, der, []byte(armour("CERTIFICATE", der)), []byte(base64.StdEncoding.EncodeToString(der)), []byte(armour("PKCS7", der))} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed []byte) {
		once := resource.CertificatesAsPEM(string(typed))
		assert.Equal(t, once, resource.CertificatesAsPEM(once))
	})
}
