package directory_test

import (
	"context"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/directory/fakead"
	"github.com/mailpanel/account-resource/accountresource/directory/readertest"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// The fake directory is as good as the real one wherever the suite looks.
func TestReaderOnTheFakeDirectory(t *testing.T) {
	readertest.Run(t, func(t *testing.T) *readertest.Place {
		ad := startFake(t, fakead.Options{})
		base := "OU=Place," + ad.BaseDN()
		require.NoError(t, ad.Add(base, fakead.Attributes{"objectClass": {"organizationalUnit"}}))
		upn, err := ad.Reader("reader", "reader-Secret-1")
		require.NoError(t, err)
		admin, err := ldap.DialURL("ldap://" + ad.Addr().String())
		require.NoError(t, err)
		t.Cleanup(func() { _ = admin.Close() })
		require.NoError(t, admin.Bind(ad.AdminDN(), fakead.AdminPassword))
		var dialer net.Dialer
		var denied fakead.Denied
		return &readertest.Place{
			Connection: resource.Connection{
				Domain: "readers.example", Host: "127.0.0.1", Port: 389, TLS: true, Timeout: 30, CACertificate: string(ad.CA()),
				BindDN: "CN=reader,CN=Users," + ad.BaseDN(), BindPassword: resource.NewSecret("reader-Secret-1"),
			},
			AdminDN: ad.AdminDN(), AdminPassword: resource.NewSecret(fakead.AdminPassword), Admin: admin, Base: base, Root: ad.BaseDN(), UPN: upn, Logon: `CORP\reader`,
			HideTree: func(_ *testing.T, _, dn string) { ad.Deny(fakead.Denied{Trees: []string{dn}}) },
			HideAttribute: func(_ *testing.T, _, dn, attribute string) {
				denied.Of = []string{dn}
				denied.Attributes = append(denied.Attributes, attribute)
				ad.Deny(denied)
			},
			Lockout: func(t *testing.T, dn string, threshold int, window time.Duration) {
				t.Helper()
				policy := "CN=Lockout,CN=Users," + ad.BaseDN()
				require.NoError(t, ad.Add(policy, fakead.Attributes{
					"objectClass": {"container"}, "msDS-LockoutThreshold": {strconv.Itoa(threshold)},
					"msDS-LockoutObservationWindow": {strconv.FormatInt(-window.Nanoseconds()/100, 10)},
				}))
				require.NoError(t, ad.Modify(dn, fakead.Attributes{"msDS-ResultantPSO": {policy}}))
			},
			Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return dialer.DialContext(ctx, network, ad.Addr().String())
			},
		}
	})
}

func startFake(t *testing.T, o fakead.Options) *fakead.Server {
	t.Helper()
	ad, err := fakead.Start(o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = ad.Close() })
	return ad
}

