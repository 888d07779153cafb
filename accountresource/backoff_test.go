package accountresource_test

import (
	"maps"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The list says that a bind account which is refused is not tried again at once, until it is not refused any more.
func TestTheListSaysThatARefusedBindAccountWaits(t *testing.T) {
	f := newFollowed(t, 3)
	f.replicate()
	const hint = "Automatic runs wait for half an hour"
	assert.NotContains(t, f.get("/account-resources").body, hint)
	wrong := maps.Clone(f.form)
	wrong.Set("bind_password", "Wrong-77")
	require.Equal(t, http.StatusSeeOther, f.post(f.base+"/connection", wrong).status)
	f.replicate()
	assert.Contains(t, f.get(f.base+"/status").body, `"outcome":"failed"`)
	assert.Contains(t, f.get("/account-resources").body, hint)
	require.Equal(t, http.StatusSeeOther, f.post(f.base+"/connection", f.form).status)
	f.replicate()
	assert.NotContains(t, f.get("/account-resources").body, hint)
}
