//go:build integration

package openldap_test

import (
	"bytes"
	"cmp"
	"io"
	"net"
	"net/url"
	"sync/atomic"
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends/backendtest"
	"github.com/mailpanel/account-resource/backends/openldap"
)

// refuser passes requests on to a server, and answers those of one kind about one entry itself: as a server does whose rules forbid them.
type refuser struct {
	net.Listener
	target string
	spared atomic.Pointer[spared]
}

// spared is a kind of request and the entry that it is refused for.
type spared struct {
	request ber.Tag
	dn      string
	code    int64 // 0: insufficient access rights
}

func newRefuser(t *testing.T, uri string, request ber.Tag, dn string) *refuser {
	t.Helper()
	target, err := url.Parse(uri)
	require.NoError(t, err)
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	r := &refuser{Listener: listener, target: target.Host}
	r.spared.Store(&spared{request: request, dn: dn})
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go r.pass(conn)
		}
	}()
	return r
}

// responses are what a server answers with.
var responses = map[ber.Tag]ber.Tag{
	ldap.ApplicationDelRequest:      ldap.ApplicationDelResponse,
	ldap.ApplicationModifyRequest:   ldap.ApplicationModifyResponse,
	ldap.ApplicationModifyDNRequest: ldap.ApplicationModifyDNResponse,
}

func (r *refuser) pass(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp4", r.target)
	if err != nil {
		return
	}
	defer server.Close()
	go func() { _, _ = io.Copy(client, server) }()
	for {
		request, err := ber.ReadPacket(client)
		if err != nil {
			return
		}
		op, what := request.Children[1], r.spared.Load()
		name := op
		if len(op.Children) > 0 { // of a deletion it is all there is
			name = op.Children[0]
		}
		if op.Tag == what.request && bytes.EqualFold(name.Data.Bytes(), []byte(what.dn)) {
			answer := ber.NewSequence("")
			answer.AppendChild(request.Children[0])
			result := ber.Encode(ber.ClassApplication, ber.TypeConstructed, responses[op.Tag], nil, "")
			code := cmp.Or(what.code, int64(ldap.LDAPResultInsufficientAccessRights))
			result.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, code, ""))
			result.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, "", ""))
			result.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, "no write access to parent", ""))
			answer.AppendChild(result)
			_, err = client.Write(answer.Bytes())
		} else {
			_, err = server.Write(request.Bytes())
		}
		if err != nil {
			return
		}
	}
}

// through is a backend that asks by way of a proxy.
func (r *tree) through(proxy net.Listener) *openldap.Backend {
	b, err := openldap.Open(r.t.Context(), openldap.Options{
		URI: "ldap://" + proxy.Addr().String(), BaseDN: r.server.Suffix, BindDN: r.server.BindDN, Password: r.server.Password, DB: r.db,
	})
	require.NoError(r.t, err)
	r.t.Cleanup(b.Close)
	return b
}

// A deletion that the server refuses leaves the account as it was, with all that names it and all that is below it; the others of the batch
// are made. Once the server allows it, it is made too.
func TestR14_ARefusedDeletionLeavesTheAccountAsItWas(t *testing.T) {
	home := func(local string) string { return "/var/vmail/vmail1/example.com/" + local + "-2026.05.06.07.08.09/" }
	deletion := func(local string) account.Operation {
		return account.Operation{Verb: account.Delete, Kind: account.Mailbox, Address: local + "@example.com", Home: home(local)}
	}
	domain := account.Domain{Name: "example.com", Active: true}
	for _, below := range []bool{false, true} {
		r := newTree(t)
		r.addDomain(domain)
		for _, local := range []string{"ann", "bob"} {
			r.addMailbox(account.Account{Address: local + "@example.com", Kind: account.Mailbox, Active: true, Home: home(local)})
		}
		r.addAlias("sales@example.com", "ann@example.com", "bob@example.com")
		r.addReference(backendtest.Reference{Kind: backendtest.Moderator, Owner: "sales@example.com", Other: "ann@example.com"})
		dn := r.dn("Users", "ann@example.com")
		if below {
			r.add("cn=notes,"+dn, "objectClass", "applicationProcess", "cn", "notes", "description", "kept")
			r.add("cn=more,cn=notes,"+dn, "objectClass", "applicationProcess", "cn", "more", "description", "kept too")
		}
		proxy := newRefuser(t, r.server.URI, ldap.ApplicationDelRequest, dn)
		b := r.through(proxy)
		before, references := r.search("(mail=ann@example.com)", "*"), r.references()

		results, err := b.Apply(t.Context(), domain, []account.Operation{deletion("ann"), deletion("bob")})
		require.NoError(t, err)
		require.ErrorContains(t, results[0], "no write access to parent")
		require.NoError(t, results[1])
		assert.Equal(t, before, r.search("(mail=ann@example.com)", "*"))
		assert.Equal(t, references, r.references())
		assert.Equal(t, []string{"ann@example.com"}, r.members("sales"))
		assert.Len(t, r.deleted(), 1, "of Bob")
		if below {
			assert.Equal(t, "kept", r.search("(cn=notes)", "description")[0].GetAttributeValue("description"))
			assert.Equal(t, "kept too", r.search("(cn=more)", "description")[0].GetAttributeValue("description"))
		}

		proxy.spared.Store(&spared{})
		results, err = b.Apply(t.Context(), domain, []account.Operation{deletion("ann")})
		require.NoError(t, err)
		require.NoError(t, results[0])
		assert.Empty(t, r.search("(mail=ann@example.com)", "mail"))
		assert.Empty(t, r.search("(|(cn=notes)(cn=more))", "cn"))
		assert.Empty(t, r.members("sales"))
		assert.Len(t, r.deleted(), 2)
	}
}
