package sqldb_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
	"github.com/mailpanel/account-resource/backends/sqldb"
)

// A file that may only be read.
func TestUnwritableOnSQLite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vmail.db")
	domain, operations := creations(newDatabase(t, "sqlite", "sqlite", path))
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	b, err := sqldb.Open(t.Context(), db, sqldb.Options{})
	require.NoError(t, err)
	results, err := b.Apply(t.Context(), domain, operations)
	require.ErrorIs(t, err, backends.ErrUnwritable, "%v", results)
	assert.Nil(t, results)
}

// creations returns a domain and mailboxes to create in it.
func creations(d *database) (domain account.Domain, operations []account.Operation) {
	d.t.Helper()
	d.exec("INSERT INTO domain (domain, settings) VALUES (?, '')", "example.com")
	domain, err := d.backend.Domain(d.t.Context(), "example.com")
	require.NoError(d.t, err)
	for i := range 8 {
		operations = append(operations, account.Operation{
			Verb: account.Create, Kind: account.Mailbox, Address: fmt.Sprintf("u%d@example.com", i),
			Home: fmt.Sprintf("/var/vmail/vmail1/example.com/u%d/", i), Values: account.Values{Switch: account.On},
		})
	}
	return domain, operations
}

// A database that takes no changes is to blame, and no account: nothing is tried one by one.
func testUnwritable(t *testing.T, open func(*testing.T) *database, readOnly, readWrite string) {
	t.Helper()
	d := open(t)
	domain, operations := creations(d)
	d.exec(readOnly)
	results, err := d.backend.Apply(t.Context(), domain, operations)
	require.ErrorIs(t, err, backends.ErrUnwritable, "%v", results)
	assert.Nil(t, results)
	d.exec(readWrite)
	results, err = d.backend.Apply(t.Context(), domain, operations)
	require.NoError(t, err)
	for i := range results {
		require.NoError(t, results[i])
	}
}