// What only the simulation can show: the limits of Windows, and servers in trouble.
func TestOnTheFakeDirectoryAlone(t *testing.T) {
	ad := startFake(t, fakead.Options{})
	require.NoError(t, ad.Populate(3200, 2))
	reader, err := ad.Reader("reader", "reader-Secret-1")
	require.NoError(t, err)
	s := resource.Defaults()
	s.Connection = resource.Connection{
		Domain: "corp.example", Host: "127.0.0.1", Port: ad.Addr().Port, TLS: true, Timeout: 30, CACertificate: string(ad.CA()),
		BaseDN: ad.BaseDN(), BindDN: reader, BindPassword: resource.NewSecret("reader-Secret-1"),
	}
	s.Users.Filter = "(&(objectClass=user)(!(userAccountControl:1.2.840.113556.1.4.803:=2))(mail=*))"
	all := func(r run.Reader, kind account.ObjectKind) (members int, listing run.Listing, err error) {
		listing, err = r.List(t.Context(), run.Query{Kind: kind}, func(o account.Object) error {
			members += len(o.Members)
			return nil
		})
		return members, listing, err
	}

	t.Run("a page is never larger than the server allows", func(t *testing.T) {
		_, listing, err := all(open(t, s, 5000), account.User)
		require.NoError(t, err)
		require.Equal(t, run.Listing{Complete: true, Count: 3200 - 3200/50}, listing)
	})
	t.Run("a group beyond 1,500 members has them all", func(t *testing.T) {
		groups := s
		groups.Groups.Filter = "(&(objectClass=group)(mail=*))"
		members, listing, err := all(open(t, groups, 1000), account.Group)
		require.NoError(t, err)
		require.Equal(t, run.Listing{Complete: true, Count: 2}, listing)
		require.Equal(t, 3200, members)
	})
	t.Run("R13 a deleted user is not listed, and its tombstone is for administrators", func(t *testing.T) {
		before, _, err := tombstones(ad, ad.AdminDN(), fakead.AdminPassword)
		require.NoError(t, err)
		require.Empty(t, before)
		require.NoError(t, ad.Delete("CN=Anna Andersen,OU=Engineering,"+ad.StaffOU()))
		_, listing, err := all(open(t, s, 1000), account.User)
		require.NoError(t, err)
		require.Equal(t, run.Listing{Complete: true, Count: 3200 - 3200/50 - 1}, listing)
		seen, attributes, err := tombstones(ad, ad.AdminDN(), fakead.AdminPassword)
		require.NoError(t, err)
		require.Len(t, seen, 1)
		require.NotContains(t, attributes, "mail")
		require.Contains(t, attributes, "objectGUID")
		seen, _, err = tombstones(ad, reader, "reader-Secret-1")
		require.NoError(t, err)
		require.Empty(t, seen)
	})
	t.Run("another domain is referred to", func(t *testing.T) {
		elsewhere := s
		elsewhere.Connection.BaseDN = "DC=other,DC=example"
		_, err := open(t, elsewhere, 1000).Probe(t.Context())
		wantProblem(t, err, "base_dn", "base_elsewhere_proposal")
	})
	for name, c := range map[string]struct {
		fault fakead.Fault
		given int
		key   string
	}{
		"cut in the second page":      {fakead.Fault{Page: 2, After: 10, Cut: true}, 1000, "connection_lost"},
		"size limit in the last page": {fakead.Fault{Page: 4, After: 1, Code: ldap.LDAPResultSizeLimitExceeded}, 3000, "server_size_limit"},
		"busy at once":                {fakead.Fault{Page: 1, Code: ldap.LDAPResultBusy, Text: "busy"}, 0, "server_busy"},
	} {
		t.Run("R13 "+name, func(t *testing.T) {
			ad.Break(c.fault)
			defer ad.Mend()
			_, listing, err := all(open(t, s, 1000), account.User)
			wantProblem(t, err, "", c.key)
			require.Equal(t, run.Listing{Count: c.given}, listing)
		})
	}
	t.Run("silence", func(t *testing.T) {
		silent := s
		silent.Connection.Timeout = 1
		ad.Break(fakead.Fault{Delay: time.Hour})
		defer ad.Mend()
		_, _, err := all(open(t, silent, 1000), account.User)
		wantProblem(t, err, "", "server_silent", "1 seconds")
	})
	t.Run("R13 a server that gives up in time says so", func(t *testing.T) {
		slow := s
		slow.Connection.Timeout = 3
		ad.Break(fakead.Fault{Page: 2, Work: time.Hour, After: 10})
		defer ad.Mend()
		_, listing, err := all(open(t, slow, 1000), account.User)
		wantProblem(t, err, "", "server_time_limit")
		require.Equal(t, run.Listing{Count: 1000}, listing)
	})
	t.Run("R13 paging that is broken off", func(t *testing.T) {
		for _, code := range []uint16{ldap.LDAPResultUnavailableCriticalExtension, ldap.LDAPResultProtocolError, ldap.LDAPResultUnwillingToPerform} {
			ad.Break(fakead.Fault{Page: 2, Code: code})
			_, listing, err := all(open(t, s, 1000), account.User)
			ad.Mend()
			wantProblem(t, err, "", "paging_broken")
			require.Equal(t, run.Listing{Count: 1000}, listing)
		}
	})
}

