package backends_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/mailpanel/account-resource/backends"
)

func TestR5_AMailboxLiesWhereTheHostsRuleSays(t *testing.T) {
	now := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	fresh := backends.DefaultStorage()
	hashed := fresh
	hashed.HashDomain = true
	flat := backends.Storage{BaseDirectory: "/mail/node1/"}
	for _, c := range []struct {
		rule          backends.Storage
		address, want string
	}{
		{fresh, "ann@example.com", "/var/vmail/vmail1/example.com/a/n/n/ann-2024.05.06.07.08.09/"},
		{fresh, "x@example.com", "/var/vmail/vmail1/example.com/x/_/_/x-2024.05.06.07.08.09/"},
		{fresh, "a.b@example.com", "/var/vmail/vmail1/example.com/a/_/b/a.b-2024.05.06.07.08.09/"},
		{fresh, "a-b@example.com", "/var/vmail/vmail1/example.com/a/-/b/a-b-2024.05.06.07.08.09/"},
		{hashed, "ann@example.com", "/var/vmail/vmail1/e/x/example.com/a/n/n/ann-2024.05.06.07.08.09/"},
		{hashed, "ann@x.example.com", "/var/vmail/vmail1/x/_/x.example.com/a/n/n/ann-2024.05.06.07.08.09/"},
		{hashed, "ann@e-mail.com", "/var/vmail/vmail1/e/_/e-mail.com/a/n/n/ann-2024.05.06.07.08.09/"},
		{flat, "ann@example.com", "/mail/node1/ann/"},
	} {
		assert.Equal(t, c.want, c.rule.Home(c.address, now))
	}
}

// iRedAdmin's clean-up removes only directories whose path ends in the time.
func TestR5_AnotherMailDirectoryOfTheSameSecondEndsInTheTimeToo(t *testing.T) {
	now := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	flat := backends.Storage{BaseDirectory: "/mail/node1/"}
	assert.Equal(t, "/var/vmail/vmail1/example.com/a/n/n/ann-2-2024.05.06.07.08.09/", backends.DefaultStorage().Another("ann@example.com", now, 2))
	assert.Equal(t, "/mail/node1/ann-3-2024.05.06.07.08.09/", flat.Another("ann@example.com", now, 3))
}
