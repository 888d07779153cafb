//go:build integration

package integration_test

import (
	"database/sql"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/directory/fakead"
	"github.com/mailpanel/account-resource/integration_test/servers"
)

// massChange changes a directory of three times unit people: ten times unit come, unit people get other addresses - each
// other's, one another's in a row, those of nobody -, some of whom go off or come back, and unit people leave. Some
// newcomers get the addresses that leavers and others had.
func massChange(t *testing.T, d *benchDirectory, unit int, domain string) {
	t.Helper()
	people, at := d.ad.People(), func(local string, i int) string { return fmt.Sprintf("%s%04d@%s", local, i, domain) }
	change := func(i int, attribute, value string) {
		require.NoError(t, d.ad.Modify(people[i], fakead.Attributes{attribute: {value}}))
	}
	addresses := addressesOf(t, d, len(people))
	free := slices.Clone(addresses[unit : unit+unit/3]) // of leavers
	swaps, chains := unit*2/3, unit*2/3+unit/5
	for i := 0; i < swaps; i += 2 {
		change(i, "userPrincipalName", addresses[i+1])
		change(i+1, "userPrincipalName", addresses[i])
	}
	for i := swaps; i < chains; i += 3 {
		change(i, "userPrincipalName", addresses[i+1])
		change(i+1, "userPrincipalName", addresses[i+2])
		change(i+2, "userPrincipalName", at("moved", i))
		free = append(free, addresses[i])
	}
	for i := chains; i < unit; i++ {
		change(i, "userPrincipalName", at("moved", i))
	}
	for _, i := range []int{10, 11, swaps + 10, unit - 10} {
		change(i, "userAccountControl", "66050")
	}
	for i := 49; i < unit; i += 100 { // every other of those who were off
		change(i, "userAccountControl", "66048")
	}
	for _, dn := range people[unit : 2*unit] {
		require.NoError(t, d.ad.Delete(dn))
	}
	for i := 2 * unit; i < 2*unit+unit/6; i++ {
		change(i, "displayName", fmt.Sprintf("Other Name %d", i))
		change(i+unit/3, "userAccountControl", "66050")
	}
	var team []string
	for i := range 10 * unit {
		address := at("new", i)
		if i%20 == 0 && i/20 < len(free) {
			address = free[i/20]
		}
		dn := fmt.Sprintf("CN=Newcomer %04d,%s", i, d.ad.StaffOU())
		require.NoError(t, d.ad.Add(dn, fakead.Attributes{
			"objectClass": {"user"}, "userPrincipalName": {address}, "userAccountControl": {"66048"},
			"displayName": {fmt.Sprintf("New %d", i)}, "sn": {"Newcomer"},
		}))
		if i%10 == 0 {
			team = append(team, dn)
		}
	}
	require.NoError(t, d.ad.Add("CN=Newcomers,"+d.ad.StaffOU(), fakead.Attributes{
		"objectClass": {"group"}, "mail": {at("newcomers", 0)}, "member": team,
	}))
}

// addressesOf are the addresses of the first people of a directory.
func addressesOf(t *testing.T, d *benchDirectory, n int) []string {
	t.Helper()
	conn, err := ldap.DialURL(d.url())
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.Bind(d.ad.AdminDN(), fakead.AdminPassword))
	found, err := conn.SearchWithPaging(ldap.NewSearchRequest(d.ad.StaffOU(), ldap.ScopeWholeSubtree, ldap.NeverDerefAliases,
		0, 0, false, "(objectClass=user)", []string{"userPrincipalName"}, nil), 1000)
	require.NoError(t, err)
	byDN := map[string]string{}
	for _, e := range found.Entries {
		byDN[e.DN] = e.GetAttributeValue("userPrincipalName")
	}
	addresses := make([]string, n)
	for i, dn := range d.ad.People()[:n] {
		addresses[i] = byDN[dn]
		require.NotEmpty(t, addresses[i], dn)
	}
	return addresses
}

// twin is another store of the same kind that hosts the same domain.
func twin(t *testing.T, store mailStore) mailStore {
	t.Helper()
	switch one := store.(type) {
	case *mail:
		other := newMail
		if one.numbered {
			other = newPostgresMail
		}
		m := other(t)
		m.exec("UPDATE domain SET domain = ?", one.domain)
		m.domain = one.domain
		return m
	case *tree:
		o := newTree(t)
		o.moveDomain(one.domain)
		return o
	}
	t.Fatalf("no twin for %T", store)
	return nil
}

// moduleTables is a database for a panel beside the mail store, and how to look into it: on the same server, or a file
// where the accounts are in OpenLDAP.
func moduleTables(t *testing.T, store mailStore) (dsn string, tables *mail) {
	t.Helper()
	accounts, inSQL := store.(*mail)
	if !inSQL {
		file := filepath.Join(t.TempDir(), "panel.db")
		db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(10000)")
		require.NoError(t, err)
		t.Cleanup(func() { _ = db.Close() })
		return file, &mail{tb: t, owner: db}
	}
	database := servers.MariaDB
	if accounts.numbered {
		database = servers.PostgreSQL
	}
	own := database(t)
	return own.DSN, &mail{tb: t, owner: own.Open(t), numbered: accounts.numbered}
}

