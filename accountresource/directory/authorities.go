package directory

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"strings"

	"github.com/mailpanel/account-resource/accountresource/resource"
)

// trustOf is trust in the uploaded certificates and no others: each is an authority, and may be the server's own. Where none
// were uploaded, the authorities are the system's.
func trustOf(c resource.Connection) (trust, *resource.Problem) {
	if strings.TrimSpace(c.CACertificate) == "" {
		return trust{}, nil
	}
	t, found := trust{roots: x509.NewCertPool(), pinned: make(map[string]bool)}, false
	rest := []byte(resource.CertificatesAsPEM(c.CACertificate))
	for {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		switch {
		case block == nil && bytes.Contains(rest, []byte("-----BEGIN")) && found:
			return trust{}, resource.NewProblem("ca_certificate", "ca_broken", nil)
		case block == nil && !found:
			return trust{}, resource.NewProblem("ca_certificate", "ca_no_pem", nil)
		case block == nil:
			return t, nil
		case strings.HasSuffix(block.Type, "PRIVATE KEY"):
			return trust{}, resource.NewProblem("ca_certificate", "ca_private_key", nil)
		case block.Type != "CERTIFICATE":
			continue
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		switch {
		case negativeSerial(err):
			return trust{}, resource.NewProblem("ca_certificate", "ca_negative_serial", err)
		case err != nil:
			return trust{}, resource.NewProblem("ca_certificate", "ca_broken", err)
		}
		t.roots.AddCert(certificate)
		t.pinned[string(certificate.Raw)], found = true, true
	}
}
