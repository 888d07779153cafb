package servers

import (
	"context"
	"crypto/rand"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// LDAPServer is a tree of mail accounts on a running OpenLDAP and what one needs to know to use it.
type LDAPServer struct {
	URI            string `json:"uri"`
	Suffix         string `json:"suffix"`  // the root of the tree
	BaseDN         string `json:"base_dn"` // o=domains, what the lookups of a mail server start from
	BindDN         string `json:"bind_dn"` // cn=vmailadmin, who writes below o=domains and o=domainAdmins
	Password       string `json:"password"`
	ReaderDN       string `json:"reader_dn"` // cn=vmail, who reads all of the tree
	ReaderPassword string `json:"reader_password"`
	RootDN         string `json:"root_dn"` // may do everything in every tree, without limits
	RootPassword   string `json:"root_password"`
}

const (
	slapdSuffix = "dc=mail,dc=test"
	slapdRoot   = "cn=Manager," + slapdSuffix
	// deletePage is how many entries are asked for at once when a tree is removed.
	deletePage = 1000
)

// slapdConfig lets every tree - the suffix and each dc below it - have accounts of its own, with rights there only.
// They see large results by pages only, as a careful administrator would have it.
const slapdConfig = `include /etc/ldap/schema/core.schema
include /etc/ldap/schema/corba.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/nis.schema
include {{.Dir}}/amavis.schema
include {{.Dir}}/iredmail.schema

modulepath /usr/lib/ldap
moduleload back_mdb
moduleload pw-sha2

pidfile {{.Dir}}/slapd.pid
argsfile {{.Dir}}/slapd.args
loglevel none
idletimeout 0
sizelimit 500
disallow bind_anon

access to dn.base="" by * read
access to dn.base="cn=Subschema" by * read

database monitor
access to * by dn.exact="{{.Root}}" read by * none

database mdb
suffix "{{.Suffix}}"
rootdn "{{.Root}}"
rootpw {{.Password}}
directory {{.Dir}}/data
maxsize 2147483648
{{if not .Durable}}dbnosync
{{end}}
limits dn.regex="^cn=vmail(admin)?,(dc=[^,]+,)?{{.Suffix}}$" size.soft=500 size.hard=500 size.prtotal=unlimited

access to dn.regex="^(.+,)?o=(domains|domainAdmins),((dc=[^,]+,)?{{.Suffix}})$" attrs=userPassword
	by self write
	by dn.exact,expand="cn=vmailadmin,$3" write
	by dn.exact,expand="cn=vmail,$3" read
	by anonymous auth
	by * none
access to dn.regex="^(.+,)?o=(domains|domainAdmins),((dc=[^,]+,)?{{.Suffix}})$"
	by self write
	by dn.exact,expand="cn=vmailadmin,$3" write
	by dn.exact,expand="cn=vmail,$3" read
	by * none
access to dn.regex="^(cn=[^,]+,)?((dc=[^,]+,)?{{.Suffix}})$" attrs=userPassword
	by self write
	by anonymous auth
	by * none
access to dn.regex="^(cn=[^,]+,)?((dc=[^,]+,)?{{.Suffix}})$"
	by self write
	by dn.exact,expand="cn=vmailadmin,$2" read
	by dn.exact,expand="cn=vmail,$2" read
	by * none

index objectClass,entryCSN,entryUUID eq
index mail,cn,ou,surname,givenName,telephoneNumber,displayName,employeeNumber eq,pres,sub
index domainName,domainAliasName,mtaTransport,accountStatus,enabledService,disabledService eq,pres,sub
index domainAdmin,domainGlobalAdmin,domainBackupMX,accessPolicy,hasMember,listAllowedUser,mailingListID eq,pres,sub
index mailForwardingAddress,shadowAddress,backupMailAddress,memberOfGroup eq,pres,sub
index domainSenderBccAddress,domainRecipientBccAddress,userSenderBccAddress,userRecipientBccAddress eq,pres,sub
index homeDirectory,mailMessageStore,uid,shadowLastChange,member,uniqueMember eq,pres
`

// startSlapd serves a new database in dir on a TCP port of 127.0.0.1, with a tree of mail accounts that has no domain
// yet.
func startSlapd(ctx context.Context, dir string, durable bool) (LDAPServer, *process, error) {
	port, err := freePort()
	if err != nil {
		return LDAPServer{}, nil, err
	}
	s := LDAPServer{
		URI:    "ldap://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(port)),
		RootDN: slapdRoot, RootPassword: rand.Text(),
	}.at(slapdSuffix)
	if err := s.configure(dir, durable); err != nil {
		return LDAPServer{}, nil, fmt.Errorf("configure slapd: %w", err)
	}
	// Any debug level, even none at all, keeps it in the foreground.
	p, err := start("slapd", dir, nil, "/usr/sbin/slapd", "-d", "0", "-h", s.URI, "-f", filepath.Join(dir, "slapd.conf"))
	if err != nil {
		return LDAPServer{}, nil, err
	}
	// Only our own server knows the password: an answer proves that it is the one.
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := p.await(ctx, func(context.Context) error { return s.do(func(*ldap.Conn) error { return nil }) }); err != nil {
		p.stop()
		return LDAPServer{}, nil, err
	}
	if err := s.do(s.plant); err != nil {
		p.stop()
		return LDAPServer{}, nil, err
	}
	return s, p, nil
}

// configure writes all that slapd reads, and makes the folder that it writes to.
func (s LDAPServer) configure(dir string, durable bool) error {
	var conf strings.Builder
	values := map[string]any{
		"Dir": dir, "Suffix": s.Suffix, "Root": s.RootDN, "Password": s.RootPassword, "Durable": durable,
	}
	if err := template.Must(template.New("").Parse(slapdConfig)).Execute(&conf, values); err != nil {
		return err
	}
	files := map[string]string{
		"slapd.conf": conf.String(), "amavis.schema": amavisSchema.String(), "iredmail.schema": iredmailSchema.String(),
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			return err
		}
	}
	return os.Mkdir(filepath.Join(dir, "data"), 0o700)
}

