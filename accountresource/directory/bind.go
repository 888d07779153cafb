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
	code, answered := answerOf(err)
	if !answered {
		if errors.Is(err, errSilent) {
			return resource.NewProblem("port", "bind_silent", err, args...)
		}
		return resource.NewProblem("port", "not_ldap", err, args...)
	}
	r := refusal(err.Error())
	err = withoutPassword(c, code, err)
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

// refusal reads a server's text about invalid credentials. The sub-codes are Windows errors in hexadecimal (MS-ERREF
// 2.2); a text without one that is known leaves both account and password open to doubt.
func refusal(text string) bindRefusal {
	if code := bindCode.FindStringSubmatch(text); code != nil {
		switch strings.ToLower(code[1]) {
		case "525":
			return bindRefusal{"bind_dn", "bind_no_user"}
		case "52e":
			return bindRefusal{"bind_password", "bind_wrong_password"}
		case "530":
			return bindRefusal{"bind_dn", "bind_hours"}
		case "531":
			return bindRefusal{"bind_dn", "bind_workstation"}
		case "532":
			return bindRefusal{"bind_password", "bind_password_expired"}
		case "533":
			return bindRefusal{"bind_dn", "bind_disabled"}
		case "534":
			return bindRefusal{"bind_dn", "bind_logon_type"}
		case "701":
			return bindRefusal{"bind_dn", "bind_expired"}
		case "773":
			return bindRefusal{"bind_password", "bind_must_change"}
		case "775":
			return bindRefusal{"bind_dn", "bind_locked"}
		}
	}
	return bindRefusal{"bind_password", "bind_refused"}
}

// withoutPassword is the server's answer for logs, should its text repeat what it was sent.
func withoutPassword(c resource.Connection, code uint16, err error) error {
	text := strings.ReplaceAll(err.Error(), c.BindPassword.Reveal(), c.BindPassword.String())
	if text == err.Error() {
		return err
	}
	return ldap.NewError(code, errors.New(text))
}
