package directory_test

import (
	"encoding/binary"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/assert"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/directory"
)

// sid is the SID of a domain's account, or a longer one.
func sid(parts ...uint32) string {
	b := []byte{1, byte(len(parts)), 0, 0, 0, 0, 0, 5}
	for _, p := range parts {
		b = binary.LittleEndian.AppendUint32(b, p)
	}
	return string(b)
}

func TestR3_WhatASystemMadeForItself(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		want       account.SystemObject
		dn         string
		attributes map[string][]string
	}{
		"a person":               {"", "CN=Ann,DC=corp", map[string][]string{"cn": {"Ann"}, "userAccountControl": {"512"}, "objectSid": {sid(21, 1, 2, 3, 1105)}}},
		"nothing shown":          {"", "CN=Ann,DC=corp", nil},
		"a name like Exchange's": {"", "CN=Migration Team,DC=corp", map[string][]string{"cn": {"Migration Team"}}},
		"a computer":             {account.Computer, "CN=PC,DC=corp", map[string][]string{"objectClass": {"top", "user", "Computer"}}},
		"a domain controller":    {account.Computer, "CN=DC1,DC=corp", map[string][]string{"userAccountControl": {"532480"}}},
		"a managed account": {account.ServiceAccount, "CN=svc,DC=corp", map[string][]string{
			"objectClass": {"user", "computer", "msDS-GroupManagedServiceAccount"},
		}},
		"a trust":         {account.TrustAccount, "CN=OTHER$,DC=corp", map[string][]string{"userAccountControl": {"2080"}}},
		"a duplicate":     {account.Duplicate, `CN=Ann\0ACNF:6f5e,DC=corp`, map[string][]string{"cn": {"Ann\nCNF:6f5e"}}},
		"the guest":       {account.BuiltIn, "CN=Gast,DC=corp", map[string][]string{"objectSid": {sid(21, 1, 2, 3, 501)}}},
		"another's 501":   {"", "CN=Ann,DC=corp", map[string][]string{"objectSid": {sid(32, 501)}}},
		"critical":        {account.BuiltIn, "CN=krbtgt,DC=corp", map[string][]string{"isCriticalSystemObject": {"TRUE"}}},
		"not critical":    {"", "CN=Ann,DC=corp", map[string][]string{"isCriticalSystemObject": {"FALSE"}}},
		"health":          {account.ExchangeSystem, "CN=x,DC=corp", map[string][]string{"cn": {"HealthMailbox0a1b"}}},
		"discovery":       {account.ExchangeSystem, "CN=x,DC=corp", map[string][]string{"cn": {"DiscoverySearchMailbox {D919BA05}"}}},
		"federated email": {account.ExchangeSystem, "CN=x,DC=corp", map[string][]string{"cn": {"FederatedEmail.4c1f4d8b"}}},
	} {
		assert.Equal(t, c.want, directory.SystemOf(ldap.NewEntry(c.dn, c.attributes), c.dn), name)
	}
}
