//go:build integration

package openldap_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The domain says below which directory its new mailboxes lie.
func TestR5_TheDomainsOwnBaseDirectory(t *testing.T) {
	r := newTree(t)
	r.people()
	d, err := r.backend.Domain(t.Context(), "example.com")
	require.NoError(t, err)
	assert.Empty(t, d.StorageBase)
	r.addValues(r.domainDN("example.com"), "accountSetting", "defaultStorageBaseDirectory:/srv/mail/two")
	d, err = r.backend.Domain(t.Context(), "example.com")
	require.NoError(t, err)
	assert.Equal(t, "/srv/mail/two", d.StorageBase)
}
