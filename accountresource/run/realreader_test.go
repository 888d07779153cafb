package run_test

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/directory"
	"github.com/mailpanel/account-resource/accountresource/directory/fakead"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// The directory's reader leaves a panic in what it gives objects to alone: the run itself must end well.
func TestAPanicOverAnObjectOfARealDirectoryEndsTheRun(t *testing.T) {
	ad, err := fakead.Start(fakead.Options{Domain: "example.com"})
	require.NoError(t, err)
	t.Cleanup(func() { _ = ad.Close() })
	require.NoError(t, ad.Populate(20, 0))
	r, trap := newHarness(t), &trap{}
	var log bytes.Buffer
	r.config.Logger = slog.New(slog.NewTextHandler(&log, nil))
	c := &r.res.Settings.Connection
	c.Host, c.Port, c.TLS, c.BaseDN = ad.Addr().IP.String(), ad.Addr().Port, false, ad.BaseDN()
	c.BindDN, c.BindPassword = ad.AdminDN(), resource.NewSecret(fakead.AdminPassword)
	r.config.OpenReader = directory.Options{PageSize: 5}.Open
	trap.on(r)
	trap.name = "Canonical" // which is asked about every user that is read
	result := r.once()
	assert.Equal(t, run.Failed, result.Outcome)
	assert.Equal(t, "problem_panic", result.Error.Key)
	assert.Contains(t, log.String(), "trap_test.go:", "the stack")
	assert.Contains(t, log.String(), "directory.(*Reader).List", "it was within the listing")
	r.ended("Canonical", run.Watermark{}, 20)
}
