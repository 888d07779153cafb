//go:build integration

package servers_test

import (
	"crypto/rand"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/integration_test/servers"
)

func TestOpenLDAPGivesEachTestATree(t *testing.T) {
	one, other := servers.OpenLDAP(t), servers.OpenLDAP(t)
	require.NotEqual(t, one.Suffix, other.Suffix)
	require.Len(t, search(t, one.Connect(t), one.Suffix, "(objectClass=*)"), 5)

	reader := bound(t, one, one.ReaderDN, one.ReaderPassword)
	require.Len(t, search(t, reader, one.Suffix, "(objectClass=*)"), 5)
	withPassword := search(t, reader, one.Suffix, "(userPassword=*)")
	require.Len(t, withPassword, 1, "the other account's password is not for the reader")
	require.Equal(t, one.ReaderDN, withPassword[0].DN)
	_, err := reader.Search(request(other.Suffix, "(objectClass=*)"))
	require.Equal(t, uint16(ldap.LDAPResultNoSuchObject), code(t, err))

	nobody, err := ldap.DialURL(one.URI)
	require.NoError(t, err)
	defer nobody.Close()
	require.Equal(t, uint16(ldap.LDAPResultInappropriateAuthentication), code(t, nobody.UnauthenticatedBind("")))
	_, err = nobody.Search(request(one.BaseDN, "(objectClass=*)"))
	require.Equal(t, uint16(ldap.LDAPResultNoSuchObject), code(t, err))
}

func TestOpenLDAPTreeGoesWithItsTest(t *testing.T) {
	var gone servers.LDAPServer
	t.Run("inner", func(t *testing.T) {
		gone = servers.OpenLDAP(t)
		addDomain(t, gone.Connect(t), gone)
	})
	_, err := gone.Connect(t).Search(request(gone.Suffix, "(objectClass=*)"))
	require.Equal(t, uint16(ldap.LDAPResultNoSuchObject), code(t, err))
}

func TestOpenLDAPAdminWritesInHisOwnTreeOnly(t *testing.T) {
	own, foreign := servers.OpenLDAP(t), servers.OpenLDAP(t)
	admin := bound(t, own, own.BindDN, own.Password)
	addDomain(t, admin, own)
	aliases := "ou=Aliases,domainName=example.com," + own.BaseDN
	add(t, admin, "mail=a@example.com,"+aliases, "mailAlias")
	m := ldap.NewModifyRequest("mail=a@example.com,"+aliases, nil)
	m.Replace("accountStatus", []string{"disabled"})
	require.NoError(t, admin.Modify(m))
	require.NoError(t, admin.ModifyDN(ldap.NewModifyDNRequest("mail=a@example.com,"+aliases, "mail=b@example.com", true,
		"ou=Users,domainName=example.com,"+own.BaseDN)))
	require.NoError(t, admin.Del(ldap.NewDelRequest("mail=b@example.com,ou=Users,domainName=example.com,"+own.BaseDN, nil)))
	add(t, admin, "mail=admin@example.org,o=domainAdmins,"+own.Suffix, "mailAdmin")

	addDomain(t, foreign.Connect(t), foreign)
	theirs := "domainName=example.com," + foreign.BaseDN
	require.Error(t, admin.Add(entry("mail=a@example.com,ou=Aliases,"+theirs, "mailAlias")))
	m = ldap.NewModifyRequest(theirs, nil)
	m.Replace("accountStatus", []string{"disabled"})
	require.Error(t, admin.Modify(m))
	require.Error(t, admin.ModifyDN(ldap.NewModifyDNRequest(theirs, "domainName=example.org", true, "")))
	require.Error(t, admin.Del(ldap.NewDelRequest("ou=Users,"+theirs, nil)))
	require.Len(t, search(t, foreign.Connect(t), theirs, "(objectClass=*)"), 5, "all is as it was")

	require.Error(t, admin.Add(entry("ou=More,"+own.Suffix, "organizationalUnit")), "beside o=domains")
	require.Error(t, admin.Del(ldap.NewDelRequest(own.ReaderDN, nil)))
	reader := bound(t, own, own.ReaderDN, own.ReaderPassword)
	require.Error(t, reader.Add(entry("mail=a@example.com,"+aliases, "mailAlias")), "a reader")
}

func TestOpenLDAPGivesLargeResultsByPagesOnly(t *testing.T) {
	s := servers.OpenLDAP(t)
	admin := bound(t, s, s.BindDN, s.Password)
	addDomain(t, admin, s)
	const count = 501
	for n := range count {
		add(t, admin, fmt.Sprintf("mail=a%d@example.com,ou=Aliases,domainName=example.com,%s", n, s.BaseDN), "mailAlias")
	}
	for _, conn := range []*ldap.Conn{admin, bound(t, s, s.ReaderDN, s.ReaderPassword)} {
		_, err := conn.Search(request(s.BaseDN, "(objectClass=mailAlias)"))
		require.Equal(t, uint16(ldap.LDAPResultSizeLimitExceeded), code(t, err))
		found, err := conn.SearchWithPaging(request(s.BaseDN, "(objectClass=mailAlias)"), 200)
		require.NoError(t, err)
		require.Len(t, found.Entries, count)
	}
}

