package directory_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// names lists users and gives the number in each one's address.
func names(t testing.TB, r run.Reader, limit int) ([]string, run.Listing, error) {
	t.Helper()
	var all []string
	listing, err := r.List(t.Context(), run.Query{Kind: account.User, Limit: limit}, func(o account.Object) error {
		require.Len(t, o.Mail, 1)
		all = append(all, strings.TrimSuffix(strings.TrimPrefix(o.Mail[0], "user"), "@example.com"))
		return nil
	})
	return all, listing, err
}

func TestAListingIsReadPageByPage(t *testing.T) {
	for _, c := range []struct{ there, size int }{
		{0, 3}, {1, 3}, {2, 3}, {3, 3}, {4, 3}, {10, 3}, {5, 1}, {5, 1000}, {2500, 1000},
	} {
		t.Run(fmt.Sprintf("%d by %d", c.there, c.size), func(t *testing.T) {
			var asked []request
			script := &scripted{list: func(s *session, r request) {
				asked = append(asked, r)
				pages(c.there)(s, r)
			}}
			got, listing, err := names(t, open(t, settings(t, script.serve(t)), c.size), 0)
			require.NoError(t, err)
			assert.Equal(t, run.Listing{Complete: true, Count: c.there}, listing)
			assert.Len(t, got, c.there)
			for i, n := range got {
				assert.Equal(t, fmt.Sprint(i+1), n)
			}
			for _, r := range asked {
				assert.True(t, r.critical, "a server that does not page must refuse")
				assert.Equal(t, int64(c.size), r.pageSize)
				assert.Equal(t, int64(ldap.ScopeWholeSubtree), r.scope)
				assert.Equal(t, int64(ldap.NeverDerefAliases), r.deref)
				assert.Equal(t, int64(27), r.timeLimit, "the server gives up before it is cut off")
				assert.Equal(t, scriptedBase, r.base)
			}
		})
	}
}

func TestALimitEndsAListing(t *testing.T) {
	for _, c := range []struct {
		there, size, limit int
		want               run.Listing
		requests           int
	}{
		{0, 3, 10, run.Listing{Complete: true}, 1},
		{9, 1000, 10, run.Listing{Complete: true, Count: 9}, 1},
		{10, 1000, 10, run.Listing{Complete: true, Count: 10}, 1},
		{11, 1000, 10, run.Listing{Count: 10}, 1},
		{5000, 1000, 10, run.Listing{Count: 10}, 1},
		{10, 5, 10, run.Listing{Complete: true, Count: 10}, 2},
		{11, 5, 10, run.Listing{Count: 10}, 3},
		{5, 1, 1, run.Listing{Count: 1}, 2},
	} {
		t.Run(fmt.Sprintf("%d of %d by %d", c.limit, c.there, c.size), func(t *testing.T) {
			requests := 0
			script := &scripted{list: func(s *session, r request) {
				requests++
				assert.LessOrEqual(t, r.pageSize, int64(c.limit+1), "no more is asked for than is wanted")
				pages(c.there)(s, r)
			}}
			reader := open(t, settings(t, script.serve(t)), c.size)
			got, listing, err := names(t, reader, c.limit)
			require.NoError(t, err)
			assert.Equal(t, c.want, listing)
			assert.Len(t, got, c.want.Count)
			assert.Equal(t, c.requests, requests)
			_, again, err := names(t, reader, c.limit) // the connection is as good as before
			require.NoError(t, err)
			assert.Equal(t, c.want, again)
		})
	}
}

