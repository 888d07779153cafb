package directory_test

import (
	"context"
	"net"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/directory"
	"github.com/mailpanel/account-resource/accountresource/resource"
)

// A name can never allow loopback, so that this entry would do nothing.
func TestLocalhostIsNoEntry(t *testing.T) {
	for _, entry := range []string{"localhost", "LOCALHOST.", "*.localhost", "dc1.localhost"} {
		_, err := directory.ParseHosts("10.0.0.0/8", entry)
		require.ErrorContains(t, err, "write 127.0.0.0/8 and ::1", entry)
	}
}

func TestWhereConnectionsMayGo(t *testing.T) {
	for _, c := range []struct {
		entries       []string
		host, address string
		want          bool
	}{
		{nil, "dc1.corp.example", "10.0.0.1", true},
		{nil, "dc1.corp.example", "2001:db8::1", true},
		{nil, "10.0.0.1", "10.0.0.1", true},
		{nil, "localhost", "127.0.0.1", false},
		{nil, "localhost", "127.200.0.1", false},
		{nil, "localhost", "::1", false},
		{nil, "x", "::ffff:127.0.0.1", false},
		{nil, "x", "169.254.169.254", false},
		{nil, "x", "::ffff:169.254.169.254", false},
		{nil, "x", "fe80::1%eth0", false},
		{nil, "x", "0.0.0.0", false},
		{nil, "x", "::", false},
		{nil, "x", "224.0.0.1", false},
		{nil, "x", "ff02::1", false},

		{[]string{"dc1.corp.example"}, "dc1.corp.example", "10.0.0.1", true},
		{[]string{"DC1.corp.example."}, "dc1.CORP.example", "10.0.0.1", true},
		{[]string{"dc1.corp.example"}, "dc1.corp.example.", "10.0.0.1", true},
		{[]string{"dc1.corp.example"}, "dc2.corp.example", "10.0.0.1", false},
		{[]string{"dc1.corp.example"}, "10.0.0.1", "10.0.0.1", false},
		{[]string{"dc1.corp.example"}, "dc1.corp.example", "127.0.0.1", false},
		{[]string{"dc1.corp.example"}, "dc1.corp.example", "169.254.0.1", false},
		{[]string{"*.corp.example"}, "dc1.corp.example", "10.0.0.1", true},
		{[]string{"*.corp.example"}, "dc1.berlin.corp.example", "10.0.0.1", true},
		{[]string{"*.corp.example"}, "corp.example", "10.0.0.1", false},
		{[]string{"*.corp.example"}, ".corp.example", "10.0.0.1", false},
		{[]string{"*.corp.example"}, "dc1.evilcorp.example", "10.0.0.1", false},
		{[]string{"*"}, "dc9.elsewhere.example", "10.0.0.1", true},
		{[]string{"*"}, "10.0.0.1", "10.0.0.1", true},
		{[]string{"*"}, "localhost", "127.0.0.1", false},
		{[]string{"*"}, "x", "fe80::1", false},

		{[]string{"10.0.0.0/8"}, "anything.example", "10.200.0.1", true},
		{[]string{"10.0.0.0/8"}, "anything.example", "::ffff:10.200.0.1", true},
		{[]string{"10.0.0.0/8"}, "anything.example", "11.0.0.1", false},
		{[]string{"192.0.2.7"}, "192.0.2.7", "192.0.2.7", true},
		{[]string{"192.0.2.7"}, "192.0.2.8", "192.0.2.8", false},
		{[]string{"2001:db8::/32"}, "x", "2001:db8::5", true},
		{[]string{"127.0.0.0/8"}, "localhost", "127.0.0.1", true},
		{[]string{"127.0.0.0/8"}, "localhost", "::1", false},
		{[]string{"::1"}, "localhost", "::1", true},
		{[]string{"::ffff:127.0.0.1"}, "localhost", "127.0.0.1", true},
		{[]string{"fe80::/10"}, "fe80::1%eth0", "fe80::1%eth0", true},
		{[]string{"169.254.1.0/24"}, "x", "169.254.1.9", true},
		{[]string{"0.0.0.0/0", "::/0"}, "x", "10.0.0.1", true},
		{[]string{"0.0.0.0/0", "::/0"}, "x", "127.0.0.1", false},
		{[]string{"0.0.0.0/0", "::/0"}, "x", "fe80::1", false},
		{[]string{"0.0.0.0/0", "0.0.0.0", "224.0.0.0/4"}, "x", "0.0.0.0", false},
		{[]string{"224.0.0.0/4"}, "x", "224.0.0.1", false},
		{[]string{"dc1.corp.example", "127.0.0.1"}, "dc1.corp.example", "127.0.0.1", true},
		{[]string{"dc1.corp.example", "127.0.0.1"}, "dc1.corp.example", "127.0.0.2", false},
	} {
		policy, err := directory.ParseHosts(c.entries...)
		require.NoError(t, err)
		assert.Equal(t, c.want, policy.Allows(c.host, netip.MustParseAddr(c.address)), "%v: %s at %s", c.entries, c.host, c.address)
	}
	assert.False(t, directory.HostPolicy{}.Allows("x", netip.Addr{}), "no address")
}

func TestAMalformedHostEntryIsNamed(t *testing.T) {
	for _, entry := range []string{
		"", " ", "10.0.0", "10.0.0.300", "10.0.0.0/33", "10.0.0.0/", "dc1/24", "ldap://dc1", "dc1:636", "*.", "**", "*dc1", "dc1.*.example",
		"fe80::1%eth0", "::ffff:10.0.0.0/104", "dc 1", "[::1]",
	} {
		_, err := directory.ParseHosts("dc1.corp.example", entry)
		require.Error(t, err, entry)
		assert.Contains(t, err.Error(), `"`+entry+`"`)
	}
}

