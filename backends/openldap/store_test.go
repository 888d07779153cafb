//go:build integration

package openldap_test

import (
	"context"
	"database/sql"
	"fmt"
	"hash/crc32"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends/backendtest"
	"github.com/mailpanel/account-resource/backends/openldap"
	"github.com/mailpanel/account-resource/examples/panel/vmail"
	"github.com/mailpanel/account-resource/integration_test/servers"
)

// tree is an iRedMail tree of one test.
type tree struct {
	t       *testing.T
	server  servers.LDAPServer
	conn    *ldap.Conn // as the root DN
	db      *sql.DB
	backend *openldap.Backend
}

func newTree(t *testing.T) *tree {
	t.Helper()
	server := servers.OpenLDAP(t)
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "iredadmin.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	db.SetMaxOpenConns(1)
	require.NoError(t, vmail.Create(t.Context(), db, "sqlite"))
	b, err := openldap.Open(t.Context(), openldap.Options{
		URI: server.URI, BaseDN: server.Suffix, BindDN: server.BindDN, Password: server.Password, DB: db,
	})
	require.NoError(t, err)
	t.Cleanup(b.Close)
	return &tree{t: t, server: server, conn: server.Connect(t), db: db, backend: b}
}

func (r *tree) store() backendtest.Store {
	return backendtest.Store{
		Backend: r.backend, AddDomain: r.addDomain, AddMailbox: r.addMailbox, AddAlias: r.addAlias,
		AddReserved: func(address string) {
			r.add(r.dn("Groups", address), "objectClass", "mailList", "mail", address)
		},
		SetRoute: r.setRoute, Route: r.route,
		Policy: func(address string) string {
			return r.search("(mail="+address+")", "accessPolicy")[0].GetAttributeValue("accessPolicy")
		},
		SetPolicy: func(address, policy string) {
			request := ldap.NewModifyRequest(r.dn("Aliases", address), nil)
			request.Replace("accessPolicy", []string{policy})
			require.NoError(r.t, r.conn.Modify(request))
		},
		ForwardOnly:  func(from, to string) { r.setRoute(account.Route{Address: from, Forwarding: to}, true) },
		AddReference: r.addReference, References: r.references, DeletedMailboxes: r.deleted, Writes: r.writes,
		ExactHomes: true,
	}
}

// add makes an entry of pairs of name and value; an empty value is left out.
func (r *tree) add(dn string, pairs ...string) {
	r.t.Helper()
	values := map[string][]string{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			values[pairs[i]] = append(values[pairs[i]], pairs[i+1])
		}
	}
	request := ldap.NewAddRequest(dn, nil)
	for name, all := range values {
		request.Attribute(name, all)
	}
	require.NoError(r.t, r.conn.Add(request), dn)
}

func (r *tree) domainDN(domain string) string { return "domainName=" + domain + "," + r.server.BaseDN }

func (r *tree) dn(unit, address string) string {
	return "mail=" + ldap.EscapeDN(address) + ",ou=" + unit + "," + r.domainDN(account.DomainOf(address))
}

func (r *tree) addDomain(d account.Domain) {
	pairs := []string{"objectClass", "mailDomain", "domainName", d.Name, "enabledService", "mail",
		"accountStatus", map[bool]string{true: "active", false: "disabled"}[d.Active], "accountSetting", "unknown:kept"}
	setting := func(key string, value any) {
		if text := fmt.Sprint(value); text != "" && text != "0" {
			pairs = append(pairs, "accountSetting", key+":"+text)
		}
	}
	setting("defaultQuota", d.Quota)
	setting("numberOfUsers", d.MailboxLimit)
	setting("numberOfAliases", d.AliasLimit)
	setting("domainquota", d.QuotaLimit)
	setting("defaultLanguage", d.Language)
	setting("timezone", d.Timezone)
	for _, s := range d.DisabledServices {
		setting("disabledMailService", s)
	}
	if d.BackupMX {
		pairs = append(pairs, "domainBackupMX", "yes")
	}
	r.add(r.domainDN(d.Name), pairs...)
	for _, unit := range []string{"Users", "Groups", "Aliases", "Externals"} {
		r.add("ou="+unit+","+r.domainDN(d.Name), "objectClass", "organizationalUnit", "ou", unit)
	}
}