// What ends otherwise than with success and an empty cookie is never complete.
func TestR13_AListingThatIsNotWholeIsNeverComplete(t *testing.T) {
	done := func(code int64) func(*session, request) {
		return func(s *session, r request) { s.result(r, ldap.ApplicationSearchResultDone, code, "because") }
	}
	for name, c := range map[string]struct {
		second     func(s *session, r request) // what follows a good page of three
		field, key string
	}{
		"size limit":           {done(ldap.LDAPResultSizeLimitExceeded), "", "server_size_limit"},
		"size limit in a row":  {func(s *session, r request) { s.user(r, 4); done(4)(s, r) }, "", "server_size_limit"},
		"administrator limit":  {done(ldap.LDAPResultAdminLimitExceeded), "", "server_size_limit"},
		"time limit":           {done(ldap.LDAPResultTimeLimitExceeded), "", "server_time_limit"},
		"referral":             {done(ldap.LDAPResultReferral), "base_dn", "base_elsewhere"},
		"busy":                 {done(ldap.LDAPResultBusy), "", "server_busy"},
		"unavailable":          {done(ldap.LDAPResultUnavailable), "", "server_busy"},
		"no access":            {done(ldap.LDAPResultInsufficientAccessRights), "bind_dn", "no_access"},
		"paging is broken off": {done(ldap.LDAPResultUnavailableCriticalExtension), "", "paging_broken"},
		"filter refused":       {done(ldap.LDAPResultInappropriateMatching), "user_filter", "filter_refused"},
		"base DN is gone":      {done(ldap.LDAPResultNoSuchObject), "base_dn", "base_missing"},
		"another code":         {done(ldap.LDAPResultOther), "", "server_refused"},
		"no paging control":    {done(0), "", "paging_broken"},
		"the same page": {func(s *session, r request) {
			r.cookie = ""
			pages(9)(s, r)
		}, "", "paging_broken"},
		"empty pages for ever": {func(s *session, r request) { s.page(r, r.cookie+"x") }, "", "paging_broken"},
		"cut between entries":  {func(s *session, r request) { s.user(r, 4); _ = s.Close() }, "", "connection_lost"},
		"cut in an entry":      {func(s *session, _ request) { _, _ = s.Write([]byte{0x30, 0x50, 2, 1}); _ = s.Close() }, "", "connection_lost"},
		"no LDAP":              {func(s *session, _ request) { _, _ = s.Write([]byte("HTTP/1.1 400\r\n\r\n")); _ = s.Close() }, "", "server_message_broken"},
	} {
		t.Run(name, func(t *testing.T) {
			script := &scripted{list: func(s *session, r request) {
				if r.cookie == "" {
					pages(9)(s, r)
					return
				}
				c.second(s, r)
			}}
			got, listing, err := names(t, open(t, settings(t, script.serve(t)), 3), 0)
			wantProblem(t, err, c.field, c.key)
			assert.Equal(t, run.Listing{Count: 3}, listing)
			assert.Equal(t, []string{"1", "2", "3"}, got, "what came before was given")
		})
	}
}

func TestAServerThatKnowsNoPagingRefusesTheFirstPage(t *testing.T) {
	script := &scripted{list: func(s *session, r request) {
		s.result(r, ldap.ApplicationSearchResultDone, ldap.LDAPResultUnavailableCriticalExtension, "because")
	}}
	_, listing, err := names(t, open(t, settings(t, script.serve(t)), 3), 0)
	wantProblem(t, err, "", "no_paging")
	assert.Equal(t, run.Listing{}, listing)
}

// Samba's cookie is the same for all pages of a search, and Active Directory sends empty pages on the way.
func TestACookieMayRepeatAndAPageMayBeEmpty(t *testing.T) {
	n := 0
	script := &scripted{list: func(s *session, r request) {
		if n++; n%2 == 0 {
			s.user(r, n)
		}
		if n == 60 {
			s.page(r, "")
			return
		}
		s.page(r, "cookie")
	}}
	got, listing, err := names(t, open(t, settings(t, script.serve(t)), 3), 0)
	require.NoError(t, err)
	assert.Equal(t, run.Listing{Complete: true, Count: 30}, listing)
	assert.Len(t, got, 30)
}

func TestReferencesAreNoEntries(t *testing.T) {
	script := &scripted{list: func(s *session, r request) {
		s.user(r, 1)
		s.reference(r, "ldap://127.0.0.1:1/DC=ForestDnsZones,DC=example,DC=com")
		s.user(r, 2)
		s.page(r, "")
	}}
	_, listing, err := names(t, open(t, settings(t, script.serve(t)), 3), 0)
	require.NoError(t, err)
	assert.Equal(t, run.Listing{Complete: true, Count: 2}, listing)
}

func TestAnEntryWithoutIdentityStopsNobodyAndLeavesTheListingIncomplete(t *testing.T) {
	for name, guid := range map[string][]string{"absent": nil, "short": {"123"}, "empty": {""}} {
		t.Run(name, func(t *testing.T) {
			script := &scripted{list: func(s *session, r request) {
				s.user(r, 1)
				s.entry(r, userDN(2), map[string][]string{"objectGUID": guid, "userPrincipalName": {"user2@example.com"}})
				s.user(r, 3)
				s.page(r, "")
			}}
			got, listing, err := names(t, open(t, settings(t, script.serve(t)), 3), 0)
			require.NoError(t, err)
			assert.Equal(t, run.Listing{Count: 2}, listing)
			assert.Equal(t, []string{"1", "3"}, got)
		})
	}
}

