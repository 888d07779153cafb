package directory

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"strings"

	"github.com/mailpanel/account-resource/accountresource/resource"
)

// authorities are those of the uploaded certificates and no others; nil, where none were uploaded, is how package tls
// asks for the system's.
func authorities(c resource.Connection) (*x509.CertPool, *resource.Problem) {
	if strings.TrimSpace(c.CACertificate) == "" {
		return nil, nil //nolint:nilnil // see above
	}
	pool, found := x509.NewCertPool(), false
	rest := []byte(c.CACertificate)
	for {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		switch {
		case block == nil && bytes.Contains(rest, []byte("-----BEGIN")) && found:
			return nil, resource.NewProblem("ca_certificate", "ca_broken", nil)
		case block == nil && !found:
			return nil, resource.NewProblem("ca_certificate", "ca_no_pem", nil)
		case block == nil:
			return pool, nil
		case strings.HasSuffix(block.Type, "PRIVATE KEY"):
			return nil, resource.NewProblem("ca_certificate", "ca_private_key", nil)
		case block.Type != "CERTIFICATE":
			continue
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, resource.NewProblem("ca_certificate", "ca_broken", err)
		}
		pool.AddCert(certificate)
		found = true
	}
}