// at is a tree on the same server that begins at suffix, with new passwords. Nothing of it exists until plant.
func (s LDAPServer) at(suffix string) LDAPServer {
	s.Suffix, s.BaseDN = suffix, "o=domains,"+suffix
	s.BindDN, s.Password = "cn=vmailadmin,"+suffix, rand.Text()
	s.ReaderDN, s.ReaderPassword = "cn=vmail,"+suffix, rand.Text()
	return s
}

// plant makes the entries that a tree has before its first domain.
func (s LDAPServer) plant(conn *ldap.Conn) error {
	root, _, _ := strings.Cut(strings.TrimPrefix(s.Suffix, "dc="), ",")
	entries := []*ldap.AddRequest{
		newEntry(s.Suffix, "dcObject organization", "dc", root, "o", root),
		newEntry(s.ReaderDN, "person shadowAccount", "cn", "vmail", "sn", "vmail", "uid", "vmail",
			"userPassword", ssha512(s.ReaderPassword)),
		newEntry(s.BindDN, "person shadowAccount", "cn", "vmailadmin", "sn", "vmailadmin", "uid", "vmailadmin",
			"userPassword", ssha512(s.Password)),
		newEntry(s.BaseDN, "organization", "o", "domains"),
		newEntry("o=domainAdmins,"+s.Suffix, "organization", "o", "domainAdmins"),
	}
	for _, entry := range entries {
		if err := conn.Add(entry); err != nil {
			return fmt.Errorf("add %s: %w", entry.DN, err)
		}
	}
	return nil
}

// newEntry is an entry of the classes named, with one value for each attribute: name, value, name, value.
func newEntry(dn, classes string, pairs ...string) *ldap.AddRequest {
	entry := ldap.NewAddRequest(dn, nil)
	entry.Attribute("objectClass", strings.Fields(classes))
	for pair := range slices.Chunk(pairs, 2) {
		entry.Attribute(pair[0], pair[1:])
	}
	return entry
}

// ssha512 is a userPassword that slapd checks with its module pw-sha2.
func ssha512(password string) string {
	salt := rand.Text()[:8]
	sum := sha512.Sum512([]byte(password + salt))
	return "{SSHA512}" + base64.StdEncoding.EncodeToString(append(sum[:], salt...))
}

