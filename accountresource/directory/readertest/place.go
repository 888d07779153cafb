package readertest

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/directory"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// Place is a part of a directory that one test has for itself.
type Place struct {
	// Connection leads to the directory, with Base for its base DN, encrypted and as an account that may read.
	Connection resource.Connection
	// Admin may write, and is closed by whoever made it.
	Admin *ldap.Conn
	// AdminDN and AdminPassword are an administrator's, who is shown what was deleted.
	AdminDN       string
	AdminPassword resource.Secret
	// Base is an organizational unit with nothing in it, Root the root of the domain it is in.
	Base, Root string
	// UPN and Logon are the bind account's other names: user@domain and DOMAIN\user.
	UPN, Logon string
	// HideTree takes from an account the right to see an object and all below it, HideAttribute the right to read an attribute of
	// an object; account and object are DNs.
	HideTree      func(t *testing.T, account, dn string)
	HideAttribute func(t *testing.T, account, dn, attribute string)
	// Lockout has a fine-grained policy lock an account after so many wrong passwords within a time.
	Lockout func(t *testing.T, dn string, threshold int, window time.Duration)
	// Dial, where it is set, leads to the server whatever the port is.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// settings are those of a new resource for the place.
func (p *Place) settings() resource.Settings {
	s := resource.Defaults()
	s.Connection = p.Connection
	s.Connection.BaseDN = p.Base
	return s
}

// open makes a reader that is closed when the test ends.
func (p *Place) open(t *testing.T, s resource.Settings, pageSize int) run.Reader {
	t.Helper()
	r, err := directory.Options{PageSize: pageSize, Dial: p.Dial}.Open(s)
	require.NoError(t, err)
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// list reads the objects of a kind with a reader of its own.
func (p *Place) list(t *testing.T, s resource.Settings, kind account.ObjectKind, pageSize, limit int) ([]account.Object, run.Listing) {
	t.Helper()
	var all []account.Object
	listing, err := p.open(t, s, pageSize).List(t.Context(), run.Query{Kind: kind, Limit: limit}, func(o account.Object) error {
		all = append(all, o)
		return nil
	})
	require.NoError(t, err)
	require.Len(t, all, listing.Count)
	return all, listing
}

func (p *Place) lookUp(t *testing.T, s resource.Settings, ids []account.SourceID) []account.Object {
	t.Helper()
	reader := p.open(t, s, 0)
	_, err := reader.Probe(t.Context())
	require.NoError(t, err)
	found, err := reader.LookUp(t.Context(), ids)
	require.NoError(t, err)
	return found
}

// user is the only user in the place.
func (p *Place) user(t *testing.T) account.Object {
	t.Helper()
	all, listing := p.list(t, p.settings(), account.User, 0, 0)
	require.True(t, listing.Complete)
	require.Len(t, all, 1)
	return all[0]
}

// values are what an object has besides its class.
type values map[string][]string

func (p *Place) add(t *testing.T, class, name, parent string, v values) (dn string) {
	t.Helper()
	rdn := "CN"
	if class == "organizationalUnit" {
		rdn = "OU"
	}
	dn = rdn + "=" + strings.ReplaceAll(ldap.EscapeDN(name), "=", `\3D`) + "," + parent // Samba wants that one escaped too
	request := ldap.NewAddRequest(dn, nil)
	request.Attribute("objectClass", []string{class})
	for attribute, all := range v {
		request.Attribute(attribute, all)
	}
	require.NoError(t, p.Admin.Add(request), "add %s", dn)
	return dn
}

// person adds an enabled user whose address is local@readers.example.
func (p *Place) person(t *testing.T, name, local string, v values) (dn string) {
	t.Helper()
	all := values{"userPrincipalName": {local + "@readers.example"}, "userAccountControl": {"544"}}
	for attribute, value := range v {
		all[attribute] = value
	}
	return p.add(t, "user", name, p.Base, all)
}

func (p *Place) modify(t *testing.T, dn, attribute string, to ...string) {
	t.Helper()
	request := ldap.NewModifyRequest(dn, nil)
	request.Replace(attribute, to)
	require.NoError(t, p.Admin.Modify(request), "change %s", dn)
}

// signIn makes an account that can bind.
func (p *Place) signIn(t *testing.T, name, password string) (dn string) {
	t.Helper()
	dn = p.person(t, name, strings.ToLower(name), nil)
	p.setPassword(t, dn, password)
	p.modify(t, dn, "userAccountControl", "512")
	return dn
}

func (p *Place) setPassword(t *testing.T, dn, password string) {
	t.Helper()
	var wide strings.Builder
	for _, c := range utf16.Encode([]rune(`"` + password + `"`)) {
		wide.Write([]byte{byte(c), byte(c >> 8)})
	}
	p.modify(t, dn, "unicodePwd", wide.String())
}
