package directory

import (
	"fmt"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// paging asks for a page (RFC 2696). It is critical, which go-ldap's own control cannot be: a server that does not
// know it must refuse the search rather than give a part of the answer that looks whole.
type paging struct {
	size   int
	cookie []byte
}

var _ ldap.Control = (*paging)(nil)

func (p *paging) GetControlType() string { return ldap.ControlTypePaging }

func (p *paging) Encode() *ber.Packet {
	request := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSequence, nil, "page request")
	request.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, p.size, "size"))
	request.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, string(p.cookie), "cookie"))
	control := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSequence, nil, "control")
	control.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, ldap.ControlTypePaging, "type"))
	control.AppendChild(ber.NewBoolean(ber.ClassUniversal, ber.TypePrimitive, ber.TagBoolean, true, "criticality"))
	control.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, string(request.Bytes()), "value"))
	return control
}

func (p *paging) String() string {
	return fmt.Sprintf("paging (critical): %d entries, cookie of %d bytes", p.size, len(p.cookie))
}