// uproot removes the tree with all that is in it.
func (s LDAPServer) uproot(conn *ldap.Conn) error {
	found, err := conn.SearchWithPaging(ldap.NewSearchRequest(s.Suffix, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0,
		0, false, "(objectClass=*)", []string{"1.1"}, nil), deletePage)
	if err != nil {
		return fmt.Errorf("find what is below %s: %w", s.Suffix, err)
	}
	// slapd removes leaves only. The name of what is below an entry is always longer than the entry's.
	slices.SortFunc(found.Entries, func(a, b *ldap.Entry) int { return len(b.DN) - len(a.DN) })
	for _, entry := range found.Entries {
		if err := conn.Del(ldap.NewDelRequest(entry.DN, nil)); err != nil {
			return fmt.Errorf("remove %s: %w", entry.DN, err)
		}
	}
	return nil
}

// dial connects and binds as the root DN.
func (s LDAPServer) dial() (*ldap.Conn, error) {
	conn, err := ldap.DialURL(s.URI, ldap.DialWithDialer(&net.Dialer{Timeout: 5 * time.Second}))
	if err != nil {
		return nil, fmt.Errorf("connect to slapd: %w", err)
	}
	conn.SetTimeout(30 * time.Second)
	if err := conn.Bind(s.RootDN, s.RootPassword); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("bind to slapd: %w", err)
	}
	return conn, nil
}

// do works over a connection of its own, bound as the root DN.
func (s LDAPServer) do(work func(*ldap.Conn) error) error {
	conn, err := s.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	return work(conn)
}

// OpenLDAP makes a tree of mail accounts without a domain, which goes with all that is in it when the test ends; that of a
// benchmark stays. Several
// tests use the server at once: nobody but the root DN sees more than his own tree.
func OpenLDAP(tb testing.TB) LDAPServer {
	tb.Helper()
	var server LDAPServer
	if err := json.Unmarshal([]byte(lookup(tb, envSlapd)), &server); err != nil {
		tb.Fatalf("read %s: %v", envSlapd, err)
	}
	s := server.at("dc=test-" + strings.ToLower(rand.Text()[:10]) + "," + server.Suffix)
	tb.Cleanup(func() {
		if _, isBench := tb.(*testing.B); isBench {
			return // the server goes with it; deleting a great tree takes longer than measuring it
		}
		if err := s.do(s.uproot); err != nil {
			tb.Error(err)
		}
	})
	if err := s.do(s.plant); err != nil {
		tb.Fatal(err)
	}
	return s
}

// Connect is a connection bound as the root DN; it is closed when the test ends.
func (s LDAPServer) Connect(tb testing.TB) *ldap.Conn {
	tb.Helper()
	conn, err := s.dial()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close() })
	return conn
}

// Writes is how many operations that write - add, modify, delete, rename, whether they succeeded or not - the server
// has been asked for since it started. It counts what anybody does in any tree: it proves something only while nobody
// else writes.
func (s LDAPServer) Writes(tb testing.TB) int {
	tb.Helper()
	// Those begun, not those completed: slapd counts an operation as completed only after it has answered, so that
	// one who asks at once may not see his own last write.
	const begun = "monitorOpInitiated"
	found, err := s.Connect(tb).Search(ldap.NewSearchRequest("cn=Operations,cn=Monitor", ldap.ScopeSingleLevel,
		ldap.NeverDerefAliases, 0, 0, false, "(|(cn=Add)(cn=Modify)(cn=Delete)(cn=Modrdn))", []string{begun}, nil))
	if err != nil {
		tb.Fatalf("ask what slapd wrote: %v", err)
	}
	if len(found.Entries) != 4 {
		tb.Fatalf("slapd counts %d kinds of writes, not 4", len(found.Entries))
	}
	total := 0
	for _, entry := range found.Entries {
		n, err := strconv.Atoi(entry.GetAttributeValue(begun))
		if err != nil {
			tb.Fatalf("read the counter %s: %v", entry.DN, err)
		}
		total += n
	}
	return total
}
