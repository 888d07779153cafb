//go:build integration

package fakead_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/directory/fakead"
)

// searcher runs Debian's ldapsearch against one directory.
type searcher struct {
	t  *testing.T
	ad *fakead.Server
	ca string
}

// run returns what ldapsearch prints, without line breaks within values, and how it ended: with the result code of the server.
func (s searcher) run(arguments ...string) (out string, code int) {
	s.t.Helper()
	command := exec.CommandContext(s.t.Context(), "ldapsearch", append([]string{"-x", "-LLL", "-o", "ldif-wrap=no"}, arguments...)...)
	command.Env = append(os.Environ(), "LDAPTLS_CACERT="+s.ca, "LDAPTLS_REQCERT=demand")
	printed, err := command.CombinedOutput()
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		return string(printed), ended.ExitCode()
	}
	require.NoError(s.t, err, "ldapsearch is in the package ldap-utils")
	return string(printed), 0
}

// as adds the server and the administrator to the arguments.
func (s searcher) as(arguments ...string) (string, int) {
	return s.run(append([]string{"-H", "ldap://" + s.ad.Addr().String(), "-D", s.ad.AdminDN(), "-w", fakead.AdminPassword}, arguments...)...)
}

// A client that has nothing in common with this module reads the directory.
func TestLdapsearchReadsTheDirectory(t *testing.T) {
	ad, err := fakead.Start(fakead.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = ad.Close() })
	require.NoError(t, ad.Populate(3200, 1))
	ca := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(ca, ad.CA(), 0o600))
	s := searcher{t, ad, ca}
	address := ad.Addr().String()

	t.Run("rootDSE without a bind", func(t *testing.T) {
		out, code := s.run("-H", "ldap://"+address, "-b", "", "-s", "base", "+", "*")
		require.Zero(t, code, out)
		for _, line := range []string{"isGlobalCatalogReady: TRUE", "isSynchronized: TRUE", "forestFunctionality: 7", "supportedControl: 1.2.840.113556.1.4.319"} {
			assert.Contains(t, out, line+"\n")
		}
	})
	t.Run("pages", func(t *testing.T) {
		out, code := s.as("-b", ad.StaffOU(), "-E", "pr=500/noprompt", "(objectClass=user)", "mail")
		require.Zero(t, code, out)
		assert.Equal(t, 3200, strings.Count(out, "\nmail: "))
	})
	t.Run("without pages the limit of the server ends it", func(t *testing.T) {
		out, code := s.as("-b", ad.StaffOU(), "(objectClass=user)", "mail")
		assert.Equal(t, ldap.LDAPResultSizeLimitExceeded, code)
		assert.Equal(t, 1000, strings.Count(out, "\nmail: "))
	})
	t.Run("ranges", func(t *testing.T) {
		out, code := s.as("-b", ad.BaseDN(), "-E", "pr=500/noprompt", "(&(objectClass=group)(mail=*))", "member")
		require.Zero(t, code, out)
		assert.Equal(t, 1500, strings.Count(out, "\nmember;range=0-1499:"))
		out, code = s.as("-b", ad.BaseDN(), "-E", "pr=500/noprompt", "(&(objectClass=group)(mail=*))", "member;range=3000-*")
		require.Zero(t, code, out)
		assert.Equal(t, 200, strings.Count(out, "\nmember;range=3000-*:"))
	})
	t.Run("errors", func(t *testing.T) {
		out, code := s.run("-H", "ldap://"+address, "-D", ad.AdminDN(), "-w", "wrong", "-b", ad.BaseDN())
		assert.Equal(t, ldap.LDAPResultInvalidCredentials, code)
		assert.Contains(t, out, "data 52e")
		_, code = s.as("-b", "OU=Missing,"+ad.BaseDN())
		assert.Equal(t, ldap.LDAPResultNoSuchObject, code)
		_, code = s.run("-H", "ldap://"+address, "-b", ad.BaseDN())
		assert.Equal(t, ldap.LDAPResultOperationsError, code, "nothing is shown to whom nobody knows")
		ad.Break(fakead.Fault{Page: 2, After: 10, Code: ldap.LDAPResultBusy, Text: "busy"})
		defer ad.Mend()
		out, code = s.as("-b", ad.StaffOU(), "-E", "pr=500/noprompt", "(objectClass=user)", "mail")
		assert.Equal(t, ldap.LDAPResultBusy, code)
		assert.Equal(t, 510, strings.Count(out, "\nmail: "))
	})
	t.Run("StartTLS and LDAPS", func(t *testing.T) {
		base := []string{"-D", ad.AdminDN(), "-w", fakead.AdminPassword, "-b", ad.AdminDN(), "sAMAccountName"}
		for _, way := range [][]string{{"-H", "ldap://" + address, "-ZZ"}, {"-H", "ldaps://" + address}} {
			out, code := s.run(append(way, base...)...)
			require.Zero(t, code, out)
			assert.Contains(t, out, "sAMAccountName: Administrator\n")
		}
		stranger := searcher{t, ad, "/etc/ssl/certs/ca-certificates.crt"}
		out, code := stranger.run(append([]string{"-H", "ldap://" + address, "-ZZ"}, base...)...)
		assert.NotZero(t, code, "a certificate that nobody vouches for: %s", out)
	})
}
