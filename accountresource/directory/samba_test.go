//go:build integration

package directory_test

import (
	"crypto/rand"
	"strconv"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/directory/readertest"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/integration_test/servers"
)

func TestReaderOnSamba(t *testing.T) {
	readertest.Run(t, func(t *testing.T) *readertest.Place {
		ad := servers.Samba(t)
		return &readertest.Place{
			Connection: resource.Connection{
				Domain: "readers.example", Host: ad.Host, Port: 636, TLS: true, Timeout: 30, CACertificate: ad.CACertificate,
				BindDN: ad.BindDN, BindPassword: resource.NewSecret(ad.Password),
			},
			AdminDN: ad.BindDN, AdminPassword: resource.NewSecret(ad.Password), Admin: ad.Connect(t), Base: ad.Unit(t), Root: ad.BaseDN,
			UPN: "Administrator@example.test", Logon: `EXAMPLE\Administrator`,
			HideTree: hideTree(ad), HideAttribute: hideAttribute(ad), Lockout: lockout(ad),
		}
	})
}

// lockout makes a password settings object (MS-ADSC 2.181), which goes when the test ends.
func lockout(ad servers.Directory) func(t *testing.T, dn string, threshold int, window time.Duration) {
	return func(t *testing.T, dn string, threshold int, window time.Duration) {
		t.Helper()
		ticks := strconv.FormatInt(-window.Nanoseconds()/100, 10)
		pso := "CN=lockout-" + rand.Text()[:10] + ",CN=Password Settings Container,CN=System," + ad.BaseDN
		request := ldap.NewAddRequest(pso, nil)
		for name, value := range map[string]string{
			"objectClass": "msDS-PasswordSettings", "msDS-PasswordSettingsPrecedence": "10", "msDS-PasswordReversibleEncryptionEnabled": "FALSE",
			"msDS-PasswordHistoryLength": "0", "msDS-PasswordComplexityEnabled": "FALSE", "msDS-MinimumPasswordLength": "0",
			"msDS-MinimumPasswordAge": "0", "msDS-MaximumPasswordAge": "-9223372036854775808", "msDS-LockoutThreshold": strconv.Itoa(threshold),
			"msDS-LockoutObservationWindow": ticks, "msDS-LockoutDuration": ticks, "msDS-PSOAppliesTo": dn,
		} {
			request.Attribute(name, []string{value})
		}
		admin := ad.Connect(t)
		require.NoError(t, admin.Add(request))
		t.Cleanup(func() { require.NoError(t, ad.Connect(t).Del(ldap.NewDelRequest(pso, nil))) })
	}
}
