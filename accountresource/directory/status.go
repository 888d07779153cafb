package directory

import (
	"strconv"
	"strings"
)

// accountDisabled is ADS_UF_ACCOUNTDISABLE of userAccountControl (MS-ADTS 2.2.16).
const accountDisabled = 0x2

// disabled reads a status. In Active Directory's own attributes it is a bit; in any other a word that says no. What
// is absent or not understood disables nobody.
func disabled(name, value string) bool {
	value = strings.ToLower(strings.TrimSpace(value))
	switch strings.ToLower(name) {
	case "useraccountcontrol", "msds-user-account-control-computed":
		flags, err := strconv.ParseInt(value, 10, 64)
		return err == nil && flags&accountDisabled != 0
	}
	switch value {
	case "false", "0", "no", "off", "disabled", "inactive":
		return true
	}
	return false
}
