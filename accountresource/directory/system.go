package directory

import (
	"strconv"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// systemAttributes tell users that a system made for itself.
var systemAttributes = []string{"userAccountControl", "objectSid", "isCriticalSystemObject"}

// The flags of userAccountControl of accounts that are no person's (MS-ADTS 2.2.16).
const (
	interDomainTrust = 0x0800
	workstationTrust = 0x1000
	serverTrust      = 0x2000
)

// wellKnownRIDs are the relative identifiers of the accounts Guest, krbtgt, DefaultAccount and WDAGUtilityAccount, whatever they
// are called in the language of the domain (MS-DTYP 2.4.2.4).
var wellKnownRIDs = map[uint32]bool{501: true, 502: true, 503: true, 504: true}

// exchangeNames are the beginnings of the names of mailboxes that Exchange makes for itself, in lower case.
var exchangeNames = []string{"healthmailbox", "systemmailbox{", "federatedemail.", "discoverysearchmailbox", "migration.8f3e7716"}

// systemOf says what a user is that is nobody's mailbox.
func systemOf(e *ldap.Entry, dn string) account.SystemObject {
	for _, class := range values(e, "objectClass") {
		switch strings.ToLower(class) {
		case "msds-groupmanagedserviceaccount", "msds-managedserviceaccount", "msds-delegatedmanagedserviceaccount":
			return account.ServiceAccount
		}
	}
	for _, class := range values(e, "objectClass") {
		if strings.EqualFold(class, "computer") {
			return account.Computer
		}
	}
	flags, _ := strconv.ParseInt(first(e, "userAccountControl"), 10, 64) // 0: it is not shown
	name := strings.ToLower(first(e, "cn"))
	switch {
	case flags&interDomainTrust != 0:
		return account.TrustAccount
	case flags&(workstationTrust|serverTrust) != 0:
		return account.Computer
	case strings.Contains(strings.ToUpper(dn), `\0ACNF:`):
		return account.Duplicate
	case wellKnownRIDs[domainRelative(raw(e, "objectSid"))], strings.EqualFold(first(e, "isCriticalSystemObject"), "TRUE"):
		return account.BuiltIn
	}
	for _, begin := range exchangeNames {
		if strings.HasPrefix(name, begin) {
			return account.ExchangeSystem
		}
	}
	return ""
}

// domainRelative returns the relative identifier of an account of a domain; 0 of any other SID (MS-DTYP 2.4.2.2).
func domainRelative(sid []byte) uint32 {
	const header, part, parts = 8, 4, 5
	if len(sid) != header+part*parts || sid[1] != parts {
		return 0
	}
	return relative(sid)
}
