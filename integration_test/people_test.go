//go:build integration

package integration_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/integration_test/servers"
)

// people are users of the Samba AD in a unit of the test's own.
type people struct {
	tb        testing.TB
	directory servers.Directory
	conn      *ldap.Conn
	unit      string
}

func newPeople(tb testing.TB) *people {
	tb.Helper()
	d := servers.Samba(tb)
	return &people{tb: tb, directory: d, conn: d.Connect(tb), unit: d.Unit(tb)}
}

// The values of userAccountControl that an account without a password can have.
const (
	accountEnabled  = "544" // normal account, no password needed
	accountDisabled = "546"
)

// attributes are what a user has in the directory besides its class; an empty value is left out.
type attributes map[string]string

// add makes an enabled user and gives its DN.
func (p *people) add(cn, address string, a attributes) string {
	p.tb.Helper()
	dn := rdn(cn) + "," + p.unit
	request := ldap.NewAddRequest(dn, nil)
	request.Attribute("objectClass", []string{"user"})
	request.Attribute("userPrincipalName", []string{address})
	if a["userAccountControl"] == "" {
		request.Attribute("userAccountControl", []string{accountEnabled})
	}
	for name, value := range a {
		if value != "" {
			request.Attribute(name, []string{value})
		}
	}
	require.NoError(p.tb, p.conn.Add(request), "add %s", dn)
	return dn
}

// change replaces values; an empty one clears the attribute.
func (p *people) change(dn string, a attributes) {
	p.tb.Helper()
	request := ldap.NewModifyRequest(dn, nil)
	for name, value := range a {
		var to []string
		if value != "" {
			to = []string{value}
		}
		request.Replace(name, to)
	}
	require.NoError(p.tb, p.conn.Modify(request), "change %s", dn)
}

// rdn is a name as the first part of a DN. Samba takes no "=" in it as it is, although RFC 4514 allows that.
func rdn(cn string) string { return "CN=" + strings.ReplaceAll(ldap.EscapeDN(cn), "=", `\3D`) }

// move renames the user and gives the new DN.
func (p *people) move(dn, cn string) string {
	p.tb.Helper()
	require.NoError(p.tb, p.conn.ModifyDN(ldap.NewModifyDNRequest(dn, rdn(cn), true, "")))
	return rdn(cn) + "," + p.unit
}

// crowd adds n users with every attribute that is mapped by default, addresses user0001@domain and so on.
func (p *people) crowd(n int, domain string) {
	p.tb.Helper()
	for i := 1; i <= n; i++ {
		p.add(fmt.Sprintf("Person %04d", i), fmt.Sprintf("User%04d@%s", i, strings.ToUpper(domain)), crowdAttributes(i))
	}
}

func crowdAttributes(i int) attributes {
	return attributes{
		"displayName": fmt.Sprintf("Person Number %d", i), "givenName": fmt.Sprintf("Given%d", i),
		"sn": fmt.Sprintf("Surname%d", i), "employeeID": fmt.Sprintf("E-%05d", i), "title": "Engineer",
		"mobile": fmt.Sprintf("+49 170 %07d", i), "telephoneNumber": fmt.Sprintf("+49 30 %07d", i),
	}
}

// account makes a user who can bind with the password, and gives the DN.
func (p *people) account(cn, password string) string {
	p.tb.Helper()
	dn := p.add(cn, unique()+"@bind.example", nil)
	quoted := "\"" + password + "\""
	var utf16 strings.Builder
	for _, c := range []byte(quoted) { // ASCII
		utf16.Write([]byte{c, 0})
	}
	p.change(dn, attributes{"unicodePwd": utf16.String()})
	p.change(dn, attributes{"userAccountControl": "512"})
	return dn
}
