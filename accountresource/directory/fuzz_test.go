package directory_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/directory"
	"github.com/mailpanel/account-resource/accountresource/directory/fakead"
	"github.com/mailpanel/account-resource/accountresource/resource"
)

// FuzzStartTLSAnswers has a server say anything at all in answer to StartTLS: there is an error, and soon.
func FuzzStartTLSAnswers(f *testing.F) {
	result := func(code int64) []byte {
		return message(1, sequence(ber.ClassApplication, ldap.ApplicationExtendedResponse, enumerated(code), octets(""), octets("text")))
	}
	f.Add(result(0))
	f.Add(result(52))
	f.Add(append(result(0), "HTTP/1.1 400"...))
	f.Add(endless(result(0)))
	f.Add([]byte{0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 2, 1, 1})
	f.Add([]byte{0x30, 0x03, 0x02, 0x01, 0x01})
	f.Fuzz(func(t *testing.T, answer []byte) {
		c := resource.Connection{Host: "fuzz", Port: 389, TLS: true, Timeout: 30}
		o := directory.Options{Dial: func(context.Context, string, string) (net.Conn, error) {
			client, server := net.Pipe()
			go func() {
				defer server.Close()
				_ = server.SetDeadline(time.Now().Add(10 * time.Second))
				_, _ = server.Read(make([]byte, 100))
				go discard(server)
				_, _ = server.Write(answer)
			}()
			return client, nil
		}}
		_, err := o.Certificates(t.Context(), c)
		require.Error(t, err)
		problems := resource.ProblemsOf(err)
		require.NotEqual(t, "problem_unexpected", problems[0].Message.Key)
	})
}

func FuzzExtendedDNs(f *testing.F) {
	f.Add("<GUID=00112233-4455-6677-8899-aabbccddeeff>;<SID=S-1-5-21-1>;CN=A,DC=b")
	f.Add("<GUID=33221100554477668899aabbccddeeff>;CN=A")
	f.Add("<GUID=>;")
	f.Add("<GUID=\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00>;x")
	f.Add("CN=A,DC=b")
	f.Fuzz(func(t *testing.T, text string) {
		id, dn, ok := directory.SplitDN(text)
		require.True(t, strings.HasSuffix(text, dn))
		if !ok {
			return
		}
		require.Regexp(t, `^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`, string(id))
	})
}

func FuzzRangeOptions(f *testing.F) {
	for _, options := range []string{"range=0-1499", "RANGE=1500-*", "binary;range=0-9", "range=", "range=9223372036854775807-9223372036854775807", "range=0--5"} {
		f.Add(options)
	}
	f.Fuzz(func(t *testing.T, options string) {
		require.GreaterOrEqual(t, directory.NextOf(options), 0)
	})
}

func FuzzGUIDs(f *testing.F) {
	f.Add([]byte("0123456789abcdef"))
	f.Add([]byte{})
	f.Add([]byte("0123456789abcdef0"))
	f.Fuzz(func(t *testing.T, b []byte) {
		id, err := directory.FormatGUID(b)
		require.Equal(t, len(b) == 16, err == nil)
		if err == nil {
			require.Len(t, string(id), 36)
		}
	})
}

func FuzzSchemas(f *testing.F) {
	for _, definition := range append([]string{"(", "()", "( 1.2 NAME ( 'a", "( 1.2 NAME (( 'a' ) )", "( 1.2 NAME '' )"}, attributeTypes...) {
		f.Add(definition)
	}
	f.Fuzz(func(t *testing.T, definition string) {
		for _, name := range directory.AttributeNames(definition) {
			require.Contains(t, definition, name)
			require.NotEmpty(t, name)
		}
	})
}

// FuzzAuthorities reads what an admin uploads as the authorities of a server.
func FuzzAuthorities(f *testing.F) {
	ad, err := fakead.Start(fakead.Options{})
	require.NoError(f, err)
	f.Cleanup(func() { _ = ad.Close() })
	f.Add(string(ad.CA()))
	f.Add("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
	f.Add("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
	f.Add(string(ad.CA()) + "-----BEGIN")
	f.Fuzz(func(t *testing.T, text string) {
		s := resource.Defaults()
		s.Connection.CACertificate = text
		for _, problem := range directory.CheckSyntax(s) {
			require.Equal(t, "ca_certificate", problem.Field)
		}
	})
}
