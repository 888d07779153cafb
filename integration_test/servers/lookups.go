package servers

import (
	"net/url"
	"strconv"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// MailStore is where a mail server's accounts are, as its Postfix and its Dovecot are told. Both ask with the lookups
// below, which have the conditions of iRedMail's own: they decide what an account is, whatever its tables hold.
type MailStore struct {
	Kind string // "mysql", "pgsql" or "ldap", the word for it in Postfix and Dovecot

	Host                     string
	Port                     int
	User, Password, Database string

	URI, BaseDN          string // BaseDN is above the domains: "o=domains,..."
	BindDN, BindPassword string
}

// MailStoreOf is the accounts in a database.
func MailStoreOf(tb testing.TB, d Database) MailStore {
	tb.Helper()
	m := MailStore{Kind: "mysql"}
	if d.Driver == "mysql" {
		config, err := mysql.ParseDSN(d.DSN)
		if err != nil {
			tb.Fatalf("read the DSN of %s: %v", d.Name, err)
		}
		m.User, m.Password, m.Database = config.User, config.Passwd, config.DBName
		d.DSN = "mysql://" + config.Addr
	} else {
		m.Kind, m.Database = "pgsql", d.Name
	}
	address, err := url.Parse(d.DSN)
	if err != nil {
		tb.Fatalf("read the address of %s: %v", d.Name, err)
	}
	if m.Kind == "pgsql" {
		m.User = address.User.Username()
		m.Password, _ = address.User.Password()
	}
	m.Host = address.Hostname()
	if m.Port, err = strconv.Atoi(address.Port()); err != nil {
		tb.Fatalf("read the port of %s: %v", d.Name, err)
	}
	return m
}

// postfixLookup is one table of a parameter of Postfix. The tables of a parameter are asked in the order given here.
type postfixLookup struct {
	parameter string
	under     string // for a directory: what the search begins at, in front of the base
	settings  string // what mysql_table(5), pgsql_table(5) or ldap_table(5) calls it
}

// In Postfix's queries %s is the key in lower case, %u and %d are its local part and its domain. A key that lacks what
// a query names is not asked for.

// sqlLookups serve MariaDB and PostgreSQL alike.
var sqlLookups = []postfixLookup{
	{parameter: "virtual_mailbox_domains", settings: `
query = SELECT domain FROM domain WHERE domain = '%s' AND active = 1 AND backupmx = 0
 UNION SELECT a.alias_domain FROM alias_domain a JOIN domain d ON d.domain = a.target_domain
 WHERE a.alias_domain = '%s' AND a.active = 1 AND d.active = 1 AND d.backupmx = 0`},
	{parameter: "virtual_mailbox_maps", settings: `
query = SELECT CONCAT(m.storagenode, '/', m.maildir, 'Maildir/') FROM mailbox m JOIN domain d ON d.domain = m.domain
 WHERE m.username = '%s' AND m.active = 1 AND m.enabledeliver = 1 AND d.active = 1`},
	{parameter: "virtual_alias_maps", settings: `
query = SELECT f.forwarding FROM forwardings f JOIN domain d ON d.domain = f.domain
 WHERE f.address = '%s' AND f.active = 1 AND d.active = 1 AND d.backupmx = 0`},
	// An address in an alias domain is the same name's in the domain meant. Whether that one is active is not asked.
	{parameter: "virtual_alias_maps", settings: `
query = SELECT f.forwarding FROM alias_domain a JOIN domain d ON d.domain = a.target_domain
 JOIN forwardings f ON f.address = CONCAT('%u', '@', a.target_domain)
 WHERE a.alias_domain = '%d' AND a.active = 1 AND f.active = 1 AND d.backupmx = 0`},
	// Catch-all. An address with an extension is left for the question without it.
	{parameter: "virtual_alias_maps", settings: `
query = SELECT f.forwarding FROM forwardings f JOIN domain d ON d.domain = f.address
 WHERE f.address = '%d' AND '%u' NOT LIKE '%%+%%' AND f.active = 1 AND d.active = 1 AND d.backupmx = 0`},
	// Catch-all of the domain that an alias domain stands for.
	{parameter: "virtual_alias_maps", settings: `
query = SELECT f.forwarding FROM alias_domain a JOIN domain d ON d.domain = a.target_domain
 JOIN forwardings f ON f.address = a.target_domain WHERE a.alias_domain = '%d' AND a.active = 1 AND f.active = 1`},
	{parameter: "smtpd_sender_login_maps", settings: `
query = SELECT m.username FROM mailbox m JOIN domain d ON d.domain = m.domain
 WHERE m.username = '%s' AND m.domain = '%d' AND m.enablesmtp = 1 AND m.active = 1 AND d.active = 1 AND d.backupmx = 0`},
	{parameter: "recipient_bcc_maps", settings: `
query = SELECT b.bcc_address FROM recipient_bcc_user b JOIN domain d ON d.domain = b.domain
 WHERE b.username = '%s' AND b.domain = '%d' AND b.active = 1 AND d.active = 1 AND d.backupmx = 0`},
	{parameter: "recipient_bcc_maps", settings: `
query = SELECT b.bcc_address FROM recipient_bcc_domain b JOIN domain d ON d.domain = b.domain
 WHERE b.domain = '%d' AND d.active = 1`},
}

const (
	inUse    = "(accountStatus=active)(!(domainStatus=disabled))"
	hasKey   = "(|(mail=%s)(shadowAddress=%s))"
	delivers = "(enabledService=mail)(enabledService=deliver)"
)

var ldapLookups = []postfixLookup{
	{parameter: "virtual_mailbox_domains", settings: `
scope = one
query_filter = (&(objectClass=mailDomain)(accountStatus=active)(enabledService=mail)(!(domainBackupMX=yes))
 (|(domainName=%s)(&(enabledService=domainalias)(domainAliasName=%s))))
result_attribute = domainName`},
	{parameter: "virtual_mailbox_maps", settings: `
query_filter = (&(objectClass=mailUser)` + inUse + delivers + hasKey + `)
result_attribute = homeDirectory
result_format = %sMaildir/`},
	// Aliases, and users who forward.
	{parameter: "virtual_alias_maps", settings: `
query_filter = (&` + inUse + delivers + hasKey + `
 (|(objectClass=mailAlias)(&(objectClass=mailUser)(enabledService=forward))))
result_attribute = mailForwardingAddress`},
	// Members of lists, who name the list; and the lists of a list manager, which answer for themselves.
	{parameter: "virtual_alias_maps", settings: `
query_filter = (&` + inUse + delivers + `
 (|(&(|(objectClass=mailUser)(objectClass=mailExternalUser))(|(memberOfGroup=%s)(shadowAddress=%s)))
 (&(|(objectClass=mailAlias)(objectClass=mailList))(memberOfGroup=%s)(!(shadowAddress=%s)))
 (&(objectClass=mailList)(enabledService=mlmmj)` + hasKey + `)))
result_attribute = mail`},
	// Users, who answer for themselves: a catch-all does not get their mail.
	{parameter: "virtual_alias_maps", settings: `
query_filter = (&(objectClass=mailUser)` + inUse + delivers + hasKey + `)
result_attribute = mail`},
	// Catch-all: the entry's address is "@domain".
	{parameter: "virtual_alias_maps", settings: `
query_filter = (&(objectClass=mailUser)` + inUse + hasKey + `)
result_attribute = mailForwardingAddress`},
	{parameter: "smtpd_sender_login_maps", settings: `
query_filter = (&(objectClass=mailUser)` + inUse + `(enabledService=mail)(enabledService=smtp)` + hasKey + `)
result_attribute = mail`},
	{parameter: "recipient_bcc_maps", under: "ou=Users,domainName=%d,", settings: `
scope = one
query_filter = (&(objectClass=mailUser)` + inUse + `(enabledService=mail)(enabledService=recipientbcc)` + hasKey + `)
result_attribute = userRecipientBccAddress`},
	{parameter: "recipient_bcc_maps", settings: `
scope = one
query_filter = (&(objectClass=mailDomain)(accountStatus=active)(enabledService=mail)(enabledService=recipientbcc)
 (|(domainName=%d)(domainAliasName=%d)))
result_attribute = domainRecipientBccAddress`},
}

// In Dovecot's queries %u is the login name, %Ls the service that asks and %Lc how its client's connection is
// protected - "secured", "tls" or nothing - both in lower case. A setting is one line there.

// dovecotWho is who may use a service, in SQL. The service's column may have a dash in its name: the column is quoted,
// with [ and ] for the server's own quotes.
const dovecotWho = ` FROM mailbox m JOIN domain d ON d.domain = m.domain WHERE m.username = '%u'` +
	` AND m.[enable%Ls%Lc] = 1 AND m.active = 1 AND d.active = 1 AND d.backupmx = 0`

const dovecotSQL = `
password_query = SELECT m.password, m.allow_nets` + dovecotWho + `
user_query = SELECT LOWER(CONCAT(m.storagebasedirectory, '/', m.storagenode, '/', m.maildir)) AS home, ` +
	`CONCAT(m.mailboxformat, ':~/', m.mailboxfolder) AS mail, ` +
	`CONCAT('*:bytes=', m.quota * 1048576) AS quota_rule` + dovecotWho + `
`

const dovecotWhoLDAP = `(&(objectClass=mailUser)` + inUse + `(enabledService=mail)(enabledService=%Ls%Lc)` +
	`(|(mail=%u)(&(enabledService=shadowaddress)(shadowAddress=%u))))`

// The directory itself compares the password: auth_bind. An account's one name is its mail.
const dovecotLDAP = `
auth_bind = yes
scope = subtree
pass_attrs = mail=user, allowNets=allow_nets
pass_filter = ` + dovecotWhoLDAP + `
user_attrs = mail=user, =home=%L{ldap:homeDirectory}, =mail=%{ldap:mailboxFormat:maildir}:~/` +
	`%{ldap:mailboxFolder:Maildir}/, mailQuota=quota_rule=*:bytes=%{ldap:mailQuota}
user_filter = ` + dovecotWhoLDAP + `
`
