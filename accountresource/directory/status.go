package directory

import (
	"strconv"
	"strings"
)

// accountDisabled is ADS_UF_ACCOUNTDISABLE of userAccountControl (MS-ADTS 2.2.16).
const accountDisabled = 0x2

// statusOf reads a status. In Active Directory's own attributes it is a bit, or TRUE for disabled (msDS-UserAccountDisabled of AD LDS,
// MS-ADA2); in any other a word that says no, and what is absent or not understood disables nobody. known is false where a user does
// not show an attribute that every user has: the bind account may not read it (rule R22).
func statusOf(name, value string) (disabled, known bool) {
	value = strings.ToLower(strings.TrimSpace(value))
	switch strings.ToLower(name) {
	case "useraccountcontrol", "msds-user-account-control-computed":
		flags, err := strconv.ParseInt(value, 10, 64)
		return err == nil && flags&accountDisabled != 0, err == nil
	case "msds-useraccountdisabled":
		return value == "true", true
	}
	switch value {
	case "false", "0", "no", "off", "disabled", "inactive":
		return true, true
	}
	return false, true
}
