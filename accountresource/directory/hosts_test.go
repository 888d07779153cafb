package directory_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/directory"
	"github.com/mailpanel/account-resource/accountresource/directory/fakead"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// pair are two servers on the same port of different addresses, each with a database of its own.
func pair(t *testing.T) (s resource.Settings, first, second *fakead.Server) {
	t.Helper()
	for n := range 20 { // the second's port may be taken
		first = startFake(t, fakead.Options{})
		var err error
		second, err = fakead.Start(fakead.Options{Listen: fmt.Sprintf("127.0.0.2:%d", first.Addr().Port)})
		if err == nil {
			break
		}
		require.Less(t, n, 19, "no port is free on both addresses: %v", err)
	}
	t.Cleanup(func() { _ = second.Close() })
	s = resource.Defaults()
	s.Connection = resource.Connection{
		Domain: "corp.example", Host: "127.0.0.3, 127.0.0.1 ,127.0.0.2", Port: first.Addr().Port, Timeout: 30, BaseDN: first.BaseDN(),
		BindDN: first.AdminDN(), BindPassword: resource.NewSecret(fakead.AdminPassword),
	}
	return s, first, second
}

func probeOf(t *testing.T, s resource.Settings) (run.Probe, error) {
	t.Helper()
	r, err := directory.Open(s)
	require.NoError(t, err)
	t.Cleanup(func() { _ = r.Close() })
	return r.Probe(t.Context())
}

func TestOfSeveralServersTheFirstThatAnswersIsAsked(t *testing.T) {
	s, first, _ := pair(t)
	one, err := probeOf(t, s)
	require.NoError(t, err, "nobody is at 127.0.0.3")
	require.NoError(t, first.Close())
	two, err := probeOf(t, s)
	require.NoError(t, err)
	assert.NotEqual(t, one.Invocation, two.Invocation, "another database, whose counter means something else")
}

func TestAReaderNeverChangesItsServer(t *testing.T) {
	s, first, _ := pair(t)
	r, err := directory.Open(s)
	require.NoError(t, err)
	t.Cleanup(func() { _ = r.Close() })
	_, err = r.Probe(t.Context())
	require.NoError(t, err)
	require.NoError(t, first.Close())
	_, err = r.List(t.Context(), run.Query{Kind: account.User}, func(account.Object) error { return nil })
	assert.Equal(t, "problem_connection_lost", resource.ProblemsOf(err)[0].Message.Key)
	assert.Equal(t, "127.0.0.1", resource.ProblemsOf(err)[0].Message.Args["Host"])
}

func TestAWrongPasswordIsNotTriedOnEveryServer(t *testing.T) {
	s, first, second := pair(t)
	for _, ad := range []*fakead.Server{first, second} {
		_, err := ad.Reader("reader", "reader-"+ad.Addr().IP.String())
		require.NoError(t, err)
	}
	s.Connection.BindDN, s.Connection.BindPassword = "reader@corp.example", resource.NewSecret("reader-127.0.0.2")
	_, err := probeOf(t, s)
	problems := resource.ProblemsOf(err)
	require.Len(t, problems, 1)
	assert.Equal(t, "problem_bind_wrong_password", problems[0].Message.Key)
	assert.Equal(t, "127.0.0.1", problems[0].Message.Args["Host"])
}

func TestEveryServerThatIsDownIsNamed(t *testing.T) {
	s, first, second := pair(t)
	require.NoError(t, first.Close())
	require.NoError(t, second.Close())
	_, err := probeOf(t, s)
	var hosts []string
	for _, problem := range resource.ProblemsOf(err) {
		assert.Equal(t, "problem_port_closed", problem.Message.Key)
		hosts = append(hosts, problem.Message.Args["Host"])
	}
	assert.Equal(t, []string{"127.0.0.3", "127.0.0.1", "127.0.0.2"}, hosts)
}

func TestEachServerOfAListIsAName(t *testing.T) {
	for host, right := range map[string]bool{
		"dc1.corp.example, dc2.corp.example": true, "192.0.2.1,[2001:db8::1] , dc3": true, "dc1,": true,
		"dc1، dc2，dc3": true, "dc1 dc2": false, "dc1, ldap://dc2": false, ",": false, "dc1,dc2:636": false,
	} {
		s := resource.Defaults()
		s.Connection.Host = host
		assert.Equal(t, right, len(directory.CheckSyntax(s)) == 0, host)
	}
}
