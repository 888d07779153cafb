package backendtest

import (
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
)

func searchDomains(s suite) {
	for _, name := range []string{"other.example", "a_b.example", "axb.example"} {
		s.AddDomain(account.Domain{Name: name, Active: true})
	}
	s.AddDomain(account.Domain{Name: "relayed.example", Active: true, BackupMX: true})
	for part, want := range map[string][]string{
		"":            {"a_b.example", "axb.example", "example.com", "other.example"},
		"EXAMPLE.com": {"example.com"},
		"a_b":         {"a_b.example"},
		"%":           nil,
		"' OR 1=1 --": nil,
		"relayed":     nil,
	} {
		got, err := s.Backend.Domains(s.Context(), part, 10)
		require.NoError(s, err, part)
		assert.ElementsMatch(s, want, got, "part %q", part)
	}
	got, err := s.Backend.Domains(s.Context(), "example", 2)
	require.NoError(s, err)
	assert.Len(s, got, 2, "no more than asked for")
}

func readDomain(s suite) {
	want := account.Domain{
		Name: "limited.example", Active: true, MailboxLimit: 5, AliasLimit: -1, QuotaLimit: 5000, Quota: 1024,
		Language: "de_DE", Timezone: "Asia/Tokyo", DisabledServices: []string{"pop3", "imap"},
	}
	s.AddDomain(want)
	s.AddDomain(account.Domain{Name: "relayed.example", BackupMX: true})
	assert.Empty(s, cmp.Diff(want, s.domain("limited.example")))
	relayed := s.domain("relayed.example")
	assert.True(s, relayed.BackupMX)
	assert.False(s, relayed.Active)
	_, err := s.Backend.Domain(s.Context(), "nowhere.example")
	require.ErrorIs(s, err, backends.ErrNotFound)

	s.applied(creation("ann", "Ann"), creation("bob", "Bob"))
	s.AddAlias("sales@example.com")
	used := s.domain("example.com")
	assert.Equal(s, 2, used.Mailboxes)
	assert.Equal(s, 1, used.Aliases)
	assert.EqualValues(s, 2048, used.QuotaUsed)

	s.AddDomain(account.Domain{Name: "open.example", Active: true, Quota: 1024})
	s.AddMailbox(account.Account{Address: "bea@open.example", Kind: account.Mailbox, Active: true, Home: "/var/vmail/vmail1/open.example/bea/"})
	assert.Zero(s, s.domain("open.example").Mailboxes, "nothing is counted where it does not matter")
}