// madeChange are the log rows of what happened to an account. An alias that follows is not among them: whether it loses
// a member with him or in a run of its own depends on where a run was cut off.
const madeChange = `action NOT IN ('ignored', 'conflict', 'held', 'failed') AND NOT (action = 'updated' AND kind = 'alias')`

// everything is all that a replica has, a line for each row or entry, without what differs from one to the next:
// numbers that the database gives, times, and passwords.
func (r *replica) everything() map[string][]string {
	r.t.Helper()
	all := map[string][]string{
		// When an account was made is learned by whichever run reads it next.
		"links": r.lines(r.tables, "SELECT * FROM account_resource_link", "changed", "made"),
		// Whom an alias gets is said by whichever run makes it.
		"log": r.lines(r.tables, "SELECT action, kind, source_id, dn, address, CASE kind WHEN 'alias' THEN '' ELSE diff END AS diff "+
			"FROM account_resource_log WHERE "+madeChange),
		"log rows of what went wrong": r.lines(r.tables,
			"SELECT action, address, reason, detail FROM account_resource_log WHERE action IN ('conflict', 'held', 'failed')"),
		"held":  r.lines(r.tables, "SELECT * FROM account_resource_removal"),
		"tasks": r.lines(r.tables, "SELECT * FROM account_resource_task"),
		"counts that are not those of the log": r.lines(r.tables, "SELECT run.id, run.count_created, run.count_renamed, "+
			"run.count_deleted, log.action, COUNT(*) FROM account_resource_run run JOIN account_resource_log log ON "+
			"log.run_id = run.id GROUP BY run.id, run.count_created, run.count_renamed, run.count_deleted, log.action HAVING "+
			"COUNT(*) <> CASE log.action WHEN 'created' THEN run.count_created WHEN 'renamed' THEN run.count_renamed "+
			"WHEN 'deleted' THEN run.count_deleted ELSE COUNT(*) END"),
	}
	switch store := r.store.(type) {
	case *mail:
		for _, table := range []string{
			"domain", "mailbox", "forwardings", "alias", "moderators", "deleted_mailboxes", "used_quota", "last_login",
		} {
			query := "SELECT * FROM " + table
			if table == "forwardings" { // who goes off leaves the alias, or stays on it switched off where that was cut off
				query += " WHERE NOT (is_list = 1 AND active = 0)"
			}
			all[table] = r.lines(store, query, "id", "password")
		}
	case *tree:
		all["entries"] = store.lines()
		all["deleted_mailboxes"] = r.lines(r.tables, "SELECT * FROM deleted_mailboxes", "id")
	}
	return all
}

var (
	anyTime = regexp.MustCompile(`\d{4}[-.]\d\d[-.]\d\d([ T.-]\d\d[:.]\d\d[:.]\d\d(\.\d+)?)?Z?`)
	anyDay  = regexp.MustCompile(`^\d{5}$`) // shadowLastChange
)

func timeless(text string) string { return anyTime.ReplaceAllString(text, "<time>") }

// lines are rows as text, sorted, without the columns named.
func (r *replica) lines(m *mail, query string, without ...string) []string {
	r.t.Helper()
	lines := []string{}
	for _, row := range m.rows(query) {
		var line strings.Builder
		for _, column := range slices.Sorted(maps.Keys(row)) {
			if !slices.Contains(without, column) {
				fmt.Fprintf(&line, "%s=%s ", column, timeless(row[column]))
			}
		}
		lines = append(lines, line.String())
	}
	slices.Sort(lines)
	return lines
}

// lines are the entries of the domain.
func (t *tree) lines() []string {
	t.tb.Helper()
	found, err := t.conn.SearchWithPaging(ldap.NewSearchRequest("domainName="+t.domain+","+t.server.BaseDN,
		ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false, "(objectClass=*)", []string{"*"}, nil), 500)
	require.NoError(t.tb, err)
	lines := []string{}
	for _, e := range found.Entries {
		line := []string{"dn=" + strings.TrimSuffix(e.DN, t.server.Suffix)}
		for _, a := range e.Attributes {
			slices.Sort(a.Values)
			switch {
			case a.Name == "userPassword":
				a.Values = []string{"<password>"}
			case a.Name == "shadowLastChange" && anyDay.MatchString(strings.Join(a.Values, "")):
				a.Values = []string{"<day>"}
			}
			line = append(line, timeless(a.Name+"="+strings.Join(a.Values, "|")))
		}
		slices.Sort(line[1:])
		lines = append(lines, strings.Join(line, " "))
	}
	slices.Sort(lines)
	return lines
}
