//go:build integration

package directory_test

import (
	"testing"

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
			HideTree: hideTree(ad), HideAttribute: hideAttribute(ad),
		}
	})
}
