package resource_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/resource"
)

// saved is the connection that connection(nil) makes.
func saved(t *testing.T) resource.Connection {
	t.Helper()
	c, problems := resource.ParseConnection(form(connection(nil)), resource.Defaults().Connection)
	require.Empty(t, problems)
	return c
}

func TestTheStoredPasswordIsForItsEndpointOnly(t *testing.T) {
	stored := saved(t)
	for name, c := range map[string]struct {
		changes map[string]string
		kept    bool
	}{
		"nothing":           {nil, true},
		"base DN":           {map[string]string{"base_dn": "OU=x,DC=corp,DC=example"}, true},
		"timeout":           {map[string]string{"timeout": "99"}, true},
		"domain":            {map[string]string{"domain": "example.org"}, true},
		"blanks and case":   {map[string]string{"host": " DC1.corp.example ,"}, true},
		"host":              {map[string]string{"host": "evil.example.net"}, false},
		"one more host":     {map[string]string{"host": "dc1.corp.example, evil.example.net"}, false},
		"port":              {map[string]string{"port": "389"}, false},
		"TLS":               {map[string]string{"tls": ""}, false},
		"bind account":      {map[string]string{"bind_dn": "other@corp.example"}, false},
		"case of the name":  {map[string]string{"bind_dn": "Reader@corp.example"}, false},
		"CA":                {map[string]string{"ca_certificate": "-----BEGIN CERTIFICATE-----"}, false},
		"the other account": {map[string]string{"bind_dn": "evil", "host": "evil.example.net"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			values := connection(c.changes)
			for _, typed := range []bool{false, true} {
				delete(values, "bind_password")
				if typed {
					values["bind_password"] = ""
				}
				got, problems := resource.ParseConnection(form(values), stored)
				if c.kept {
					assert.Empty(t, problems)
					assert.Equal(t, "s3cret", got.BindPassword.Reveal())
					continue
				}
				assert.Equal(t, map[string]string{"bind_password": "problem_password_again"}, keys(problems))
				assert.True(t, got.BindPassword.IsZero(), "nobody can use it by mistake")
			}
			values["bind_password"] = "typed"
			got, problems := resource.ParseConnection(form(values), stored)
			assert.Empty(t, problems)
			assert.Equal(t, "typed", got.BindPassword.Reveal())
		})
	}
}

// A form without any field of the tab says nothing of it: it does not switch TLS off.
func TestAnEmptyFormChangesNothing(t *testing.T) {
	stored := resource.Defaults()
	stored.Connection = saved(t)
	none := form(map[string]string{"_csrf": "x", "user_mail": "mail", "port_": "1"})
	c, problems := resource.ParseConnection(none, stored.Connection)
	assert.Empty(t, problems)
	assert.Equal(t, stored.Connection, c)
	r, problems := resource.ParseReplication(none, stored.Replication)
	assert.Empty(t, problems)
	assert.Equal(t, stored.Replication, r)
}

func TestBindingsDifferWhereEndpointsDo(t *testing.T) {
	seen := make(map[string]resource.Connection)
	for _, host := range []string{"a", "a,b", "ab", ""} {
		for _, account := range []string{"", "a", "b", "true1a"} {
			for _, port := range []int{1, 11} {
				for _, tls := range []bool{true, false} {
					c := resource.Connection{Host: host, BindDN: account, Port: port, TLS: tls, CACertificate: account}
					binding := string(c.Endpoint().Binding())
					assert.NotContains(t, seen, binding, "%+v and %+v", c, seen[binding])
					seen[binding] = c
				}
			}
		}
	}
}

