package accountresource_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource"
)

// The host learns what of an account is not its own to change.
func TestWhereAnAccountComesFrom(t *testing.T) {
	h := newHost(t)
	base := h.add()
	h.link(1, "created")
	source, found, err := h.module.Source(t.Context(), "Created0@CORP.example")
	require.NoError(t, err)
	require.True(t, found)
	assert.True(t, source.Changed.Equal(time.UnixMilli(1750000000000)), source.Changed)
	source.Changed = time.Time{}
	assert.Equal(t, accountresource.Source{
		Resource: 1, ID: "created0", Path: base, DN: "CN=created0",
		Managed: []string{"active", "name", "first_name", "last_name", "employee_id", "title", "mobile", "telephone"},
	}, source)

	_, err = h.db.Exec("UPDATE account_resource_link SET kind = 'alias'")
	require.NoError(t, err)
	source, _, err = h.module.Source(t.Context(), "created0@corp.example")
	require.NoError(t, err)
	assert.Equal(t, []string{"name", "members"}, source.Managed)

	_, found, err = h.module.Source(t.Context(), "somebody@corp.example")
	require.NoError(t, err)
	assert.False(t, found)
}
