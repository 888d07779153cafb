//go:build integration

package integration_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// Postfix and Dovecot are asked about every station of an account's life.
func TestPostfixAndDovecotAgree(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, store mailStore) {
		t.Parallel()
		b, err := store.open(t.Context())
		require.NoError(t, err)
		postfix, dovecot := store.lookups().Postfix(t), store.lookups().Dovecot(t)
		at := func(local string) string { return local + "@" + store.hosted() }
		home := func(local string) string {
			return "/var/vmail/vmail1/" + store.hosted() + "/" + local + "-2026.05.06.07.08.09/"
		}
		apply := func(operations ...account.Operation) {
			t.Helper()
			d, err := b.Domain(t.Context(), store.hosted())
			require.NoError(t, err)
			for i := range operations {
				operations[i].Kind = account.Mailbox
			}
			results, err := b.Apply(t.Context(), d, operations)
			require.NoError(t, errors.Join(append(results, err)...))
		}
		served := func(address, local string) {
			t.Helper()
			assert.True(t, strings.HasSuffix(postfix.Mailbox(address), strings.TrimPrefix(home(local), "/var/vmail/")+"Maildir/"),
				"%s: Postfix delivers to %q", address, postfix.Mailbox(address))
			assert.Equal(t, []string{address}, postfix.Expand(address))
			assert.Equal(t, []string{address}, postfix.SenderLogins(address))
			got, found := dovecot.User(address)
			assert.True(t, found, address)
			assert.Equal(t, strings.TrimSuffix(home(local), "/"), strings.TrimSuffix(got, "/"))
		}
		unknown := func(address string) {
			t.Helper()
			assert.Empty(t, postfix.Mailbox(address), address)
			assert.Empty(t, postfix.SenderLogins(address), address)
			_, found := dovecot.User(address)
			assert.False(t, found, address)
		}
		created := func(local string) account.Operation {
			return account.Operation{
				Verb: account.Create, Address: at(local), Home: home(local),
				Values: account.Values{Profile: account.Profile{account.Name: local}, Set: account.FieldSet(account.Name), Switch: account.On},
			}
		}

		require.True(t, postfix.Domain(store.hosted()))
		unknown(at("ann"))
		apply(created("ann"), created("bob"), created("eve"))
		for _, local := range []string{"ann", "bob", "eve"} {
			served(at(local), local)
			assert.False(t, dovecot.Login(at(local), ""), "nobody knows the password")
		}

		apply(account.Operation{Verb: account.Update, Address: at("ann"), Values: account.Values{Switch: account.Off}})
		unknown(at("ann"))
		assert.Nil(t, postfix.Recipients(at("ann")), "refused at the door, rather than accepted and bounced")
		apply(account.Operation{Verb: account.Update, Address: at("ann"), Values: account.Values{Switch: account.On}})
		served(at("ann"), "ann")

		apply(
			account.Operation{Verb: account.Rename, Address: at("ann"), NewAddress: at("bob"), Home: home("ann")},
			account.Operation{Verb: account.Rename, Address: at("bob"), NewAddress: at("rob"), Home: home("bob")},
		)
		unknown(at("ann"))
		served(at("bob"), "ann")
		served(at("rob"), "bob")

		apply(account.Operation{Verb: account.Delete, Address: at("eve"), Home: home("eve")})
		unknown(at("eve"))
		assert.Nil(t, postfix.Recipients(at("eve")))
	})
}
