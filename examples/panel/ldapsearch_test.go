//go:build integration

package main

import (
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/directory/fakead"
)

// What the demo prints is a command that works as it stands.
func TestThePrintedCommandReadsTheDirectory(t *testing.T) {
	ad, err := fakead.Start(fakead.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = ad.Close() })
	require.NoError(t, ad.Populate(50, 0))
	account, err := ad.Reader("panel-reader", "a Secret-1")
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "fake directory.pem")
	require.NoError(t, os.WriteFile(file, ad.CA(), 0o600))
	command := ldapsearch(url.Values{
		"host": {"127.0.0.1"}, "port": {strconv.Itoa(ad.Addr().Port)}, "base_dn": {ad.StaffOU()}, "bind_dn": {account}, "bind_password": {"a Secret-1"},
	}, file)
	printed, err := exec.CommandContext(t.Context(), "sh", "-c", command).CombinedOutput()
	require.NoError(t, err, string(printed))
	assert.Equal(t, 50, strings.Count(string(printed), "\nmail: "))
}
