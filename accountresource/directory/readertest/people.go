package readertest

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/directory"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/signin"
)

// people signs people in with the connection of settings, which may be changed between two sign-ins.
func (p *Place) people(t *testing.T, s *resource.Settings) *directory.SignIn {
	t.Helper()
	people := directory.Options{Dial: p.Dial}.SignIn(func(context.Context, int64) (resource.Connection, error) { return s.Connection, nil })
	t.Cleanup(people.Close)
	return people
}

// idOf is the identity of an object.
func (p *Place) idOf(t *testing.T, dn string) signin.Key {
	t.Helper()
	all, _ := p.list(t, p.settings(), account.User, 0, 0)
	for i := range all {
		if sameDN(all[i].DN, dn) {
			return signin.Key{Resource: 1, Source: all[i].ID}
		}
	}
	t.Fatalf("nobody is %s", dn)
	return signin.Key{}
}

func personSignsIn(t *testing.T, p *Place) {
	const password = "Person-Secret-1"
	s := p.settings()
	people := p.people(t, &s)
	names, err := people.Servers(t.Context(), 1)
	require.NoError(t, err)
	require.Len(t, names, 1)
	require.NoError(t, people.Ping(t.Context(), 1, names[0]))
	bind := func(who signin.Key, password string) signin.Answer {
		t.Helper()
		answer, err := people.Bind(t.Context(), who, names[0], password)
		require.NoError(t, err)
		return answer
	}
	good, off, old, must := p.signIn(t, "Good", password), p.signIn(t, "Off", password), p.signIn(t, "Old", password), p.signIn(t, "Must", password)
	p.modify(t, off, "userAccountControl", "514")
	p.modify(t, old, "accountExpires", "130000000000000000") // in 2012
	p.modify(t, must, "pwdLastSet", "0")
	nobody := signin.Key{Resource: 1, Source: "00112233-4455-6677-8899-aabbccddeeff"}
	for name, c := range map[string]struct {
		who      signin.Key
		password string
		want     signin.Verdict
	}{
		"right":                        {p.idOf(t, good), password, signin.OK},
		"wrong":                        {p.idOf(t, good), "Wrong-Secret-1", signin.Wrong},
		"disabled":                     {p.idOf(t, off), password, signin.Disabled},
		"disabled and a wrong one":     {p.idOf(t, off), "Wrong-Secret-1", signin.Wrong},
		"the account has expired":      {p.idOf(t, old), password, signin.Disabled},
		"it has to be changed":         {p.idOf(t, must), password, signin.Expired},
		"nobody has the identity":      {nobody, password, signin.Wrong},
		"the identity is a form of DN": {signin.Key{Resource: 1, Source: account.SourceID("x>,CN=Good")}, password, signin.Unavailable},
	} {
		answer := bind(c.who, c.password)
		verdict := signin.VerdictOf(answer)
		if c.want == signin.Unavailable { // or wrong: it does not get in
			assert.NotEqual(t, signin.OK, verdict, name)
			continue
		}
		assert.Equal(t, c.want, verdict, "%s: %+v", name, answer)
	}
	_, err = people.Bind(t.Context(), p.idOf(t, good), names[0], "")
	require.ErrorIs(t, err, signin.ErrNotSent, "an empty password is an anonymous bind")

	// The identity stays what it is while name and place change, and the password takes every character.
	who := p.idOf(t, good)
	before := bind(who, password)
	require.NotEmpty(t, before.Stamp)
	require.NoError(t, p.Admin.ModifyDN(ldap.NewModifyDNRequest(good, "CN=Renamed", true, "")))
	p.setPassword(t, "CN=Renamed,"+p.Base, "Pässwörd-€1-密码")
	after := bind(who, "Pässwörd-€1-密码")
	assert.Equal(t, signin.OK, signin.VerdictOf(after))
	assert.NotEqual(t, before.Stamp, after.Stamp, "the password was changed")

	s.Connection.CACertificate = ""
	_, err = people.Bind(t.Context(), who, names[0], password)
	require.ErrorIs(t, err, signin.ErrNotSent, "whoever the server is")
	s = p.settings()
	s.Connection.Port, s.Connection.TLS = 389, false
	_, err = people.Bind(t.Context(), who, names[0], password)
	require.ErrorIs(t, err, signin.ErrNotSent, "in the clear")
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	s = p.settings()
	_, err = people.Bind(gone, who, names[0], password)
	require.Error(t, err)
}

// domainPolicy is the policy of the domain, as the directory keeps it.
func (p *Place) domainPolicy(t *testing.T) signin.Policy {
	t.Helper()
	result, err := p.Admin.Search(&ldap.SearchRequest{
		BaseDN: p.Root, Scope: ldap.ScopeBaseObject, Filter: "(objectClass=*)", Attributes: []string{"lockoutThreshold", "lockOutObservationWindow"},
	})
	require.NoError(t, err)
	threshold, err := strconv.Atoi(result.Entries[0].GetAttributeValue("lockoutThreshold"))
	require.NoError(t, err)
	ticks, err := strconv.ParseInt(result.Entries[0].GetAttributeValue("lockOutObservationWindow"), 10, 64)
	require.NoError(t, err)
	return signin.Policy{Threshold: threshold, Window: time.Duration(-ticks) * 100}
}

func personIsLocked(t *testing.T, p *Place) {
	const password = "Person-Secret-1"
	s := p.settings()
	people := p.people(t, &s)
	names, err := people.Servers(t.Context(), 1)
	require.NoError(t, err)
	usual, strict := p.signIn(t, "Usual", password), p.signIn(t, "Strict", password)
	policy, found, err := people.Policy(t.Context(), p.idOf(t, usual), names[0])
	require.NoError(t, err)
	assert.True(t, found)
	assert.Equal(t, p.domainPolicy(t), policy, "of the domain")

	p.Lockout(t, strict, 3, 20*time.Minute)
	who := p.idOf(t, strict)
	policy, found, err = people.Policy(t.Context(), who, names[0])
	require.NoError(t, err)
	assert.True(t, found)
	assert.Equal(t, signin.Policy{Threshold: 3, Window: 20 * time.Minute}, policy)
	for n, c := range []struct {
		password string
		want     signin.Verdict
	}{
		{"Wrong-Secret-1", signin.Wrong}, {"Wrong-Secret-2", signin.Wrong}, {password, signin.OK}, {"Wrong-Secret-1", signin.Wrong},
		{"Wrong-Secret-1", signin.Wrong}, {"Wrong-Secret-1", signin.Wrong}, {password, signin.Locked},
	} {
		answer, err := people.Bind(t.Context(), who, names[0], c.password)
		require.NoError(t, err)
		assert.Equal(t, c.want, signin.VerdictOf(answer), "bind %d: %+v", n, answer)
	}

	// A bind account that is refused is not tried again for each person, but with another password.
	before := s.Connection.BindPassword
	s.Connection.BindPassword = resource.NewSecret("Wrong-Secret-1")
	for range 3 {
		_, found, err = people.Policy(t.Context(), who, names[0])
		require.NoError(t, err)
		assert.False(t, found)
	}
	s.Connection.BindPassword = before
	_, found, err = people.Policy(t.Context(), who, names[0])
	require.NoError(t, err)
	assert.True(t, found)
}
