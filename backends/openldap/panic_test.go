package openldap

import (
	"context"
	"slices"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/directory/fakead"
	"github.com/mailpanel/account-resource/accountresource/recovered"
)

// The steps of a batch are worked on in goroutines of their own: a panic there would end the whole process.
func TestAPanicInAStepIsAnError(t *testing.T) {
	server, err := fakead.Start(fakead.Options{NoTLS: true})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, server.Close()) })
	b := &Backend{writers: 3, pool: newPool(Options{
		URI: "ldap://" + server.Addr().String(), BindDN: server.AdminDN(), Password: fakead.AdminPassword,
	})}
	t.Cleanup(b.pool.close)
	steps := make([]step, 9)
	for i := range steps {
		steps[i] = step{&account.Operation{Address: string(rune('a' + i))}, new(error)}
	}
	var broken *ldap.Conn
	err = b.inParallel(t.Context(), steps, func(conn *ldap.Conn, s step) error {
		if s.Address == "e" {
			broken = conn
			panic("boom")
		}
		return nil
	})
	require.ErrorContains(t, err, "boom")
	assert.Contains(t, recovered.Stack(err), "panic_test.go", "the log can say where")
	assert.True(t, broken.IsClosing(), "a connection in the middle of something is not used again")
	assert.False(t, slices.Contains(b.pool.idle, broken))

	require.NoError(t, b.inParallel(context.WithoutCancel(t.Context()), steps, func(*ldap.Conn, step) error { return nil }))
}
