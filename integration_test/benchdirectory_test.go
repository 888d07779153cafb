//go:build integration

package integration_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/directory/fakead"
	"github.com/mailpanel/account-resource/accountresource/resource"
)

// benchGroups is how many groups a bench directory begins with.
const benchGroups = 20

// benchDirectory is a fake directory of a size that no real server of a test has.
type benchDirectory struct {
	ad   *fakead.Server
	bind resource.Connection
}

func newBenchDirectory(tb testing.TB, users int, domain string) *benchDirectory {
	tb.Helper()
	ad, err := fakead.Start(fakead.Options{Domain: domain})
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = ad.Close() })
	require.NoError(tb, ad.Populate(users, benchGroups))
	name, err := ad.Reader("reader", "reader-Secret-1")
	require.NoError(tb, err)
	return &benchDirectory{ad: ad, bind: resource.Connection{
		Host: "127.0.0.1", Port: ad.Addr().Port, Timeout: 60, BaseDN: ad.StaffOU(),
		BindDN: name, BindPassword: resource.NewSecret("reader-Secret-1"),
	}}
}

// connection leads to the directory without encryption, so that the floor and the replication read alike.
func (d *benchDirectory) connection(domain string) resource.Connection {
	c := d.bind
	c.Domain = domain
	return c
}

func (d *benchDirectory) url() string { return "ldap://" + d.ad.Addr().String() }
