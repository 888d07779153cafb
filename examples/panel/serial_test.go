package main

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Samba makes certificates with negative serial numbers; main.go says that they are read.
func TestCertificatesWithANegativeSerialNumberAreRead(t *testing.T) {
	text, err := os.ReadFile("testdata/negative-serial.pem") // openssl req -x509 -set_serial -2
	require.NoError(t, err)
	block, _ := pem.Decode(text)
	require.NotNil(t, block)
	certificate, err := x509.ParseCertificate(block.Bytes)
	require.NoError(t, err)
	assert.Equal(t, int64(-2), certificate.SerialNumber.Int64())
}
