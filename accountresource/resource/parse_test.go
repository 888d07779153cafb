package resource_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
)

func form(values map[string]string) resource.Form {
	return func(name string) (string, bool) { v, ok := values[name]; return v, ok }
}

func connection(changes map[string]string) map[string]string {
	values := map[string]string{
		"domain": "example.com", "host": "dc1.corp.example", "port": "636", "tls": "on", "timeout": "10",
		"base_dn": "DC=corp,DC=example", "bind_dn": "reader@corp.example", "bind_password": "s3cret", "ca_certificate": "",
	}
	for k, v := range changes {
		values[k] = v
	}
	return values
}

func keys(problems resource.Problems) map[string]string {
	found := map[string]string{}
	for _, p := range problems {
		found[p.Field] = p.Message.Key
	}
	return found
}

func TestParseConnectionTakesWhatAnAdminTypes(t *testing.T) {
	got, problems := resource.ParseConnection(form(connection(map[string]string{
		"domain": " Example.COM. ", "host": " dc1.corp.example ", "port": " 389 ", "bind_password": " blanks count ",
	})), resource.Defaults().Connection)
	require.Empty(t, problems)
	assert.Equal(t, "example.com", got.Domain)
	assert.Equal(t, "dc1.corp.example", got.Host)
	assert.Equal(t, 389, got.Port)
	assert.True(t, got.TLS)
	assert.Equal(t, " blanks count ", got.BindPassword.Reveal())
}

func TestParseNamesEveryMistakeAtOnce(t *testing.T) {
	long := strings.Repeat("x", 300)
	_, problems := resource.ParseConnection(form(map[string]string{
		"domain": long, "host": "", "port": "70000", "timeout": "soon", "base_dn": " ", "bind_dn": "", "bind_password": "",
	}), resource.Connection{})
	want := map[string]string{
		"domain": "problem_too_long", "host": "problem_required", "port": "problem_out_of_range",
		"timeout": "problem_not_a_number", "base_dn": "problem_required", "bind_dn": "problem_required",
		"bind_password": "problem_password_required",
	}
	assert.Empty(t, cmp.Diff(want, keys(problems)))
	assert.Equal(t, map[string]string{"Min": "1", "Max": "65535"}, problems.ByField()["port"].Message.Args)
}

func TestAnAbsentToggleIsOffAndAnAbsentFieldIsKept(t *testing.T) {
	stored := resource.Defaults().Replication
	stored.Groups, stored.KeepDays = true, 30
	got, problems := resource.ParseReplication(form(map[string]string{"interval": "5", "delete": "on"}), stored)
	require.Empty(t, problems)
	assert.False(t, got.Groups)
	assert.False(t, got.DisableRemoved)
	assert.True(t, got.Delete)
	assert.Equal(t, 5, got.Interval)
	assert.Equal(t, 30, got.KeepDays)
}

func TestIntervalsOutOfReasonAreRefused(t *testing.T) {
	for _, interval := range []string{"0", "-1", "1000000", "99999999999999999999", "1.5", ""} {
		_, problems := resource.ParseReplication(form(map[string]string{"interval": interval}), resource.Defaults().Replication)
		assert.Contains(t, keys(problems), "interval", "interval %q", interval)
	}
}

func TestAttributeNames(t *testing.T) {
	for name, good := range map[string]bool{
		"mail": true, "msDS-cloudExtensionAttribute1": true, "1.2.840.113556.1.4.656": true, "": true,
		"1": false, "ma il": false, "mail;binary": false, "(mail)": false, "почта": false, "*": false,
	} {
		_, problems := resource.ParseUsers(form(map[string]string{"user_title": name}), resource.Defaults().Users)
		assert.Equal(t, good, len(problems) == 0, "attribute %q: %v", name, problems)
	}
	_, problems := resource.ParseUsers(form(map[string]string{"user_mail": ""}), resource.Defaults().Users)
	assert.Equal(t, map[string]string{"user_mail": "problem_required"}, keys(problems))
}

func TestOptionsAreClosedLists(t *testing.T) {
	_, problems := resource.ParseGroups(form(map[string]string{"access_policy": "everyone"}), resource.Defaults().Groups)
	assert.Equal(t, map[string]string{"access_policy": "problem_not_an_option"}, keys(problems))
	for _, policy := range resource.AccessPolicies() {
		_, problems := resource.ParseGroups(form(map[string]string{"access_policy": string(policy)}), resource.Defaults().Groups)
		assert.Empty(t, problems, policy)
	}
}

func TestDefaultsAreValidButForTheConnection(t *testing.T) {
	d := resource.Defaults()
	none := form(map[string]string{"groups": "on"})
	_, problems := resource.ParseUsers(none, d.Users)
	assert.Empty(t, problems)
	_, problems = resource.ParseGroups(none, d.Groups)
	assert.Empty(t, problems)
	_, problems = resource.ParseReplication(none, d.Replication)
	assert.Empty(t, problems)
	assert.NotEmpty(t, d.Connection.Complete())
	assert.Equal(t, account.FieldSet(0, 1, 2, 3, 4, 5, 6), d.Users.Mapped())
	d.Users.Title = ""
	assert.False(t, d.Users.Mapped().Has(account.Title))
}

func TestASecretNeverShowsItself(t *testing.T) {
	c := resource.Connection{BindPassword: resource.NewSecret("s3cret")}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		assert.NotContains(t, fmt.Sprintf(verb, c), "s3cret", verb)
	}
	_, problems := resource.ParseConnection(form(connection(map[string]string{
		"bind_password": strings.Repeat("s3cret", 99),
	})), resource.Connection{})
	require.Len(t, problems, 1)
	assert.NotContains(t, problems.Error(), "s3cret")
}

func FuzzParseConnection(f *testing.F) {
	f.Add("example.com", "636", "pw")
	f.Add("", "-1", "\x00")
	f.Fuzz(func(t *testing.T, domain, port, password string) {
		got, problems := resource.ParseConnection(form(connection(map[string]string{
			"domain": domain, "port": port, "bind_password": password,
		})), resource.Connection{})
		if len(problems) == 0 {
			require.Empty(t, got.Complete(), "what parses is complete")
			again, problems := resource.ParseConnection(form(connection(map[string]string{
				"domain": got.Domain, "port": fmt.Sprint(got.Port), "bind_password": got.BindPassword.Reveal(),
			})), resource.Connection{})
			require.Empty(t, problems)
			require.Equal(t, got, again, "parsing is idempotent")
		}
	})
}

func TestALongTextIsTheSameHoweverItsLinesEnd(t *testing.T) {
	form := map[string]string{"ca_certificate": "-----BEGIN CERTIFICATE-----\r\nMIIB\r\n-----END CERTIFICATE-----\r\n"}
	got, _ := resource.ParseConnection(func(name string) (string, bool) {
		value, present := form[name]
		return value, present
	}, resource.Connection{})
	assert.Equal(t, "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", got.CACertificate)
}
