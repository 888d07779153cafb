package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSecretKeys(t *testing.T) {
	t.Setenv("PANEL_DB", "panel.db")
	current, older, oldest := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{0xab}, 32), bytes.Repeat([]byte{3}, 32)
	one, two, three := strings.Repeat("01", 32), strings.Repeat("aB", 32), strings.Repeat("03", 32)
	for text, keys := range map[string][][]byte{
		"":                              nil,
		one:                             {current},
		one + "," + two:                 {current, older},
		one + ", " + two + " ," + three: {current, older, oldest},
	} {
		t.Setenv("PANEL_SECRET_KEY", text)
		c, err := readConfig()
		require.NoError(t, err, text)
		assert.Equal(t, keys, c.secretKeys, text)
	}
	for _, text := range []string{",", one + ",", "," + one, one + ",,", one[2:], one + "00", one + ";" + two, one + "," + two[1:], strings.Repeat("g", 64)} {
		t.Setenv("PANEL_SECRET_KEY", text)
		_, err := readConfig()
		require.ErrorContains(t, err, "PANEL_SECRET_KEY must be 64 hexadecimal digits", text)
		if len(text) > 8 {
			assert.NotContains(t, err.Error(), text[:8], "a key is not shown")
		}
	}
}

func TestRefusedConfigurationLeavesNothingBehind(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	t.Setenv("PANEL_BACKEND", "mysql") // needs a data source
	_, err := readConfig()
	require.ErrorContains(t, err, "PANEL_BACKEND is mysql")
	left, err := os.ReadDir(folder)
	require.NoError(t, err)
	assert.Empty(t, left)
}

func TestPasswordThatBcryptRefuses(t *testing.T) {
	t.Setenv("PANEL_DB", "panel.db")
	t.Setenv("PANEL_PASSWORD", strings.Repeat("ä", 37))
	_, err := readConfig()
	require.EqualError(t, err, "PANEL_PASSWORD may have 72 bytes at most")
}