func TestADirectoryWithoutIdentitiesIsAProblem(t *testing.T) {
	script := &scripted{list: func(s *session, r request) {
		s.entry(r, userDN(1), map[string][]string{"userPrincipalName": {"user1@example.com"}})
		s.page(r, "")
	}}
	_, listing, err := names(t, open(t, settings(t, script.serve(t)), 3), 0)
	wantProblem(t, err, "bind_dn", "no_identity", "objectGUID")
	assert.Equal(t, run.Listing{}, listing)
}

func TestOnePageIsReadAheadAndNoMore(t *testing.T) {
	asked := make(chan string, 100)
	script := &scripted{list: func(s *session, r request) {
		asked <- r.cookie
		pages(100)(s, r)
	}}
	reader := open(t, settings(t, script.serve(t)), 10)
	first := true
	listing, err := reader.List(t.Context(), run.Query{Kind: account.User}, func(account.Object) error {
		if !first {
			return nil
		}
		first = false
		assert.Equal(t, "", <-asked)
		assert.Equal(t, "10", <-asked, "the second page is asked for while the first is worked on")
		select {
		case cookie := <-asked:
			t.Errorf("the page behind %s was asked for too early", cookie)
		case <-time.After(50 * time.Millisecond): // only gives a wrong reader the time to show itself
		}
		return nil
	})
	require.NoError(t, err)
	assert.Equal(t, run.Listing{Complete: true, Count: 100}, listing)
}

func TestStoppingAListingLeavesNothingBehind(t *testing.T) {
	address := (&scripted{list: pages(100_000)}).serve(t)
	before := runtime.NumGoroutine()
	enough := errors.New("enough")
	for range 10 {
		reader := open(t, settings(t, address), 7)
		count := 0
		listing, err := reader.List(t.Context(), run.Query{Kind: account.User}, func(account.Object) error {
			if count++; count == 10 {
				return enough
			}
			return nil
		})
		require.ErrorIs(t, err, enough)
		assert.Equal(t, run.Listing{Count: 9}, listing)
		require.NoError(t, reader.Close())
		require.NoError(t, reader.Close(), "closing twice is harmless")
	}
	assert.Eventually(t, func() bool { return runtime.NumGoroutine() <= before+1 }, 10*time.Second, 10*time.Millisecond)
}

func TestNothingWaitsForAServerWhenTheRunIsOver(t *testing.T) {
	why := errors.New("the panel is going down")
	for name, stage := range map[string]func(cancel func()) *scripted{
		"at the bind": func(cancel func()) *scripted {
			return &scripted{bind: func(s *session, _ request) { cancel(); discard(s) }}
		},
		"at the first page": func(cancel func()) *scripted {
			return &scripted{list: func(s *session, _ request) { cancel(); discard(s) }}
		},
		"in a page": func(cancel func()) *scripted {
			return &scripted{list: func(s *session, r request) {
				if r.cookie == "" {
					pages(10)(s, r)
					return
				}
				s.user(r, 4)
				cancel()
				discard(s)
			}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			reader := open(t, settings(t, stage(func() { cancel(why) }).serve(t)), 3)
			listing, err := reader.List(ctx, run.Query{Kind: account.User}, func(account.Object) error { return nil })
			require.ErrorIs(t, err, why)
			assert.False(t, listing.Complete)
			require.NoError(t, reader.Close())
		})
	}
}

func TestASilentServerIsNotWaitedFor(t *testing.T) {
	for name, c := range map[string]struct {
		script     *scripted
		field, key string
	}{
		"at the bind":  {&scripted{bind: func(s *session, _ request) { discard(s) }}, "port", "bind_silent"},
		"at the probe": {&scripted{read: func(string, []string) (map[string][]string, bool) { select {} }}, "", "server_silent"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := settings(t, c.script.serve(t))
			s.Connection.Timeout = 1
			_, err := open(t, s, 3).Probe(t.Context())
			wantProblem(t, err, c.field, c.key, "1 seconds")
		})
	}
	t.Run("in a page", func(t *testing.T) {
		t.Parallel()
		script := &scripted{list: func(s *session, r request) { s.user(r, 1); discard(s) }}
		s := settings(t, script.serve(t))
		s.Connection.Timeout = 1
		_, listing, err := names(t, open(t, s, 3), 0)
		wantProblem(t, err, "", "server_silent", "1 seconds")
		assert.Equal(t, run.Listing{}, listing)
	})
}

func TestContactsAreNotAListingOfTheirOwn(t *testing.T) {
	_, err := open(t, settings(t, "127.0.0.1:1"), 3).List(t.Context(), run.Query{Kind: account.Contact}, nil)
	require.Error(t, err)
}
