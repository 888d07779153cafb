package directory_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/directory"
	"github.com/mailpanel/account-resource/accountresource/resource"
)

// The schema of a domain is a quarter of a megabyte, and changes once in a year.
func TestTheSchemaIsReadWhenItChanged(t *testing.T) {
	var changed atomic.Value
	var read atomic.Int32
	serve := func() string {
		script := activeDirectory()
		others := script.read
		script.read = func(dn string, attributes []string) (map[string][]string, bool) {
			switch {
			case dn == subschemaDN && attributes[0] == "modifyTimeStamp":
				if at := changed.Load().(string); at != "" {
					return map[string][]string{"modifyTimeStamp": {at}}, true
				}
				return map[string][]string{}, true
			case dn == subschemaDN:
				read.Add(1)
			}
			return others(dn, attributes)
		}
		return script.serve(t)
	}
	one, other := settings(t, serve()), settings(t, serve())
	options := directory.Options{Schemas: directory.NewSchemas()}
	reads := func(s resource.Settings) int {
		before := read.Load()
		r, err := options.Open(s)
		require.NoError(t, err)
		defer func() { require.NoError(t, r.Close()) }()
		_, err = r.Probe(t.Context())
		require.NoError(t, err)
		return int(read.Load() - before)
	}
	changed.Store("20260101000000.0Z")
	assert.Equal(t, 1, reads(one))
	assert.Equal(t, 0, reads(one))
	assert.Equal(t, 1, reads(other), "another server may know other attributes")
	stranger := one
	stranger.Connection.BindDN = "somebody@example.com"
	assert.Equal(t, 1, reads(stranger), "another account may see others")
	changed.Store("20260102000000.0Z")
	assert.Equal(t, 1, reads(one))
	assert.Equal(t, 0, reads(one))
	wrong := one
	wrong.Users.Title = "jobTitle"
	r, err := options.Open(wrong)
	require.NoError(t, err)
	t.Cleanup(func() { _ = r.Close() })
	_, err = r.Probe(t.Context())
	wantProblem(t, err, "user_title", "attribute_unknown")

	for i := range 100 { // more than are kept
		stranger.Connection.BindDN = fmt.Sprintf("somebody-%d@example.com", i)
		assert.Equal(t, 1, reads(stranger))
	}
	changed.Store("")
	assert.Equal(t, 1, reads(one))
	assert.Equal(t, 1, reads(one), "a server that does not say is asked every time")
}