func (r *tree) addMailbox(a account.Account) {
	name := a.Profile[account.Name]
	if name == "" {
		name = account.LocalPart(a.Address)
	}
	pairs := []string{
		"objectClass", "inetOrgPerson", "objectClass", "mailUser", "objectClass", "shadowAccount", "mail", a.Address,
		"uid", account.LocalPart(a.Address), "cn", name, "sn", account.LocalPart(a.Address), "mobile", a.Profile[account.Mobile],
		"employeeNumber", a.Profile[account.EmployeeID], "homeDirectory", a.Home, "enabledService", "mail",
		"enabledService", "deliver", "enabledService", "forward",
		"accountStatus", map[bool]string{true: "active", false: "disabled"}[a.Active],
	}
	switch a.Role {
	case account.GlobalAdmin:
		pairs = append(pairs, "domainGlobalAdmin", "yes")
	case account.DomainAdmin:
		pairs = append(pairs, "enabledService", "domainadmin")
	}
	r.add(r.dn("Users", a.Address), pairs...)
}

func (r *tree) addAlias(address string, members ...string) {
	pairs := []string{"objectClass", "mailAlias", "mail", address, "accountStatus", "active", "enabledService", "mail",
		"enabledService", "deliver"}
	for _, m := range members {
		pairs = append(pairs, "mailForwardingAddress", m)
	}
	r.add(r.dn("Aliases", address), pairs...)
}

// holder is the entry from which a route leads; the catch-all of a domain is made where it is missing.
func (r *tree) holder(address string) string {
	r.t.Helper()
	mail := address
	if !strings.Contains(address, "@") {
		mail = "@" + address
	}
	found := r.search("(mail="+ldap.EscapeFilter(mail)+")", "mail")
	if len(found) > 0 {
		return found[0].DN
	}
	require.NotEqual(r.t, address, mail, "only a catch-all is made")
	dn := r.dn("Users", mail)
	r.add(dn, "objectClass", "inetOrgPerson", "objectClass", "mailUser", "mail", mail, "uid", "catch-all", "cn", "catch-all",
		"sn", "catch-all", "accountStatus", "active")
	return dn
}

func (r *tree) setRoute(route account.Route, active bool) {
	r.t.Helper()
	request := ldap.NewModifyRequest(r.holder(route.Address), nil)
	if active {
		request.Add("mailForwardingAddress", []string{route.Forwarding})
	} else {
		request.Delete("mailForwardingAddress", []string{route.Forwarding})
	}
	require.NoError(r.t, r.conn.Modify(request))
}

func (r *tree) route(route account.Route) bool {
	mail := route.Address
	if !strings.Contains(mail, "@") {
		mail = "@" + mail
	}
	return len(r.search("(&(mail="+ldap.EscapeFilter(mail)+")(mailForwardingAddress="+
		ldap.EscapeFilter(route.Forwarding)+"))", "mail")) > 0
}

func (r *tree) search(filter string, attributes ...string) []*ldap.Entry {
	r.t.Helper()
	found, err := r.conn.SearchWithPaging(&ldap.SearchRequest{
		BaseDN: r.server.BaseDN, Scope: ldap.ScopeWholeSubtree, Filter: filter, Attributes: attributes,
	}, 200)
	require.NoError(r.t, err)
	return found.Entries
}

// usageTables are what SQL has of an account on such a server.
var usageTables = map[backendtest.ReferenceKind][2]string{
	backendtest.Quota: {"used_quota", "username"}, backendtest.Login: {"last_login", "username"},
	backendtest.Share: {"share_folder", "from_user"}, backendtest.PublicShare: {"anyone_shares", "from_user"},
}

// traceAttributes are what stands in the tree.
var traceAttributes = map[backendtest.ReferenceKind]string{
	backendtest.Moderator: "listModerator", backendtest.Bcc: "userRecipientBccAddress",
	backendtest.DomainBcc: "domainRecipientBccAddress", backendtest.DomainAdmin: "domainAdmin",
}

