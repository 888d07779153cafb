package directory

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/mailpanel/account-resource/accountresource/resource"
)

// dialProblem says why there is no connection.
func dialProblem(c resource.Connection, err error) error {
	args := []string{"Host", c.Host, "Port", strconv.Itoa(c.Port), "Seconds", strconv.Itoa(c.Timeout)}
	var name *net.DNSError
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &name):
		return resource.NewProblem("host", "host_unknown", err, args...)
	case errors.Is(err, syscall.ECONNREFUSED):
		return resource.NewProblem("port", "port_closed", err, args...)
	case timedOut(err):
		return resource.NewProblem("host", "host_silent", err, args...)
	}
	return resource.NewProblem("host", "host_unreachable", err, args...)
}

func timedOut(err error) bool {
	var wait net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) ||
		errors.As(err, &wait) && wait.Timeout()
}

// handshakeProblem says what is wrong with the server's TLS or certificate.
func handshakeProblem(c resource.Connection, err error) error {
	port := strconv.Itoa(c.Port)
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var name x509.HostnameError
	var noTLS tls.RecordHeaderError
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		key := "certificate_expired"
		if time.Now().Before(invalid.Cert.NotBefore) {
			key = "certificate_not_yet"
		}
		return resource.NewProblem("host", key, err, "Host", c.Host,
			"From", invalid.Cert.NotBefore.UTC().Format(time.DateOnly), "Until", invalid.Cert.NotAfter.UTC().Format(time.DateOnly))
	case errors.As(err, &name):
		return resource.NewProblem("host", "certificate_name", err, "Host", c.Host, "Names", certificateNames(name.Certificate))
	case errors.As(err, &unknown) && c.CACertificate == "":
		return resource.NewProblem("ca_certificate", "ca_unknown", err, "Host", c.Host)
	case errors.As(err, &unknown):
		return resource.NewProblem("ca_certificate", "ca_another", err, "Host", c.Host)
	case errors.As(err, &invalid):
		return resource.NewProblem("ca_certificate", "certificate_invalid", err, "Host", c.Host)
	case errors.As(err, &noTLS):
		return resource.NewProblem("tls", "tls_not_offered", err, "Host", c.Host, "Port", port)
	case timedOut(err):
		return resource.NewProblem("tls", "tls_silent", err, "Host", c.Host, "Port", port)
	}
	return resource.NewProblem("tls", "tls_failed", err, "Host", c.Host, "Port", port)
}

func certificateNames(c *x509.Certificate) string {
	names := append([]string(nil), c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		names = append(names, c.Subject.CommonName)
	}
	return strings.Join(names, ", ")
}

// bindCode finds the sub-code of a failed bind in Active Directory's text ("... data 52e, v4563").
var bindCode = regexp.MustCompile(`\bdata ([0-9a-fA-F]+)\b`)

// bindRefusals are the sub-codes (MS-ERREF, Win32 error codes in hexadecimal) with the field and the sentence.
var bindRefusals = map[string]struct{ field, key string }{
	"525": {"bind_dn", "bind_no_user"},
	"52e": {"bind_password", "bind_wrong_password"},
	"530": {"bind_dn", "bind_hours"},
	"531": {"bind_dn", "bind_workstation"},
	"532": {"bind_password", "bind_password_expired"},
	"533": {"bind_dn", "bind_disabled"},
	"534": {"bind_dn", "bind_logon_type"},
	"701": {"bind_dn", "bind_expired"},
	"773": {"bind_password", "bind_must_change"},
	"775": {"bind_dn", "bind_locked"},
}

// bindProblem says why the bind account was refused.
func bindProblem(c resource.Connection, err error) error {
	switch {
	case ldap.IsErrorWithCode(err, ldap.LDAPResultStrongAuthRequired),
		ldap.IsErrorWithCode(err, ldap.LDAPResultConfidentialityRequired):
		return resource.NewProblem("tls", "tls_required", err, "Host", c.Host)
	case ldap.IsErrorWithCode(err, ldap.LDAPResultInvalidCredentials):
		if code := bindCode.FindStringSubmatch(err.Error()); code != nil {
			if r, known := bindRefusals[strings.ToLower(code[1])]; known {
				return resource.NewProblem(r.field, r.key, err, "Account", c.BindDN)
			}
		}
		return resource.NewProblem("bind_password", "bind_refused", err, "Account", c.BindDN)
	case ldap.IsErrorWithCode(err, ldap.LDAPResultInvalidDNSyntax):
		return resource.NewProblem("bind_dn", "bind_dn_syntax", err)
	}
	return searchProblem(c, "", err)
}

// searchProblem says why the server did not answer a request. field is the form field of the search's filter.
func searchProblem(c resource.Connection, field string, err error) error {
	var answer *ldap.Error
	if !errors.As(err, &answer) {
		return err
	}
	args := []string{"Host", c.Host, "BaseDN", c.BaseDN, "Seconds", strconv.Itoa(c.Timeout)}
	if p, known := answers[answer.ResultCode]; known {
		if p.field == "filter" {
			p.field = field
		}
		return resource.NewProblem(p.field, p.key, err, args...)
	}
	if answer.ResultCode == ldap.ErrorNetwork || errors.Is(err, io.EOF) {
		return resource.NewProblem("", "connection_lost", err, args...)
	}
	return resource.NewProblem("", "server_refused", err, append(args, "Code", strconv.Itoa(int(answer.ResultCode)))...)
}

var answers = map[uint16]struct{ field, key string }{
	ldap.LDAPResultNoSuchObject:             {"base_dn", "base_missing"},
	ldap.LDAPResultInvalidDNSyntax:          {"base_dn", "base_syntax"},
	ldap.LDAPResultReferral:                 {"base_dn", "base_elsewhere"},
	ldap.LDAPResultFilterError:              {"filter", "filter_syntax"},
	ldap.ErrorFilterCompile:                 {"filter", "filter_syntax"},
	ldap.LDAPResultInappropriateMatching:    {"filter", "filter_refused"},
	ldap.LDAPResultUndefinedAttributeType:   {"filter", "filter_refused"},
	ldap.LDAPResultInsufficientAccessRights: {"bind_dn", "no_access"},
	ldap.LDAPResultOperationsError:          {"bind_dn", "no_access"},
	ldap.LDAPResultTimeLimitExceeded:        {"", "server_time_limit"},
	ldap.LDAPResultSizeLimitExceeded:        {"", "server_size_limit"},
	ldap.LDAPResultAdminLimitExceeded:       {"", "server_size_limit"},
	ldap.LDAPResultBusy:                     {"", "server_busy"},
	ldap.LDAPResultUnavailable:              {"", "server_busy"},
	ldap.LDAPResultTimeout:                  {"", "server_silent"},
}
