package resource

import (
	"bytes"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"strings"
)

// CertificatesAsPEM returns certificates in the form in which they are stored, PEM (RFC 7468), whatever an admin submits:
// PEM behind a byte order mark, PKCS #7 as Windows exports whole chains (RFC 2315), DER, and each of these as base64 without
// the lines around it. What is none of them comes back as it is.
func CertificatesAsPEM(text string) string {
	marked := strings.TrimPrefix(text, "\ufeff")
	if strings.Contains(marked, "-----BEGIN") {
		return unpacked(marked)
	}
	if found := armoured([]byte(text)); found != "" {
		return found
	}
	if decoded, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(marked), "")); err == nil {
		if found := armoured(decoded); found != "" {
			return found
		}
	}
	return marked
}

// unpacked returns PEM with the certificates of its PKCS #7 blocks instead of the blocks.
func unpacked(text string) string {
	var all strings.Builder
	changed := false
	for rest := []byte(text); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		found := ""
		if block.Type == "PKCS7" || block.Type == "CMS" || block.Type == "PKCS #7 SIGNED DATA" {
			found = armoured(block.Bytes)
		}
		if changed = changed || found != ""; found == "" {
			found = string(pem.EncodeToMemory(block))
		}
		all.WriteString(found)
	}
	if !changed {
		return text
	}
	return all.String()
}

// armoured returns PEM of a certificate in DER or of all certificates of a PKCS #7 structure, empty where it is neither.
func armoured(der []byte) string {
	if certificates := bundled(der); certificates != nil {
		var all strings.Builder
		for _, one := range certificates {
			all.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: one}))
		}
		return all.String()
	}
	var certificate struct{ Body, Algorithm, Signature asn1.RawValue }
	rest, err := asn1.Unmarshal(der, &certificate) // a sequence of exactly three (RFC 5280, section 4.1)
	if err != nil || len(rest) > 0 || certificate.Body.Tag != asn1.TagSequence || certificate.Signature.Tag != asn1.TagBitString {
		return ""
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

var signedData = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}

// bundled returns the certificates of a PKCS #7 structure (RFC 2315, section 9.1), nil where it is none.
func bundled(der []byte) [][]byte {
	var outer struct {
		Type    asn1.ObjectIdentifier
		Content struct {
			Version      int
			Algorithms   asn1.RawValue
			Content      asn1.RawValue
			Certificates asn1.RawValue `asn1:"optional,tag:0"`
			Lists        asn1.RawValue `asn1:"optional,tag:1"`
			Signers      asn1.RawValue
		} `asn1:"explicit,tag:0"`
	}
	rest, err := asn1.Unmarshal(der, &outer)
	if err != nil || len(bytes.TrimSpace(rest)) > 0 || !outer.Type.Equal(signedData) {
		return nil
	}
	var all [][]byte
	for left := outer.Content.Certificates.Bytes; len(left) > 0; {
		var one asn1.RawValue
		if left, err = asn1.Unmarshal(left, &one); err != nil || one.Tag != asn1.TagSequence || one.Class != asn1.ClassUniversal {
			return nil
		}
		all = append(all, one.FullBytes)
	}
	return all
}
