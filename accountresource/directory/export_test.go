package directory

import "github.com/mailpanel/account-resource/accountresource/resource"

// What parses bytes of a server, for the fuzz tests.
var (
	SplitDN        = splitDN
	NextOf         = nextOf
	FormatGUID     = formatGUID
	AttributeNames = attributeNames
)

// NewMasker is what makes texts of a server fit to be shown.
func NewMasker(s resource.Secret) func(string) string { return newMasker(s).text }

// SystemOf is systemOf.
var SystemOf = systemOf