func (r *tree) addReference(t backendtest.Reference) {
	r.t.Helper()
	if where, usage := usageTables[t.Kind]; usage {
		query, args := "INSERT INTO "+where[0]+" ("+where[1]+") VALUES (?)", []any{t.Owner}
		if t.Kind == backendtest.Share {
			query, args = "INSERT INTO share_folder (from_user, to_user) VALUES (?, ?)", []any{t.Owner, t.Other}
		}
		_, err := r.db.ExecContext(r.t.Context(), query, args...)
		require.NoError(r.t, err)
		return
	}
	dn, value := "", t.Other
	switch t.Kind {
	case backendtest.Moderator:
		if len(r.search("(mail="+t.Owner+")", "mail")) == 0 {
			r.addAlias(t.Owner)
		}
		dn = r.dn("Aliases", t.Owner)
	case backendtest.Bcc:
		dn = r.dn("Users", t.Owner)
	case backendtest.DomainBcc:
		dn = r.domainDN(t.Owner)
	case backendtest.DomainAdmin:
		dn, value = r.domainDN(t.Other), t.Owner
	}
	request := ldap.NewModifyRequest(dn, nil)
	request.Add(traceAttributes[t.Kind], []string{value})
	require.NoError(r.t, r.conn.Modify(request))
}

func (r *tree) references() (all []backendtest.Reference) {
	r.t.Helper()
	for kind, attribute := range traceAttributes {
		for _, e := range r.search("("+attribute+"=*)", "mail", "domainName", attribute) {
			for _, value := range e.GetAttributeValues(attribute) {
				reference := backendtest.Reference{Kind: kind, Owner: e.GetAttributeValue("mail") + e.GetAttributeValue("domainName"), Other: value}
				if kind == backendtest.DomainAdmin {
					reference.Owner, reference.Other = reference.Other, reference.Owner
				}
				all = append(all, reference)
			}
		}
	}
	for kind, where := range usageTables {
		other := "''"
		if kind == backendtest.Share {
			other = "to_user"
		}
		for _, pair := range r.pairs("SELECT " + where[1] + ", " + other + " FROM " + where[0]) {
			all = append(all, backendtest.Reference{Kind: kind, Owner: pair[0], Other: pair[1]})
		}
	}
	return all
}

func (r *tree) deleted() (all []backendtest.DeletedMailbox) {
	until := map[string]string{}
	for _, pair := range r.pairs("SELECT username, SUBSTR(delete_date, 1, 10) FROM deleted_mailboxes WHERE delete_date IS NOT NULL") {
		until[pair[0]] = pair[1]
	}
	for _, pair := range r.pairs("SELECT username, maildir FROM deleted_mailboxes") {
		all = append(all, backendtest.DeletedMailbox{Address: pair[0], Home: pair[1], Until: until[pair[0]]})
	}
	return all
}

func (r *tree) pairs(query string) (all [][2]string) {
	r.t.Helper()
	rows, err := r.db.QueryContext(context.WithoutCancel(r.t.Context()), query)
	require.NoError(r.t, err)
	defer rows.Close()
	for rows.Next() {
		var pair [2]string
		require.NoError(r.t, rows.Scan(&pair[0], &pair[1]))
		all = append(all, pair)
	}
	require.NoError(r.t, rows.Err())
	return all
}

// writes changes whenever an entry of the tree was written: slapd stamps each (RFC 4533's entryCSN).
func (r *tree) writes() int {
	var stamps []string
	for _, e := range r.search("(objectClass=*)", "entryCSN") {
		stamps = append(stamps, e.DN+e.GetAttributeValue("entryCSN"))
	}
	slices.Sort(stamps)
	return int(crc32.ChecksumIEEE([]byte(strings.Join(stamps, "\n"))))
}

func TestConformanceOnOpenLDAP(t *testing.T) {
	backendtest.Run(t, func(t *testing.T) backendtest.Store { return newTree(t).store() })
}