// services are the services of a new normal user.
const services = `internal doveadm lib-storage indexer-worker dsync quota-status mail smtp smtpsecured smtptls pop3
	pop3secured pop3tls imap imapsecured imaptls managesieve managesievesecured managesievetls sieve sievesecured sievetls
	deliver lda lmtp recipientbcc senderbcc forward shadowaddress displayedInGlobalAddressBook sogo sogowebmail
	sogocalendar sogoactivesync`

func TestOpenLDAPKnowsMailAccounts(t *testing.T) {
	s := servers.OpenLDAP(t)
	admin := bound(t, s, s.BindDN, s.Password)
	addDomain(t, admin, s)
	domain := "domainName=example.com," + s.BaseDN

	dn := addUser(t, admin, s, "correct horse")
	found := search(t, admin, dn, "(&(objectClass=mailUser)(mail=ANN@example.com)(shadowAddress=anna@example.com)"+
		"(enabledService=sogoactivesync)(homeDirectory=/var/vmail/vmail1/example.com/a/n/n/ann-2024.05.06.07.08.09/))")
	require.Len(t, found, 1)
	require.ElementsMatch(t, strings.Fields(services), found[0].GetAttributeValues("enabledService"))
	require.Len(t, found[0].GetAttributeValues("enabledService"), 34)

	add(t, admin, "mail=sales@example.com,ou=Aliases,"+domain, "mailAlias", "cn", "Sales", "accountStatus", "active",
		"enabledService", "mail deliver", "mailForwardingAddress", "ann@example.com bob@example.org",
		"shadowAddress", "shop@example.com", "accessPolicy", "public")
	add(t, admin, "mail=all@example.com,ou=Groups,"+domain, "mailList", "cn", "Everybody", "accountStatus", "active",
		"enabledService", "mail deliver mlmmj", "accessPolicy", "membersonly", "hasMember", "yes", "member", dn,
		"listAllowedUser", "boss@example.com", "listModerator", "ann@example.com", "listOwner", "ann@example.com",
		"mtaTransport", "mlmmj:example.com/all", "mailingListID", "0b0f4a6e-3a4b-4a39-9e0a-4f1d3c0e7a11")
	add(t, admin, "memberOfGroup=all@example.com,ou=Externals,"+domain, "mailExternalUser", "accountStatus", "active",
		"enabledService", "mail deliver", "mail", "bob@example.org eve@example.org")
	add(t, admin, "mail=admin@example.org,o=domainAdmins,"+s.Suffix, "mailAdmin", "domainGlobalAdmin", "yes",
		"accountStatus", "active", "cn", "Admin", "shadowLastChange", "19849")

	require.Equal(t, uint16(ldap.LDAPResultObjectClassViolation), code(t, admin.Add(entry(
		"mail=x@example.com,ou=Groups,"+domain, "mailList", "mailForwardingAddress", "ann@example.com"))))
	require.Equal(t, uint16(ldap.LDAPResultInvalidAttributeSyntax), code(t, admin.Add(entry(
		"mail=x@example.com,ou=Aliases,"+domain, "mailAlias", "shadowAddress", "é@example.com"))))
	require.Equal(t, uint16(ldap.LDAPResultConstraintViolation), code(t, admin.Add(entry(
		"mail=x@example.com,ou=Aliases,"+domain, "mailAlias", "accountStatus", "active disabled"))))
	m := ldap.NewModifyRequest(dn, nil)
	m.Add("enabledService", []string{"IMAP"})
	require.Equal(t, uint16(ldap.LDAPResultAttributeOrValueExists), code(t, admin.Modify(m)))
}

func TestOpenLDAPUserSignsInAndChangesHisOwnEntry(t *testing.T) {
	s := servers.OpenLDAP(t)
	admin := bound(t, s, s.BindDN, s.Password)
	addDomain(t, admin, s)
	dn := addUser(t, admin, s, "correct horse")
	add(t, admin, "mail=sales@example.com,ou=Aliases,domainName=example.com,"+s.BaseDN, "mailAlias")

	user := bound(t, s, dn, "correct horse")
	wrong, err := ldap.DialURL(s.URI)
	require.NoError(t, err)
	defer wrong.Close()
	require.Equal(t, uint16(ldap.LDAPResultInvalidCredentials), code(t, wrong.Bind(dn, "wrong horse")))

	m := ldap.NewModifyRequest(dn, nil)
	m.Replace("userPassword", []string{ssha512("battery staple")})
	require.NoError(t, user.Modify(m))
	bound(t, s, dn, "battery staple")
	m = ldap.NewModifyRequest("mail=sales@example.com,ou=Aliases,domainName=example.com,"+s.BaseDN, nil)
	m.Replace("mailForwardingAddress", []string{"ann@example.com"})
	require.Error(t, user.Modify(m))
	_, err = user.Search(request(s.BaseDN, "(objectClass=*)"))
	require.Equal(t, uint16(ldap.LDAPResultNoSuchObject), code(t, err), "others' entries")
}