func TestALockedPasswordIsThereAndSaysNothing(t *testing.T) {
	stored := saved(t)
	stored.BindPassword = resource.LockedSecret(resource.LockedByKey)
	c, problems := resource.ParseConnection(form(connection(map[string]string{"bind_password": "", "timeout": "33"})), stored)
	assert.Empty(t, problems, "other settings may be saved")
	assert.Empty(t, c.Complete(), "a run begins, and says what keeps it from signing in")
	assert.Empty(t, c.BindPassword.Reveal())
	require.NotNil(t, c.BindPassword.Problem())
	assert.Equal(t, "problem_password_locked_key", c.BindPassword.Problem().Message.Key)
	_, problems = resource.ParseConnection(form(connection(map[string]string{"bind_password": "", "host": "dc2"})), stored)
	assert.Equal(t, map[string]string{"bind_password": "problem_password_again"}, keys(problems))
}

// With line breaks in it, a bind account is further commands to a Redis or SMTP server.
func TestControlCharactersAreRefused(t *testing.T) {
	for _, field := range []string{"host", "bind_dn", "bind_password", "base_dn"} {
		for _, odd := range []string{"\r\n", "\n", "\r", "\t", "\x00", "\x1b", "\x7f", "\u0085", "\u2028", "\u2029", "\xff"} {
			text := "dc" + odd + "1"
			_, problems := resource.ParseConnection(form(connection(map[string]string{field: text})), resource.Connection{})
			assert.Equal(t, "problem_control_characters", keys(problems)[field], "%s %q", field, text)
			assert.NotContains(t, problems.Error(), "dc", "what was typed is not repeated")
		}
	}
	_, problems := resource.ParseConnection(form(connection(map[string]string{"bind_password": "пароль ñ 密码 "})), resource.Connection{})
	assert.Empty(t, problems)
}

func TestAFilterOverSeveralLines(t *testing.T) {
	for typed, want := range map[string]string{
		"(&\r\n\t(objectClass=user)\r\n\t(!(cn=a b))\r\n)": "(&(objectClass=user)(!(cn=a b)))",
		"( & (a=b) ( | (c=d)  (e=f) ) )":                   "(&(a=b)(|(c=d)(e=f)))",
		"(memberOf=CN=Mail Users,\n  OU=Groups,DC=x)":      "(memberOf=CN=Mail Users,  OU=Groups,DC=x)",
		"(cn= a )":           "(cn= a )",
		"(& (a=R&D )(b=c) )": "(&(a=R&D )(b=c))",
		"((a=b))":            "((a=b))",
		"( (a=b) )":          "((a=b))",
		"  (a=b)  ":          "(a=b)",
	} {
		u, problems := resource.ParseUsers(form(map[string]string{"user_filter": typed}), resource.Defaults().Users)
		assert.Empty(t, problems, typed)
		assert.Equal(t, want, u.Filter, typed)
		g, problems := resource.ParseGroups(form(map[string]string{"group_filter": typed}), resource.Defaults().Groups)
		assert.Empty(t, problems, typed)
		assert.Equal(t, want, g.Filter, typed)
	}
	for _, odd := range []string{"\x00", "\x0b", "\x1b", "\u0085", "\u2028"} {
		_, problems := resource.ParseUsers(form(map[string]string{"user_filter": "(cn=a" + odd + "b)"}), resource.Defaults().Users)
		assert.Equal(t, map[string]string{"user_filter": "problem_control_characters"}, keys(problems), "%q", odd)
	}
}

func FuzzFilter(f *testing.F) {
	for _, seed := range []string{"(&\n (a=b) )", "(|(a=b)(c= d ))", ") (", "(& ( | (", "(a=\\28 \\29)"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		parse := func(text string) resource.Users {
			u, _ := resource.ParseUsers(form(map[string]string{"user_filter": text}), resource.Defaults().Users)
			return u
		}
		once := parse(typed).Filter
		require.Equal(t, once, parse(once).Filter, "joining is idempotent")
		squeezed := func(text string) string { return strings.Join(strings.Fields(text), "") }
		require.Equal(t, squeezed(typed), squeezed(once), "nothing but blanks and line breaks is dropped")
	})
}
