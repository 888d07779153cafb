//go:build integration

package servers_test

import (
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/integration_test/servers"
)

func TestMariaDBCountsTheWritesOfOneUserOnly(t *testing.T) {
	database := servers.MariaDB(t)
	owner := database.Open(t)
	_, err := owner.ExecContext(t.Context(), "CREATE TABLE letters (id INT PRIMARY KEY, text TEXT)")
	require.NoError(t, err)

	limited := database.As(t, "SELECT, INSERT, UPDATE")
	require.Zero(t, limited.Writes(t))
	db := limited.Open(t)
	_, err = db.ExecContext(t.Context(), "INSERT INTO letters VALUES (?, ?), (?, ?)", 1, "a", 2, "b")
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), "UPDATE letters SET text = 'a' WHERE id = 1")
	require.NoError(t, err)
	_, err = db.QueryContext(t.Context(), "SELECT 1")
	require.NoError(t, err)
	_, err = owner.ExecContext(t.Context(), "DELETE FROM letters")
	require.NoError(t, err)
	require.Equal(t, 2, limited.Writes(t), "a statement that changes nothing counts; another user's does not")

	_, err = db.ExecContext(t.Context(), "DELETE FROM letters")
	require.Error(t, err, "a right that was not given")
}

func TestPostgreSQLAnswers(t *testing.T) {
	db := servers.PostgreSQL(t).Open(t)
	var version, zone string
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT version(), current_setting('timezone')").Scan(&version, &zone))
	require.Contains(t, version, "PostgreSQL")
	require.NotEqual(t, "UTC", zone)
}

func TestSambaGivesEachTestAUnit(t *testing.T) {
	directory := servers.Samba(t)
	conn := directory.Connect(t)
	one, other := directory.Unit(t), directory.Unit(t)
	require.NotEqual(t, one, other)
	found, err := conn.Search(ldap.NewSearchRequest(one, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 1, 0, false,
		"(objectClass=organizationalUnit)", []string{"objectGUID"}, nil))
	require.NoError(t, err)
	require.Len(t, found.Entries, 1)
	require.Len(t, found.Entries[0].GetRawAttributeValue("objectGUID"), 16)
}