func TestAServerWithoutTLSOrThatInsistsOnIt(t *testing.T) {
	for _, c := range []struct {
		options    fakead.Options
		tls        bool
		field, key string
	}{
		{fakead.Options{NoTLS: true}, true, "tls", "starttls_refused"},
		{fakead.Options{RequireTLS: true}, false, "tls", "tls_required"},
	} {
		ad := startFake(t, c.options)
		s := settings(t, ad.Addr().String())
		s.Connection.TLS = c.tls
		_, err := open(t, s, 1000).Probe(t.Context())
		wantProblem(t, err, c.field, c.key)
	}
}

// Each state of the bind account has the sub-code that Windows gives it; Samba does not have them all.
func TestEverySubCodeOfAFailedBindHasItsSentence(t *testing.T) {
	ad := startFake(t, fakead.Options{})
	for name, c := range map[string]struct {
		state      fakead.Attributes
		field, key string
	}{
		"locked":    {fakead.Attributes{"lockoutTime": {"133000000000000000"}}, "bind_dn", "bind_locked"},
		"disabled":  {fakead.Attributes{"userAccountControl": {"514"}}, "bind_dn", "bind_disabled"},
		"expired":   {fakead.Attributes{"accountExpires": {"130000000000000000"}}, "bind_dn", "bind_expired"},
		"stale":     {fakead.Attributes{"userAccountControl": {"8389120"}}, "bind_password", "bind_password_expired"},
		"must":      {fakead.Attributes{"pwdLastSet": {"0"}}, "bind_password", "bind_must_change"},
		"night":     {fakead.Attributes{"logonHours": {strings.Repeat("\x00", 21)}}, "bind_dn", "bind_hours"},
		"elsewhere": {fakead.Attributes{"userWorkstations": {"PC1"}}, "bind_dn", "bind_workstation"},
	} {
		account, err := ad.Reader(name, "bind-Secret-7")
		require.NoError(t, err)
		require.NoError(t, ad.Modify("CN="+name+",CN=Users,"+ad.BaseDN(), c.state))
		s := settings(t, ad.Addr().String())
		s.Connection.BindDN = account
		_, err = open(t, s, 1000).Probe(t.Context())
		wantProblem(t, err, c.field, c.key, account)
	}
	for code, key := range map[string]string{"52f": "bind_restriction", "534": "bind_not_mapped", "569": "bind_logon_type"} {
		script := &scripted{bind: func(s *session, r request) {
			s.result(r, ldap.ApplicationBindResponse, ldap.LDAPResultInvalidCredentials, "80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data "+code+", v4563")
		}}
		_, err := open(t, settings(t, script.serve(t)), 1000).Probe(t.Context())
		wantProblem(t, err, "bind_dn", key, "reader@example.com")
	}
	s := settings(t, ad.Addr().String())
	s.Connection.BindDN = "nobody@corp.example"
	_, err := open(t, s, 1000).Probe(t.Context())
	wantProblem(t, err, "bind_dn", "bind_no_user")
}

// tombstones are the DNs of deleted objects that an account sees, and the attributes of the first.
func tombstones(ad *fakead.Server, name, password string) (dns, attributes []string, err error) {
	conn, err := ldap.DialURL("ldap://" + ad.Addr().String())
	if err != nil {
		return nil, nil, err
	}
	defer conn.Close()
	if err := conn.Bind(name, password); err != nil {
		return nil, nil, err
	}
	found, err := conn.Search(ldap.NewSearchRequest(ad.BaseDN(), ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false,
		"(isDeleted=TRUE)", nil, []ldap.Control{ldap.NewControlMicrosoftShowDeleted()}))
	if err != nil {
		return nil, nil, err
	}
	for _, e := range found.Entries {
		dns = append(dns, e.DN)
	}
	if len(found.Entries) > 0 {
		for _, a := range found.Entries[0].Attributes {
			attributes = append(attributes, a.Name)
		}
	}
	return dns, attributes, nil
}
