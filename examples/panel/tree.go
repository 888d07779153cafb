package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// tree reads the mail accounts of an OpenLDAP backend and names what it finds as the SQL backends do.
type tree struct{ config config }

// classes are the entries of a table, and the attribute that is its key.
var classes = map[string]struct{ class, key string }{
	domainTable.name: {"mailDomain", "domainName"}, mailboxTable.name: {"mailUser", "mail"}, aliasTable.name: {"mailAlias", "mail"},
}

// columns are the names of attributes in SQL.
var columns = map[string]string{
	"domainName": "domain", "cn": "name", "mail": "username", "givenName": "first_name", "sn": "last_name",
	"employeeNumber": "employeeid", "title": "title", "mobile": "mobile", "telephoneNumber": "telephone",
	"preferredLanguage": "language", "homeDirectory": "maildir", "accessPolicy": "accesspolicy",
}

func (t *tree) connect() (*ldap.Conn, error) {
	conn, err := ldap.DialURL(t.config.ldapURI)
	if err != nil {
		return nil, fmt.Errorf("PANEL_LDAP_URI: %w", err)
	}
	if err := conn.Bind(t.config.ldapBindDN, t.config.ldapPassword); err != nil {
		return nil, errors.Join(fmt.Errorf("PANEL_LDAP_BIND_DN: %w", err), conn.Close())
	}
	return conn, nil
}

func (t *tree) search(filter string) ([]*ldap.Entry, error) {
	conn, err := t.connect()
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }() // it was only read
	found, err := conn.SearchWithPaging(ldap.NewSearchRequest(t.config.ldapBase, ldap.ScopeWholeSubtree,
		ldap.NeverDerefAliases, 0, 0, false, filter, []string{"*", "createTimestamp", "modifyTimestamp"}, nil), 500)
	if err != nil {
		return nil, fmt.Errorf("read the mail accounts: %w", err)
	}
	return found.Entries, nil
}

func (t *tree) list(_ context.Context, who admin, of table, search string, page int) ([]record, int, error) {
	c := classes[of.name]
	entries, err := t.search("(&(objectClass=" + c.class + ")(!(mail=@*)))")
	if err != nil {
		return nil, 0, err
	}
	var found []record
	for _, e := range entries {
		r := recordOf(e)
		named := strings.Contains(strings.ToLower(r[of.key]+" "+r[of.label]), strings.ToLower(search))
		if named && (who.Global() || r["domain"] == who.Domain) {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(a, b record) int { return cmp.Compare(a[of.key], b[of.key]) })
	from := min((page-1)*rowsShown, len(found))
	return found[from:min(from+rowsShown, len(found))], len(found), nil
}

func (t *tree) one(_ context.Context, who admin, of table, key string) (record, bool, error) {
	c := classes[of.name]
	entries, err := t.search("(&(objectClass=" + c.class + ")(" + c.key + "=" + ldap.EscapeFilter(key) + "))")
	if err != nil || len(entries) == 0 {
		return nil, false, err
	}
	r := recordOf(entries[0])
	return r, who.Global() || r["domain"] == who.Domain, nil
}

// recordOf is an entry as a row.
func recordOf(e *ldap.Entry) record {
	r := make(record)
	for attribute, column := range columns {
		r[column] = e.GetAttributeValue(attribute)
	}
	r["address"] = r["username"]
	if mail := r["username"]; mail != "" {
		r["domain"] = mail[strings.LastIndexByte(mail, '@')+1:]
	}
	r["active"], r["mailboxes"], r["maxquota"] = "0", "0", "0"
	if e.GetAttributeValue("accountStatus") == "active" {
		r["active"] = "1"
	}
	bytes, err := strconv.ParseInt(e.GetAttributeValue("mailQuota"), 10, 64)
	if err != nil {
		bytes = 0
	}
	r["quota"] = strconv.FormatInt(bytes>>20, 10)
	for _, service := range []string{"imap", "pop3", "smtp", "deliver"} {
		r["enable"+service] = "0"
		if slices.Contains(e.GetAttributeValues("enabledService"), service) {
			r["enable"+service] = "1"
		}
	}
	r["created"], r["modified"] = e.GetAttributeValue("createTimestamp"), e.GetAttributeValue("modifyTimestamp")
	return r
}

// routes are the forwardings that name an address.
func (t *tree) routes(_ context.Context, address string) ([]record, error) {
	text := ldap.EscapeFilter(address)
	entries, err := t.search("(|(mailForwardingAddress=" + text + ")(&(mail=" + text + ")(mailForwardingAddress=*)))")
	if err != nil {
		return nil, err
	}
	var found []record
	for _, e := range entries {
		r := recordOf(e)
		for _, to := range e.GetAttributeValues("mailForwardingAddress") {
			if from := r["address"]; from == address || strings.EqualFold(to, address) {
				found = append(found, record{"address": from, "forwarding": to, "active": r["active"]})
			}
		}
	}
	return found, nil
}

// addDomain hosts a domain, with what iRedAdmin gives a new one.
func (t *tree) addDomain(_ context.Context, domain string) error {
	conn, err := t.connect()
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // the requests were answered
	base := t.config.ldapBase
	if !strings.HasPrefix(strings.ToLower(base), "o=") {
		base = "o=domains," + base
	}
	dn := "domainName=" + ldap.EscapeDN(domain) + "," + base
	request := ldap.NewAddRequest(dn, nil)
	for name, values := range map[string][]string{
		"objectClass": {"mailDomain"}, "domainName": {domain}, "mtaTransport": {"dovecot"}, "accountStatus": {"active"},
		"enabledService": {"mail"}, "accountSetting": {"defaultQuota:1024"},
	} {
		request.Attribute(name, values)
	}
	if err := conn.Add(request); err != nil {
		return fmt.Errorf("host domain %s: %w", domain, err)
	}
	for _, unit := range []string{"Users", "Groups", "Aliases", "Externals"} {
		request := ldap.NewAddRequest("ou="+unit+","+dn, nil)
		request.Attribute("objectClass", []string{"organizationalUnit"})
		request.Attribute("ou", []string{unit})
		if err := conn.Add(request); err != nil {
			return fmt.Errorf("host domain %s: %w", domain, err)
		}
	}
	return nil
}
