package backendtest

import (
	"context"
	"errors"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
)

func faultyWrapper(s suite) {
	d, boom := s.domain("example.com"), errors.New("boom")
	faulty := NewFaulty(s.Backend)
	operations := []account.Operation{creation("ann", "Ann")}

	_, err := faulty.FailBefore(boom).Apply(s.Context(), d, operations)
	require.ErrorIs(s, err, boom)
	assert.Empty(s, s.accounts(backends.Query{}))
	_, err = faulty.FailBefore(nil).FailAfter(boom).Apply(s.Context(), d, operations)
	require.ErrorIs(s, err, boom)
	assert.Len(s, s.accounts(backends.Query{}), 1, "it failed, and yet it happened")

	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	_, err = faulty.FailAfter(nil).Hang(true).Apply(ctx, d, operations)
	require.ErrorIs(s, err, context.Canceled)
	results, err := faulty.Hang(false).Apply(s.Context(), d, operations)
	require.NoError(s, errors.Join(append(results, err)...))
	assert.Len(s, s.accounts(backends.Query{}), 1)
}
