package store_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"database/sql"
	"encoding/base64"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/store"
)

// withPassword makes a resource with a bind password and gives its number.
func withPassword(t *testing.T, s *store.Store, password string) int64 {
	t.Helper()
	set := resource.Defaults()
	set.Connection.Domain, set.Connection.Host, set.Connection.BindDN = "example.com", "dc1.example.com", "reader@example.com"
	set.Connection.BindPassword = resource.NewSecret(password)
	id, err := s.Resources().Create(t.Context(), resource.Samba, set)
	require.NoError(t, err)
	return id
}

func read(t *testing.T, s *store.Store, id int64) resource.Resource {
	t.Helper()
	res, err := s.Resources().Get(t.Context(), id)
	require.NoError(t, err, "the page must open whatever the password is")
	return res
}

// row is what the database has of a resource.
func row(t *testing.T, db *sql.DB, id int64) (settings, sealed string) {
	t.Helper()
	require.NoError(t, db.QueryRowContext(t.Context(), fmt.Sprintf(
		"SELECT settings, bind_password FROM account_resource_resource WHERE id = %d", id)).Scan(&settings, &sealed))
	return settings, sealed
}

func execute(t *testing.T, db *sql.DB, format string, args ...any) {
	t.Helper()
	_, err := db.ExecContext(t.Context(), fmt.Sprintf(format, args...))
	require.NoError(t, err)
}

// keyed opens the store with other keys, and gives what it logs at that.
func keyed(t *testing.T, db *sql.DB, c *clock, keys ...[32]byte) (*store.Store, string) {
	t.Helper()
	var log bytes.Buffer
	o := options(c)
	o.Keys, o.Logger = keys, slog.New(slog.NewTextHandler(&log, nil))
	s, err := store.Open(t.Context(), db, o)
	require.NoError(t, err)
	return s, log.String()
}

func testSecret(t *testing.T, connect func() *sql.DB) {
	db := connect()
	s, _ := opened(t, db)
	id, other := withPassword(t, s, "s3cret"), withPassword(t, s, "s3cret")
	settings, sealed := row(t, db, id)
	_, sealedOther := row(t, db, other)
	assert.NotContains(t, settings+sealed, "s3cret")
	assert.NotContains(t, sealed, base64.StdEncoding.EncodeToString([]byte("s3cret")))
	assert.NotEqual(t, sealed, sealedOther, "the same password is never sealed alike")
	assert.Equal(t, "s3cret", read(t, s, id).Settings.Connection.BindPassword.Reveal())

	execute(t, db, "UPDATE account_resource_resource SET bind_password = '%s' WHERE id = %d", sealed, other)
	moved := read(t, s, other).Settings.Connection.BindPassword
	assert.Equal(t, resource.LockedByRow, moved.Locked(), "a sealed password is good for its resource only")
	assert.Empty(t, moved.Reveal())
}

// Whoever can write the database cannot have the password sent to a server of their own.
func testSecretEndpoint(t *testing.T, connect func() *sql.DB) {
	db := connect()
	s, c := opened(t, db)
	id := withPassword(t, s, "s3cret")
	settings, sealed := row(t, db, id)
	for _, change := range [][2]string{
		{`"host":"dc1.example.com"`, `"host":"evil.example.net"`}, {`"host":"dc1.example.com"`, `"host":"dc1.example.com, evil.example.net"`},
		{`"port":636`, `"port":389`}, {`"tls":true`, `"tls":false`}, {`"bind_dn":"reader@example.com"`, `"bind_dn":"other@example.com"`},
		{`"ca_certificate":""`, `"ca_certificate":"x"`},
	} {
		changed := strings.Replace(settings, change[0], change[1], 1)
		require.NotEqual(t, settings, changed, "%s is in the row", change[0])
		execute(t, db, "UPDATE account_resource_resource SET settings = '%s' WHERE id = %d", changed, id)
		password := read(t, s, id).Settings.Connection.BindPassword
		assert.Equal(t, resource.LockedByRow, password.Locked(), change[1])
		assert.Empty(t, password.Reveal(), change[1])
		assert.Equal(t, "problem_password_locked_row", password.Problem().Message.Key)
		_, logged := keyed(t, db, c, [32]byte{1, 2, 3})
		assert.Contains(t, logged, "were changed in the database", "the start says so and seals nothing anew")
		_, after := row(t, db, id)
		assert.Equal(t, sealed, after)
	}
	harmless := strings.Replace(settings, `"timeout":10`, `"timeout":11`, 1)
	execute(t, db, "UPDATE account_resource_resource SET settings = '%s' WHERE id = %d", harmless, id)
	assert.Equal(t, "s3cret", read(t, s, id).Settings.Connection.BindPassword.Reveal())

	res := read(t, s, id)
	next := res.Settings
	next.Connection.Host = "dc2.example.com"
	require.ErrorContains(t, s.Resources().Save(t.Context(), res, next, resource.Secret{}), "another endpoint")
	require.NoError(t, s.Resources().Save(t.Context(), res, next, resource.NewSecret("typed")))
	assert.Equal(t, "typed", read(t, s, id).Settings.Connection.BindPassword.Reveal())
}