// allowing makes options with a policy.
func allowing(t *testing.T, entries ...string) directory.Options {
	t.Helper()
	policy, err := directory.ParseHosts(entries...)
	require.NoError(t, err)
	return directory.Options{Allowed: policy.Allows}
}

// wantRefused wants every way of connecting refused.
func wantRefused(t *testing.T, o directory.Options, s resource.Settings) {
	t.Helper()
	r, err := o.Open(s)
	require.NoError(t, err)
	_, err = r.Probe(t.Context())
	wantProblem(t, err, "host", "host_refused", s.Connection.Host)
	require.NoError(t, r.Close())
	_, err = o.Certificates(t.Context(), s.Connection)
	wantProblem(t, err, "host", "host_refused")
	_, err = o.BaseDN(t.Context(), s.Connection)
	wantProblem(t, err, "host", "host_refused")
}

// Whatever a name is called, what counts for this machine's own addresses is what it resolves to when the connection
// is made.
func TestANameThatLeadsToThisMachineIsRefused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	arrived := make(chan net.Conn, 1)
	go func() {
		if conn, err := l.Accept(); err == nil {
			arrived <- conn
		}
	}()
	t.Cleanup(func() { _ = l.Close() })
	s := settings(t, l.Addr().String())
	for name, address := range map[string]netip.Addr{
		"dc1.corp.example": netip.MustParseAddr("127.0.0.1"), "dc2.corp.example": netip.MustParseAddr("169.254.169.254"),
		"dc3.corp.example": netip.MustParseAddr("0.0.0.0"),
	} {
		resolveTo(t, address)
		s.Connection.Host = name
		wantRefused(t, allowing(t, "*.corp.example", "*"), s)
		wantRefused(t, directory.Options{Allowed: directory.HostPolicy{}.Allows}, s)
	}
	s.Connection.Host = "127.0.0.1"
	wantRefused(t, directory.Options{Allowed: directory.HostPolicy{}.Allows}, s)
	assert.Empty(t, arrived, "nothing was connected to")

	resolveTo(t, netip.MustParseAddr("127.0.0.1"))
	ad := activeDirectory()
	s = settings(t, ad.serve(t))
	s.Connection.Host = "dc1.corp.example"
	r, err := allowing(t, "127.0.0.0/8").Open(s)
	require.NoError(t, err)
	defer func() { _ = r.Close() }()
	_, err = r.Probe(t.Context())
	require.NoError(t, err)
}

// The name may lead to an address that is allowed when somebody looks, and to another one later.
func TestEachConnectionIsAskedAbout(t *testing.T) {
	s := settings(t, activeDirectory().serve(t))
	var asked []netip.Addr
	o := directory.Options{Allowed: func(host string, address netip.Addr) bool {
		assert.Equal(t, "127.0.0.1", host)
		asked = append(asked, address)
		return len(asked) == 1
	}}
	first, err := o.Open(s)
	require.NoError(t, err)
	defer func() { _ = first.Close() }()
	_, err = first.Probe(t.Context())
	require.NoError(t, err)
	wantRefused(t, o, s)
	assert.Len(t, asked, 4)
}

func TestAnAddressThatIsRefusedIsSeenWithoutAServer(t *testing.T) {
	o := directory.Options{Allowed: directory.HostPolicy{}.Allows}
	for host, refused := range map[string]bool{
		"127.0.0.1": true, "dc1, [::1]": true, "192.0.2.1": false, "localhost": false, "::ffff:169.254.1.1": true, "fe80::1%eth0": true, "": false,
	} {
		s := resource.Defaults()
		s.Connection.Host = host
		if !refused {
			assert.Empty(t, o.Check(s), host)
			continue
		}
		wantProblem(t, o.Check(s), "host", "host_refused")
		assert.Empty(t, directory.Options{}.Check(s), "every address is allowed without a policy")
	}
	s := resource.Defaults()
	s.Connection.Host = "ldap://dc1"
	wantProblem(t, o.Check(s), "host", "host_syntax")
}

// resolveTo has every name resolve to one IPv4 address until the test ends.
func resolveTo(t *testing.T, address netip.Addr) {
	t.Helper()
	before := net.DefaultResolver
	t.Cleanup(func() { net.DefaultResolver = before })
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe() // no packets, so each message has its length before it, as over TCP
		go func() {
			defer server.Close()
			b := make([]byte, 2000)
			for {
				n, err := server.Read(b)
				if err != nil {
					return
				}
				if _, err := server.Write(dnsAnswer(b[:n], address)); err != nil {
					return
				}
			}
		}()
		return client, nil
	}}
}

// dnsAnswer answers a question for A with the address, and any other with nothing (RFC 1035, section 4).
func dnsAnswer(question []byte, address netip.Addr) []byte {
	m := append([]byte{}, question[2:]...)
	end := 12
	for m[end] != 0 {
		end += 1 + int(m[end])
	}
	end += 5
	isA := m[end-3] == 1
	m = m[:end]
	m[2], m[3] = 0x81, 0x80                       // an answer, recursion available
	copy(m[4:12], []byte{0, 1, 0, 0, 0, 0, 0, 0}) // one question
	if isA {
		m[7] = 1
		m = append(m, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4)
		m = append(m, address.AsSlice()...)
	}
	return append([]byte{byte(len(m) >> 8), byte(len(m))}, m...)
}
