package directory

import (
	"encoding/hex"
	"errors"

	"github.com/mailpanel/account-resource/accountresource/account"
)

var errNoIdentity = errors.New("objectGUID cannot be read")

// formatGUID writes the 16 bytes of a GUID as text: the first three groups are little-endian (MS-DTYP 2.3.4.3).
func formatGUID(b []byte) (account.SourceID, error) {
	if len(b) != 16 {
		return "", errNoIdentity
	}
	ordered := [16]byte{b[3], b[2], b[1], b[0], b[5], b[4], b[7], b[6]}
	copy(ordered[8:], b[8:])
	text := make([]byte, 0, 36)
	for i, octet := range ordered {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			text = append(text, '-')
		}
		text = hex.AppendEncode(text, []byte{octet})
	}
	return account.SourceID(text), nil
}