// With a key that does not fit nothing is lost: what is saved meanwhile leaves the password alone.
func testSecretKey(t *testing.T, connect func() *sql.DB) {
	db := connect()
	s, c := opened(t, db)
	id, empty := withPassword(t, s, "s3cret"), withPassword(t, s, "")
	_, sealed := row(t, db, id)

	wrong, logged := keyed(t, db, c, [32]byte{9})
	assert.Contains(t, logged, "the stored bind password cannot be opened")
	assert.Contains(t, logged, "secret key")
	assert.Equal(t, 1, strings.Count(logged, "cannot be opened"), "a resource without a password has nothing to open")
	res := read(t, wrong, id)
	assert.Equal(t, resource.LockedByKey, res.Settings.Connection.BindPassword.Locked())
	assert.Equal(t, "problem_password_locked_key", res.Settings.Connection.BindPassword.Problem().Message.Key)
	assert.True(t, read(t, wrong, empty).Settings.Connection.BindPassword.IsZero())
	next := res.Settings
	next.Users.Title, next.Connection.Timeout = "", 33
	require.NoError(t, wrong.Resources().Save(t.Context(), res, next, resource.Secret{}))
	_, after := row(t, db, id)
	assert.Equal(t, sealed, after)

	right, logged := keyed(t, db, c, [32]byte{1, 2, 3})
	assert.Empty(t, logged)
	got := read(t, right, id).Settings.Connection
	assert.Equal(t, "s3cret", got.BindPassword.Reveal())
	assert.Equal(t, 33, got.Timeout)

	res = read(t, wrong, id)
	require.NoError(t, wrong.Resources().Save(t.Context(), res, res.Settings, resource.NewSecret("new")))
	assert.Equal(t, "new", read(t, wrong, id).Settings.Connection.BindPassword.Reveal())
}

// Two panels change their key one after the other, and each can read at every moment.
func testSecretRotation(t *testing.T, connect func() *sql.DB) {
	old, young := [32]byte{1, 2, 3}, [32]byte{4, 5, 6}
	db := connect()
	before, c := opened(t, db)
	id := withPassword(t, before, "s3cret")
	keyed(t, db, c, old, young) // the new one as an older key, everywhere
	other, _ := keyed(t, db, c, old, young)
	_, sealed := row(t, db, id)

	one, logged := keyed(t, db, c, young, old)
	assert.Contains(t, logged, "encrypted with the present key")
	_, resealed := row(t, db, id)
	assert.NotEqual(t, sealed, resealed)
	for name, s := range map[string]*store.Store{"promoted": one, "not yet promoted": other} {
		assert.Equal(t, "s3cret", read(t, s, id).Settings.Connection.BindPassword.Reveal(), name)
	}
	late := withPassword(t, other, "late")
	assert.Equal(t, "late", read(t, one, late).Settings.Connection.BindPassword.Reveal())

	last, _ := keyed(t, db, c, young, old)
	assert.Equal(t, "late", read(t, last, late).Settings.Connection.BindPassword.Reveal())
	alone, logged := keyed(t, db, c, young)
	assert.Empty(t, logged, "the old key is not needed any more")
	for id, password := range map[int64]string{id: "s3cret", late: "late"} {
		assert.Equal(t, password, read(t, alone, id).Settings.Connection.BindPassword.Reveal())
	}
}

// The first form was bound to the resource's number alone.
func testSecretFirstForm(t *testing.T, connect func() *sql.DB) {
	key := [32]byte{1, 2, 3}
	db := connect()
	s, c := opened(t, db)
	id := withPassword(t, s, "")
	block, err := aes.NewCipher(key[:])
	require.NoError(t, err)
	aead, err := cipher.NewGCM(block)
	require.NoError(t, err)
	nonce := []byte("twelve bytes")
	first := "v1:" + base64.StdEncoding.EncodeToString(aead.Seal(nonce, nonce, []byte("s3cret"), fmt.Appendf(nil, "account resource %d", id)))
	execute(t, db, "UPDATE account_resource_resource SET bind_password = '%s' WHERE id = %d", first, id)

	wrong, _ := keyed(t, db, c, [32]byte{9})
	assert.Equal(t, resource.LockedByKey, read(t, wrong, id).Settings.Connection.BindPassword.Locked())
	_, sealed := row(t, db, id)
	require.Equal(t, first, sealed)

	s, _ = keyed(t, db, c, key)
	assert.Equal(t, "s3cret", read(t, s, id).Settings.Connection.BindPassword.Reveal())
	settings, sealed := row(t, db, id)
	assert.True(t, strings.HasPrefix(sealed, "v2:"), sealed)
	execute(t, db, "UPDATE account_resource_resource SET bind_password = '%s' WHERE id = %d", first, id)
	assert.Equal(t, resource.LockedByRow, read(t, s, id).Settings.Connection.BindPassword.Locked(),
		"one that is put back is for no endpoint")
	execute(t, db, "UPDATE account_resource_resource SET bind_password = '%s' WHERE id = %d", sealed, id)
	execute(t, db, "UPDATE account_resource_resource SET settings = '%s' WHERE id = %d",
		strings.Replace(settings, "dc1", "evil", 1), id)
	assert.Equal(t, resource.LockedByRow, read(t, s, id).Settings.Connection.BindPassword.Locked())
}

func testTested(t *testing.T, connect func() *sql.DB) {
	s, _ := opened(t, connect())
	id := withPassword(t, s, "s3cret")
	for _, c := range []struct {
		change func(*resource.Settings)
		stays  bool
	}{
		{func(s *resource.Settings) { s.Replication.Interval++ }, true},
		{func(s *resource.Settings) { s.Users.Title = "description" }, false},
		{func(s *resource.Settings) { s.Groups.Name = "description" }, false},
		{func(s *resource.Settings) { s.Connection.Timeout++ }, false},
	} {
		require.NoError(t, s.Resources().SetTested(t.Context(), id, read(t, s, id).Revision))
		res := read(t, s, id)
		require.True(t, res.Tested)
		next := res.Settings
		c.change(&next)
		require.NoError(t, s.Resources().Save(t.Context(), res, next, resource.Secret{}))
		assert.Equal(t, c.stays, read(t, s, id).Tested, "%+v", next)
	}
}
