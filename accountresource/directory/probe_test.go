package directory_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
)

const (
	serviceDN   = "CN=NTDS Settings,CN=DC,CN=Servers," + scriptedBase
	subschemaDN = "CN=Aggregate,CN=Schema,CN=Configuration," + scriptedBase
	schemaDN    = "CN=Schema,CN=Configuration," + scriptedBase
)

// every attribute that new settings name
var attributeTypes = []string{
	"( 1.2.840.113556.1.4.656 NAME 'userPrincipalName' SYNTAX '1.3.6.1.4.1.1466.115.121.1.15' SINGLE-VALUE )",
	"( 1.2.840.113556.1.4.8 NAME 'userAccountControl' )", "( 1.2.840.113556.1.2.13 NAME 'displayName' )",
	"( 2.5.4.42 NAME ( 'givenName' 'gn' ) SUP name )", "(2.5.4.4 NAME ('sn' 'surname'))", "( 1.2.840.113556.1.2.610 NAME 'employeeID' )",
	"( 2.5.4.12 NAME 'title' )", "( 0.9.2342.19200300.100.1.41 NAME 'mobile' )", "( 2.5.4.20 NAME 'telephoneNumber' )",
	"( 0.9.2342.19200300.100.1.3 NAME 'mail' )", "( 2.5.4.3 NAME 'cn' )",
}

// activeDirectory is a scripted server that answers a probe as Active Directory does.
func activeDirectory() *scripted {
	return &scripted{
		root: map[string][]string{
			"defaultNamingContext": {scriptedBase}, "dnsHostName": {"dc.example.com"}, "highestCommittedUSN": {"12345"},
			"dsServiceName": {serviceDN}, "subschemaSubentry": {subschemaDN}, "schemaNamingContext": {schemaDN},
		},
		read: func(dn string, _ []string) (map[string][]string, bool) {
			switch dn {
			case serviceDN:
				return map[string][]string{"invocationId": {"\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"}}, true
			case subschemaDN:
				return map[string][]string{"attributeTypes": attributeTypes}, true
			case scriptedBase:
				return map[string][]string{"objectClass": {"domain"}}, true
			}
			return nil, false
		},
		list: pages(3),
	}
}

func TestAProbeTellsWhatTheServerSaysOfItself(t *testing.T) {
	got, err := open(t, settings(t, activeDirectory().serve(t)), 3).Probe(t.Context())
	require.NoError(t, err)
	assert.Empty(t, cmp.Diff(run.Probe{
		Reached: "127.0.0.1 127.0.0.1",
		BaseDN:  scriptedBase, Server: "dc.example.com", Invocation: "04030201-0605-0807-090a-0b0c0d0e0f10", HighestUSN: 12345,
		Follows: true,
	}, got))
}

// The counter is the next watermark: what changes while a run reads must lie above it.
func TestTheCounterIsReadBeforeAnythingElse(t *testing.T) {
	script := activeDirectory()
	read := script.read
	script.read = func(dn string, attributes []string) (map[string][]string, bool) {
		script.root["highestCommittedUSN"] = []string{"99999"}
		return read(dn, attributes)
	}
	got, err := open(t, settings(t, script.serve(t)), 3).Probe(t.Context())
	require.NoError(t, err)
	assert.Equal(t, int64(12345), got.HighestUSN)
}

func TestAServerThatSaysLittleIsProbedAllTheSame(t *testing.T) {
	script := activeDirectory()
	script.root = map[string][]string{"dsServiceName": {"CN=Hidden"}, "subschemaSubentry": {"CN=Hidden"}}
	got, err := open(t, settings(t, script.serve(t)), 3).Probe(t.Context())
	require.NoError(t, err)
	assert.Equal(t, run.Probe{Reached: "127.0.0.1 127.0.0.1"}, got)
}

