package directory

import (
	"errors"
	"strconv"

	"github.com/go-ldap/ldap/v3"

	"github.com/mailpanel/account-resource/accountresource/resource"
)

// errSequence is what makes a reading worthless although the server said that all went well.
var errSequence = errors.New("the server's answers do not follow each other")

// answerOf is the server's result code; answered is false where there was no answer, or none that is LDAP. Codes from
// 200 up are go-ldap's own.
func answerOf(err error) (code uint16, answered bool) {
	var answer *ldap.Error
	if errors.As(err, &answer) && answer.ResultCode < ldap.ErrorNetwork {
		return answer.ResultCode, true
	}
	return 0, false
}

// requestProblem says why the server did not do what was asked, as far as that concerns the page as a whole.
func requestProblem(c resource.Connection, err error) error {
	if problem := faultProblem(c, err); problem != nil {
		return problem
	}
	args := []string{"Host", c.Host, "Seconds", strconv.Itoa(c.Timeout)}
	code, answered := answerOf(err)
	switch {
	case errors.Is(err, errSilent):
		return resource.NewProblem("", "server_silent", err, args...)
	case errors.Is(err, errSequence):
		return resource.NewProblem("", "paging_broken", err, args...)
	case !answered:
		return resource.NewProblem("", "connection_lost", err, args...)
	}
	switch code {
	case ldap.LDAPResultInsufficientAccessRights:
		return resource.NewProblem("bind_dn", "no_access", err, append(args, "Account", c.BindDN)...)
	case ldap.LDAPResultTimeLimitExceeded:
		return resource.NewProblem("", "server_time_limit", err, args...)
	case ldap.LDAPResultSizeLimitExceeded, ldap.LDAPResultAdminLimitExceeded:
		return resource.NewProblem("", "server_size_limit", err, args...)
	case ldap.LDAPResultBusy, ldap.LDAPResultUnavailable:
		return resource.NewProblem("", "server_busy", err, args...)
	case ldap.LDAPResultUnavailableCriticalExtension:
		return resource.NewProblem("", "no_paging", err, args...)
	}
	return resource.NewProblem("", "server_refused", err, append(args, "Code", strconv.Itoa(int(code)))...)
}

// baseProblem says why the base DN cannot be read. proposal is the server's own, empty where it makes none.
func baseProblem(c resource.Connection, proposal string, err error) error {
	args := []string{"BaseDN", c.BaseDN, "Host", c.Host, "Proposal", proposal}
	key := ""
	switch code, _ := answerOf(err); {
	case code == ldap.LDAPResultNoSuchObject, errors.Is(err, errNotThere):
		key = "base_missing"
	case code == ldap.LDAPResultReferral:
		key = "base_elsewhere"
	case code == ldap.LDAPResultInvalidDNSyntax:
		return resource.NewProblem("base_dn", "base_syntax", err, args...)
	default:
		return requestProblem(c, err)
	}
	if proposal != "" {
		key += "_proposal"
	}
	return resource.NewProblem("base_dn", key, err, args...)
}

// listProblem says why a listing ended. field is the form field of its filter.
func listProblem(c resource.Connection, field string, err error) error {
	switch code, _ := answerOf(err); code {
	case ldap.LDAPResultNoSuchObject, ldap.LDAPResultReferral, ldap.LDAPResultInvalidDNSyntax:
		return baseProblem(c, "", err)
	case ldap.LDAPResultFilterError, ldap.LDAPResultInappropriateMatching, ldap.LDAPResultUndefinedAttributeType:
		return resource.NewProblem(field, "filter_refused", err)
	}
	if ldap.IsErrorWithCode(err, ldap.ErrorFilterCompile) {
		return resource.NewProblem(field, "filter_syntax", err)
	}
	return requestProblem(c, err)
}
