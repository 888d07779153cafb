package directory_test

import (
	"context"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/directory"
	"github.com/mailpanel/account-resource/accountresource/directory/fakead"
)

// to leads every connection to one address.
func to(a net.Addr) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, a.String())
	}
}

// The root of the directory is known before anybody has signed in.
func TestTheServerProposesItsRoot(t *testing.T) {
	ad := startFake(t, fakead.Options{})
	c := settings(t, ad.Addr().String()).Connection
	c.BaseDN, c.BindDN = "", ""
	base, err := directory.Options{}.BaseDN(t.Context(), c)
	require.NoError(t, err)
	assert.Equal(t, ad.BaseDN(), base)

	both := c
	both.Host = "127.0.0.99, " + c.Host
	base, err = directory.Options{}.BaseDN(t.Context(), both)
	require.NoError(t, err)
	assert.Equal(t, ad.BaseDN(), base, "the first one is down")
	sent, err := directory.Options{}.Certificates(t.Context(), both)
	require.NoError(t, err)
	assert.Len(t, sent, 1)

	c.TLS = true
	_, err = directory.Options{}.BaseDN(t.Context(), c)
	wantProblem(t, err, "ca_certificate", "ca_unknown")
	c.CACertificate = string(ad.CA())
	base, err = directory.Options{}.BaseDN(t.Context(), c)
	require.NoError(t, err)
	assert.Equal(t, ad.BaseDN(), base)
}

func TestAServerThatNamesNoRoot(t *testing.T) {
	script := activeDirectory()
	script.root = map[string][]string{"namingContexts": {"dc=example,dc=org"}}
	base, err := directory.Options{}.BaseDN(t.Context(), settings(t, script.serve(t)).Connection)
	require.NoError(t, err)
	assert.Equal(t, "dc=example,dc=org", base)

	script.root = map[string][]string{"vendorName": {"Somebody"}}
	base, err = directory.Options{}.BaseDN(t.Context(), settings(t, script.serve(t)).Connection)
	require.NoError(t, err)
	assert.Empty(t, base)
}