func TestABaseDNThatIsNotThere(t *testing.T) {
	script := activeDirectory()
	s := settings(t, script.serve(t))
	s.Connection.BaseDN = "OU=Missing," + scriptedBase
	_, err := open(t, s, 3).Probe(t.Context())
	wantProblem(t, err, "base_dn", "base_missing_proposal", "OU=Missing", "directory is "+scriptedBase)

	delete(script.root, "defaultNamingContext")
	_, err = open(t, s, 3).Probe(t.Context())
	wantProblem(t, err, "base_dn", "base_missing", "OU=Missing")
}

func TestUnknownAttributesAreAllNamedAtTheirFields(t *testing.T) {
	s := settings(t, activeDirectory().serve(t))
	s.Users.Mail, s.Users.Title, s.Users.Status = "Mail", "jobTitle", "TITLE"
	s.Users.Mobile, s.Users.LastName, s.Users.FirstName = "2.5.4.42", "surname", ""
	s.Groups.Mail = "groupMail"
	_, err := open(t, s, 3).Probe(t.Context())
	wantProblem(t, err, "user_title", "attribute_unknown", "jobTitle")

	s.Replication.Groups = true // only then do the groups' settings count
	_, err = open(t, s, 3).Probe(t.Context())
	assert.Equal(t, []string{"user_title", "group_mail"}, fieldsOf(err))
}

func fieldsOf(err error) []string {
	var fields []string
	for _, p := range resource.ProblemsOf(err) {
		fields = append(fields, p.Field)
	}
	return fields
}

// Windows gives at most 1,500 values in one answer.
func TestALargeSchemaIsReadInPortions(t *testing.T) {
	script := activeDirectory()
	read := script.read
	script.read = func(dn string, attributes []string) (map[string][]string, bool) {
		switch {
		case dn != subschemaDN:
			return read(dn, attributes)
		case attributes[0] == "attributeTypes":
			return map[string][]string{"attributeTypes": {}, "attributeTypes;range=0-4": attributeTypes[:5]}, true
		case attributes[0] == "attributeTypes;range=5-*":
			return map[string][]string{"attributeTypes;range=5-*": attributeTypes[5:]}, true
		}
		return nil, true
	}
	s := settings(t, script.serve(t))
	_, err := open(t, s, 3).Probe(t.Context())
	require.NoError(t, err)
	s.Users.Title = "jobTitle"
	_, err = open(t, s, 3).Probe(t.Context())
	wantProblem(t, err, "user_title", "attribute_unknown")
}

// An attribute may be named by its object identifier; the server answers with the name.
func TestAnObjectIdentifierIsReadUnderItsName(t *testing.T) {
	script := activeDirectory()
	script.list = func(s *session, r request) {
		assert.Contains(t, r.attributes, "title")
		s.entry(r, userDN(1), map[string][]string{"objectGUID": {"1234567890123456"}, "title": {"Engineer"}})
		s.page(r, "")
	}
	s := settings(t, script.serve(t))
	s.Users.Title = "2.5.4.12"
	reader := open(t, s, 3)
	_, err := reader.Probe(t.Context())
	require.NoError(t, err)
	_, err = reader.List(t.Context(), run.Query{Kind: account.User}, func(o account.Object) error {
		assert.Equal(t, "Engineer", o.Profile[account.Title])
		return nil
	})
	require.NoError(t, err)
}

func TestAProbeSeesMistakesWithoutAServer(t *testing.T) {
	s := settings(t, "127.0.0.1:1")
	s.Users.Filter = "(cn=x"
	_, err := open(t, s, 3).Probe(t.Context())
	wantProblem(t, err, "user_filter", "filter_syntax")
}

// A server that answers and then breaks off has not said that something is hidden.
func TestAProbeThatIsCutOffIsAnError(t *testing.T) {
	for _, dn := range []string{serviceDN, subschemaDN, scriptedBase} {
		script := activeDirectory()
		script.cutAt = dn
		_, err := open(t, settings(t, script.serve(t)), 3).Probe(t.Context())
		wantProblem(t, err, "", "connection_lost")
	}
}
