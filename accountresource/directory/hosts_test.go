package directory_test

import (
	"crypto/x509"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
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
	return pairOf(t, fakead.Options{}, fakead.Options{})
}

func pairOf(t *testing.T, one, other fakead.Options) (s resource.Settings, first, second *fakead.Server) {
	t.Helper()
	for n := range 20 { // the second's port may be taken
		first = startFake(t, one)
		var err error
		other.Listen = fmt.Sprintf("127.0.0.2:%d", first.Addr().Port)
		second, err = fakead.Start(other)
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
	wantHosts(t, err, "127.0.0.1 bind_wrong_password", "127.0.0.3 port_closed")
}

// wantHosts compares the problems of an error, each with its server.
func wantHosts(t *testing.T, err error, want ...string) {
	t.Helper()
	var got []string
	for _, problem := range resource.ProblemsOf(err) {
		got = append(got, problem.Message.Args["Host"]+" "+strings.TrimPrefix(problem.Message.Key, "problem_"))
	}
	assert.Equal(t, want, got)
}

// A server that fails is passed over for the next one. If all fail, the error names the failure of each.
func TestASickServerIsPassedOver(t *testing.T) {
	ca := newAuthority(t)
	expired := ca.issue(t, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Hour) })
	elsewhere := ca.issue(t, func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{"dc7.corp.example"} })
	for name, c := range map[string]struct {
		options fakead.Options
		make    func(*fakead.Server)
		tls     bool
		key     string
	}{
		"expired certificate":       {fakead.Options{TLS: expired}, nil, true, "certificate_expired"},
		"another name":              {fakead.Options{TLS: elsewhere}, nil, true, "certificate_name"},
		"authority of its own":      {fakead.Options{}, nil, true, "ca_another"},
		"StartTLS refused":          {fakead.Options{NoTLS: true}, nil, true, "starttls_refused"},
		"not synchronized":          {fakead.Options{}, func(ad *fakead.Server) { ad.SetSynchronized(false) }, false, "server_not_ready"},
		"unavailable for the bind":  {fakead.Options{}, func(ad *fakead.Server) { ad.Refuse(ldap.LDAPResultUnavailable) }, false, "server_busy"},
		"busy when the bind is due": {fakead.Options{}, func(ad *fakead.Server) { ad.Refuse(ldap.LDAPResultBusy) }, false, "server_busy"},
	} {
		t.Run(name, func(t *testing.T) {
			s, sick, well := pairOf(t, c.options, fakead.Options{TLS: ca.issue(t, nil)})
			s.Connection.Host, s.Connection.TLS, s.Connection.CACertificate = "127.0.0.1,127.0.0.2", c.tls, ca.pem
			if c.make != nil {
				c.make(sick)
			}
			got, err := probeOf(t, s)
			require.NoError(t, err)
			want, err := invocationOf(t, s, "127.0.0.2")
			require.NoError(t, err)
			assert.Equal(t, want, got.Invocation)

			wrong := s
			wrong.Connection.BindPassword = resource.NewSecret("wrong")
			_, err = probeOf(t, wrong)
			wantHosts(t, err, "127.0.0.2 bind_wrong_password", "127.0.0.1 "+c.key)

			require.NoError(t, well.Close())
			_, err = probeOf(t, s)
			wantHosts(t, err, "127.0.0.1 "+c.key, "127.0.0.2 port_closed")
		})
	}
}

// invocationOf is the database of one of the servers.
func invocationOf(t *testing.T, s resource.Settings, host string) (string, error) {
	t.Helper()
	s.Connection.Host = host
	p, err := probeOf(t, s)
	return p.Invocation, err
}

// A catalogue that is not complete matters where the catalogue is read.
func TestACatalogueThatIsNotReadyIsNotRead(t *testing.T) {
	script := activeDirectory()
	script.root["isGlobalCatalogReady"] = []string{"FALSE"}
	address := script.serve(t)
	s := settings(t, address)
	_, err := openVia(t, s, address).Probe(t.Context())
	require.NoError(t, err)
	s.Connection.Port = 3268
	_, err = openVia(t, s, address).Probe(t.Context())
	wantProblem(t, err, "host", "server_not_ready", "isGlobalCatalogReady")
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
