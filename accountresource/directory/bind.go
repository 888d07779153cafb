package directory

import (
	"context"
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/mailpanel/account-resource/accountresource/resource"
)

// bind signs in. Active Directory takes a DN, user@realm or DOMAIN\user for a name.
func bind(ctx context.Context, conn *connection, c resource.Connection) error {
	err := conn.do(ctx, func(l *ldap.Conn) error { return l.Bind(c.BindDN, c.BindPassword.Reveal()) })
	if err != nil {
		return bindProblem(c, err)
	}
	return nil
}

// bindProblem says why the bind account was refused.
func bindProblem(c resource.Connection, err error) error {
	args := []string{"Account", c.BindDN, "Host", c.Host, "Port", strconv.Itoa(c.Port), "Seconds", strconv.Itoa(c.Timeout)}
	if problem := limitProblem(c, err); problem != nil {
		return problem
	}
	code, answered := answerOf(err)
	if !answered {
		if errors.Is(err, errSilent) {
			return resource.NewProblem("port", "bind_silent", err, args...)
		}
		return resource.NewProblem("port", "not_ldap", err, args...)
	}
	r := refusal(err)
	switch code {
	case ldap.LDAPResultStrongAuthRequired, ldap.LDAPResultConfidentialityRequired:
		return resource.NewProblem("tls", "tls_required", err, args...)
	case ldap.LDAPResultInvalidCredentials:
		return resource.NewProblem(r.field, r.key, err, args...)
	case ldap.LDAPResultInvalidDNSyntax:
		return resource.NewProblem("bind_dn", "bind_dn_syntax", err, args...)
	case ldap.LDAPResultBusy, ldap.LDAPResultUnavailable:
		return resource.NewProblem("", "server_busy", err, args...)
	}
	return resource.NewProblem("bind_dn", "bind_code", err, append(args, "Code", strconv.Itoa(int(code)))...)
}

// bindCode finds the sub-code of a failed bind in Active Directory's text ("... error, data 52e, v4563").
var bindCode = regexp.MustCompile(`(?i)\bdata 0*([0-9a-f]{1,8})\b`)

type bindRefusal struct{ field, key string }

// subCodeOf returns the sub-code in a server's text about a failed bind, in lower case; empty where there is none. It
// is looked for in the beginning only: a text that matters is short.
func subCodeOf(text string) string {
	if code := bindCode.FindStringSubmatch(text[:min(len(text), maxTextRead)]); code != nil {
		return strings.ToLower(code[1])
	}
	return ""
}

// refusals are the sub-codes that are known. They are Windows errors in hexadecimal (MS-ERREF 2.2).
var refusals = map[string]bindRefusal{
	"525": {"bind_dn", "bind_no_user"},
	"52e": {"bind_password", "bind_wrong_password"},
	"52f": {"bind_dn", "bind_restriction"},
	"530": {"bind_dn", "bind_hours"},
	"531": {"bind_dn", "bind_workstation"},
	"532": {"bind_password", "bind_password_expired"},
	"533": {"bind_dn", "bind_disabled"},
	"534": {"bind_dn", "bind_not_mapped"},
	"569": {"bind_dn", "bind_logon_type"},
	"701": {"bind_dn", "bind_expired"},
	"773": {"bind_password", "bind_must_change"},
	"775": {"bind_dn", "bind_locked"},
}

// refusal says what a server's error about invalid credentials means. One without a sub-code that is known leaves both
// account and password open to doubt.
func refusal(err error) bindRefusal {
	var text *serverText
	if errors.As(err, &text) {
		if known, found := refusals[text.subCode]; found {
			return known
		}
	}
	return bindRefusal{"bind_password", "bind_refused"}
}
