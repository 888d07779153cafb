package main

import (
	"net/http"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"
)

func TestAdminNameWithCapitals(t *testing.T) {
	file := filepath.Join(t.TempDir(), "panel.db")
	t.Setenv("PANEL_ADMIN", " Admin@Corp.Example ")
	t.Setenv("PANEL_PASSWORD", testPassword)
	for start := range 2 {
		p := openPanel(t, file)
		for _, name := range []string{"Admin@Corp.Example", "admin@corp.example", "ADMIN@CORP.EXAMPLE", " admin@corp.example\t"} {
			assert.Equal(t, http.StatusSeeOther, p.newBrowser(t, false).signIn(name, testPassword).status, "start %d, %q", start, name)
		}
		all, err := p.admins.all(t.Context())
		require.NoError(t, err)
		assert.Equal(t, []admin{{Username: "admin@corp.example"}}, all)
	}
}

// Until names were lower-cased everywhere, PANEL_ADMIN was stored as it was written.
func TestAdminStoredWithCapitalsByAnOlderVersion(t *testing.T) {
	file := filepath.Join(t.TempDir(), "panel.db")
	t.Setenv("PANEL_ADMIN", testAdmin)
	t.Setenv("PANEL_PASSWORD", testPassword)
	old := openPanel(t, file)
	hash, err := bcrypt.GenerateFromPassword([]byte("the older password"), bcrypt.MinCost)
	require.NoError(t, err)
	for _, name := range []string{"Postmaster@Corp.Example", "ÄRGER@corp.example", "Admin@Corp.Example"} {
		_, err := old.admins.db.ExecContext(t.Context(),
			"INSERT INTO panel_admin (username, password, domain, language) VALUES (?, ?, '', 'de')", name, string(hash))
		require.NoError(t, err)
	}

	t.Setenv("PANEL_ADMIN", "Postmaster@Corp.Example")
	t.Setenv("PANEL_PASSWORD", "another password")
	p := openPanel(t, file)
	for _, name := range []string{"postmaster@corp.example", "Postmaster@Corp.Example", "ärger@corp.example", "ÄRGER@corp.example"} {
		assert.Equal(t, http.StatusSeeOther, p.newBrowser(t, false).signIn(name, "the older password").status, name)
	}
	assert.Equal(t, http.StatusUnauthorized, p.newBrowser(t, false).signIn("postmaster@corp.example", "another password").status,
		"the row that is there is not made twice")
	assert.Equal(t, http.StatusSeeOther, p.newBrowser(t, false).signIn(testAdmin, testPassword).status,
		"a row that had the lower-case name keeps it, with its password")
	all, err := p.admins.all(t.Context())
	require.NoError(t, err)
	assert.Len(t, all, 4, "no admin was made or lost")
}
