package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDemoLeavesNoSession(t *testing.T) {
	p := newTestPanel(t)
	stop, err := p.startDirectory(t.Context(), config{temporary: t.TempDir(), admin: testAdmin})
	require.NoError(t, err)
	assert.Empty(t, p.sessions.byName)
	require.NoError(t, stop())
}
