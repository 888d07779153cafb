package openldap

import (
	"errors"
	"fmt"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
)

// A server that takes no changes is to blame, and no account. The words are slapd's own (servers/slapd/backend.c and
// slapd-config(5)); a test cannot make the shared server read-only.
func TestAServerThatTakesNoChangesIsNoRefusal(t *testing.T) {
	for _, c := range []struct {
		code       uint16
		text       string
		unwritable bool
	}{
		{ldap.LDAPResultBusy, "", true},
		{ldap.LDAPResultUnavailable, "shutting down", true},
		{ldap.LDAPResultReferral, "", true},
		{ldap.LDAPResultUnwillingToPerform, "operation restricted", true},
		{ldap.LDAPResultUnwillingToPerform, "shadow context; no update referral", true},
		{ldap.LDAPResultUnwillingToPerform, "no global superior knowledge", false},
		{ldap.LDAPResultConstraintViolation, "", false},
		{ldap.LDAPResultInsufficientAccessRights, "", false},
	} {
		var result error
		s := step{&account.Operation{Verb: account.Update, Address: "ann@example.com"}, &result}
		err := s.settle(fmt.Errorf("modify: %w", ldap.NewError(c.code, errors.New(c.text))))
		if c.unwritable {
			require.ErrorIs(t, err, backends.ErrUnwritable, "%d %s", c.code, c.text)
			assert.NoError(t, result)
			continue
		}
		require.NoError(t, err, "%d %s", c.code, c.text)
		require.ErrorContains(t, result, "update ann@example.com")
	}
	lost := ldap.NewError(ldap.ErrorNetwork, errors.New("connection reset"))
	s := step{&account.Operation{}, new(error)}
	err := s.settle(lost)
	require.ErrorIs(t, err, lost)
	assert.NotErrorIs(t, err, backends.ErrUnwritable)
}
