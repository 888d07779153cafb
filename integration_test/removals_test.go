//go:build integration

package integration_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// heldForm is the list of held removals on the resource's page.
func (s *source) heldForm() *form {
	s.p.tb.Helper()
	return s.p.page(s.path("")).form(s.p.tb, s.path("/removals"))
}

// Who leaves a Samba AD is disabled, deleted, or held; Postfix says what is left.
func TestR13_R14_R15_R16_WhoLeaves(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, store mailStore) {
		t.Parallel()
		ad := newPeople(t)
		p := startPanel(t, store.settings(), ad.directory.Password)
		s := p.connected("samba", sambaConnection(ad.directory, ad.unit, store.hosted()))
		at := func(local string) string { return local + "@" + store.hosted() }
		postfix := store.lookups().Postfix(t)
		var people []string
		for i := range 12 {
			people = append(people, ad.add("Person "+strconv.Itoa(i), at("p"+strconv.Itoa(i)), nil))
		}
		require.Equal(t, run{Created: 12}, s.succeeded().counts())

		// Out of the filter is out of the scope; the account goes off, and comes back with its object.
		s.saved("users", values{"user_filter": "(&(objectClass=user)(!(department=left)))"})
		ad.change(people[0], attributes{"department": "left"})
		require.Equal(t, run{Disabled: 1}, s.succeeded().counts())
		assert.Empty(t, postfix.Mailbox(at("p0")))
		require.Equal(t, run{}, s.succeeded().counts(), "once is enough")
		ad.change(people[0], attributes{"department": ""})
		require.Equal(t, run{Enabled: 1}, s.succeeded().counts())
		assert.NotEmpty(t, postfix.Mailbox(at("p0")))

		// Deleted there, deleted here; the address goes to a newcomer in the same run.
		s.saved("replication", values{"delete": "on", "keep_days": "30"})
		require.NoError(t, ad.conn.Del(ldap.NewDelRequest(people[1], nil)))
		before := postfix.Mailbox(at("p1"))
		ad.add("Newcomer", at("p1"), nil)
		got := s.succeeded()
		require.Equal(t, run{Deleted: 1, Created: 1}, got.counts(), s.log(got, "").text)
		assert.NotEqual(t, before, postfix.Mailbox(at("p1")), "another mailbox under the same address")

		// Too many at once wait for an admin; everything else goes on.
		for _, dn := range people[2:8] {
			ad.change(dn, attributes{"department": "left"})
		}
		ad.add("Another", at("another"), nil)
		preview := p.submit(s.tab("users").to(s.path("/preview")))
		require.Equal(t, http.StatusOK, preview.status, preview.text)
		assert.Contains(t, preview.text, "created 1, held 6")
		unsaved := p.submit(s.filled("users", values{"user_filter": "(objectClass=user)"}).to(s.path("/preview")))
		assert.Contains(t, unsaved.text, "created 1", "nobody has left where the filter takes all")
		assert.NotContains(t, unsaved.text, "held")
		assert.Len(t, store.active(), 12, "nothing was written")
		require.Equal(t, run{Held: 6, Created: 1}, s.succeeded().counts())
		for i := 2; i < 8; i++ {
			assert.NotEmpty(t, postfix.Mailbox(at("p"+strconv.Itoa(i))), "nothing was done")
		}
		page := p.page(s.path(""))
		assert.Contains(t, page.text, "6 removals wait for you")
		assert.Contains(t, page.text, at("p2"))

		// A filter that matches nobody removes nobody.
		s.saved("users", values{"user_filter": "(cn=nobody at all)"})
		got = s.succeeded()
		assert.Zero(t, got.Deleted+got.Disabled)
		assert.Len(t, store.active(), 13)
		s.saved("users", values{"user_filter": "(&(objectClass=user)(!(department=left)))"})
		s.succeeded()

		held := s.heldForm()
		held.values["source"] = held.values["shown"]
		answer := p.submit(held.set("sure", "on").set("decision", "confirm"))
		require.Equal(t, http.StatusOK, answer.status, answer.text)
		p.eventually("the confirmed accounts are gone", func() bool { return len(store.active()) == 7 })
		s.idle()
		assert.Equal(t, run{}, s.succeeded().counts())
		assert.False(t, strings.Contains(p.page(s.path("")).text, "removals wait"))
		assert.Empty(t, postfix.Mailbox(at("p2")))
	})
}
