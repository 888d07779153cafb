package vmail_test

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/mailpanel/account-resource/examples/panel/vmail"
)

func TestTablesAreMadeOnce(t *testing.T) {
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "vmail.db"))
	require.NoError(t, err)
	defer db.Close()
	require.NoError(t, vmail.Create(t.Context(), db, "sqlite"))
	require.NoError(t, vmail.Create(t.Context(), db, "sqlite"), "again is fine")
	_, err = db.ExecContext(t.Context(), "INSERT INTO forwardings (address, forwarding) VALUES ('a', 'b')")
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), "INSERT INTO forwardings (address, forwarding) VALUES ('a', 'b')")
	require.ErrorContains(t, err, "UNIQUE")
	var active int
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT active FROM forwardings").Scan(&active))
	assert.Equal(t, 1, active)
}

func TestSchemaOfEachServer(t *testing.T) {
	for _, server := range []string{"mysql", "pgsql", "sqlite"} {
		statements, err := vmail.Schema(server, false)
		require.NoError(t, err)
		all := strings.Join(statements, "\n")
		assert.NotContains(t, all, "%!", server)
		assert.Contains(t, all, "first_name", server)
		statements, err = vmail.Schema(server, true)
		require.NoError(t, err)
		assert.NotContains(t, strings.Join(statements, "\n"), "first_name", server)
	}
	_, err := vmail.Schema("oracle", false)
	assert.Error(t, err)
}
