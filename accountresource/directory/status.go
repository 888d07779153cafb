package directory

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// accountDisabled is ADS_UF_ACCOUNTDISABLE of userAccountControl (MS-ADTS 2.2.16).
const accountDisabled = 0x2

// accountExpires says when an Active Directory account ends, in units of 100 ns since 1601 (MS-ADA1 2.1, MS-DTYP 2.3.3).
const accountExpires = "accountExpires"

// expires reports whether a status is that of Active Directory, beside which an account may have an end.
func expires(status string) bool {
	return strings.EqualFold(status, "userAccountControl") || strings.EqualFold(status, "msDS-User-Account-Control-Computed")
}

// hasExpired reports whether an account had ended at a time. 0 and the greatest value stand for never.
func hasExpired(value string, now time.Time) bool {
	const perSecond, epoch = 10_000_000, 11_644_473_600 // seconds from 1601 to 1970
	at, err := strconv.ParseInt(value, 10, 64)
	return err == nil && at > 0 && at != math.MaxInt64 && now.Unix() >= at/perSecond-epoch
}

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