// Not parallel: the count is that of the server.
func TestOpenLDAPCountsWrites(t *testing.T) {
	s := servers.OpenLDAP(t)
	admin := bound(t, s, s.BindDN, s.Password)
	addDomain(t, admin, s)
	dn := "domainName=example.com," + s.BaseDN
	aliases, others := "ou=Aliases,"+dn, "ou=Others,"+dn
	counted := func() int {
		before := s.Writes(t)
		search(t, admin, s.BaseDN, "(objectClass=*)")
		m := ldap.NewModifyRequest(aliases, nil)
		m.Replace("description", []string{"changed"})
		require.NoError(t, admin.Modify(m))
		require.NoError(t, admin.ModifyDN(ldap.NewModifyDNRequest(aliases, "ou=Others", true, "")))
		require.Error(t, admin.Del(ldap.NewDelRequest(aliases, nil)), "one that fails counts")
		require.NoError(t, admin.ModifyDN(ldap.NewModifyDNRequest(others, "ou=Aliases", true, "")))
		return s.Writes(t) - before
	}
	// The server counts for all who use it, and other tests may at this moment.
	for range 200 {
		n := counted()
		require.GreaterOrEqual(t, n, 4)
		if n == 4 {
			return
		}
	}
	t.Fatal("four writes were never counted as four")
}

// addDomain makes example.com with its four folders.
func addDomain(t *testing.T, conn *ldap.Conn, s servers.LDAPServer) {
	t.Helper()
	dn := "domainName=example.com," + s.BaseDN
	add(t, conn, dn, "mailDomain", "cn", "Example", "mtaTransport", "dovecot", "accountStatus", "active",
		"enabledService", "mail domainalias", "domainAliasName", "example.net", "accountSetting", "defaultQuota:1024",
		"domainCurrentUserNumber", "0", "domainAdmin", "ann@example.com")
	for _, folder := range []string{"Users", "Groups", "Aliases", "Externals"} {
		add(t, conn, "ou="+folder+","+dn, "organizationalUnit")
	}
}

// addUser makes ann@example.com as a mail panel does.
func addUser(t *testing.T, conn *ldap.Conn, s servers.LDAPServer, password string) string {
	t.Helper()
	dn := "mail=ann@example.com,ou=Users,domainName=example.com," + s.BaseDN
	add(t, conn, dn, "inetOrgPerson mailUser shadowAccount amavisAccount", "uid", "ann", "cn", "Ann", "sn", "Example",
		"givenName", "Ann", "userPassword", ssha512(password), "mailQuota", "1073741824", "accountStatus", "active",
		"homeDirectory", "/var/vmail/vmail1/example.com/a/n/n/ann-2024.05.06.07.08.09/", "preferredLanguage", "en_US",
		"shadowLastChange", "19849", "amavisLocal", "TRUE", "mailboxFormat", "maildir", "mailboxFolder", "Maildir",
		"enabledService", services, "shadowAddress", "anna@example.com", "employeeNumber", "42")
	return dn
}

// entry has several values for an attribute where blanks part them.
func entry(dn, classes string, pairs ...string) *ldap.AddRequest {
	request := ldap.NewAddRequest(dn, nil)
	request.Attribute("objectClass", strings.Fields(classes))
	for n := 0; n < len(pairs); n += 2 {
		request.Attribute(pairs[n], strings.Fields(pairs[n+1]))
	}
	return request
}

func add(t *testing.T, conn *ldap.Conn, dn, classes string, pairs ...string) {
	t.Helper()
	require.NoError(t, conn.Add(entry(dn, classes, pairs...)), dn)
}

func ssha512(password string) string {
	salt := rand.Text()
	sum := sha512.Sum512([]byte(password + salt))
	return "{SSHA512}" + base64.StdEncoding.EncodeToString(append(sum[:], salt...))
}

func bound(t *testing.T, s servers.LDAPServer, dn, password string) *ldap.Conn {
	t.Helper()
	conn, err := ldap.DialURL(s.URI)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.Bind(dn, password), dn)
	return conn
}

func request(base, filter string) *ldap.SearchRequest {
	return ldap.NewSearchRequest(base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false, filter, nil, nil)
}

func search(t *testing.T, conn *ldap.Conn, base, filter string) []*ldap.Entry {
	t.Helper()
	found, err := conn.Search(request(base, filter))
	require.NoError(t, err)
	return found.Entries
}

// code is the result code of the server's refusal.
func code(t *testing.T, err error) uint16 {
	t.Helper()
	var refusal *ldap.Error
	require.ErrorAs(t, err, &refusal)
	return refusal.ResultCode
}
