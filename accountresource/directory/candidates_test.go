package directory_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/directory"
	"github.com/mailpanel/account-resource/accountresource/directory/fakead"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// zone is a domain name system with the addresses of one host and the services of one domain.
type zone struct {
	addresses []netip.Addr
	services  map[string][]string // targets, by "role._msdcs.domain"
}

func (z *zone) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return z.addresses, nil
}

func (z *zone) LookupSRV(_ context.Context, service, proto, name string) (string, []*net.SRV, error) {
	var records []*net.SRV
	for _, target := range z.services[service+"."+proto+"."+name] {
		records = append(records, &net.SRV{Target: target + ".", Port: 389})
	}
	if records == nil {
		return "", nil, errors.New("no such name")
	}
	return name, records, nil
}

// probeWith probes with options, and a server that is preferred.
func probeWith(t *testing.T, o directory.Options, s resource.Settings, prefer string) (run.Probe, error) {
	t.Helper()
	r, err := o.Open(s)
	require.NoError(t, err)
	t.Cleanup(func() { _ = r.Close() })
	r.(run.ReaderWithServer).Prefer(prefer)
	return r.Probe(t.Context())
}

// A run stays with the server of the last one, though it is not the first in the list, while it answers.
func TestR24_AReaderStaysWithItsServerWhileItAnswers(t *testing.T) {
	s, _, second := pair(t)
	before, err := probeWith(t, directory.Options{}, s, "")
	require.NoError(t, err)
	stays, err := probeWith(t, directory.Options{}, s, "127.0.0.2")
	require.NoError(t, err)
	require.NotEqual(t, before.Invocation, stays.Invocation)
	again, err := probeWith(t, directory.Options{}, s, stays.Reached)
	require.NoError(t, err)
	assert.Equal(t, stays.Invocation, again.Invocation)

	stranger, err := probeWith(t, directory.Options{}, s, "127.0.0.4 127.0.0.4")
	require.NoError(t, err)
	assert.Equal(t, before.Invocation, stranger.Invocation, "who is not in the list any more is not asked")
	require.NoError(t, second.Close())
	other, err := probeWith(t, directory.Options{}, s, stays.Reached)
	require.NoError(t, err)
	assert.Equal(t, before.Invocation, other.Invocation)
}

// Behind one name are several servers: the reader stays with the address that it had, as long as the name leads there.
func TestR24_AReaderStaysWithOneOfTheServersBehindAName(t *testing.T) {
	s, _, second := pair(t)
	s.Connection.Host = "localhost"
	one, two := netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("127.0.0.2")
	names := &zone{addresses: []netip.Addr{one, two}}
	o := directory.Options{Resolver: names}
	first, err := probeWith(t, o, s, "")
	require.NoError(t, err)
	assert.Equal(t, "localhost 127.0.0.1", first.Reached)
	stays, err := probeWith(t, o, s, "localhost 127.0.0.2")
	require.NoError(t, err)
	assert.NotEqual(t, first.Invocation, stays.Invocation)
	assert.Equal(t, "localhost 127.0.0.2", stays.Reached)

	names.addresses = []netip.Addr{one}
	moved, err := probeWith(t, o, s, stays.Reached)
	require.NoError(t, err)
	assert.Equal(t, first.Invocation, moved.Invocation, "the address may be another machine's by now")
	names.addresses = []netip.Addr{one, two}
	require.NoError(t, second.Close())
	other, err := probeWith(t, o, s, stays.Reached)
	require.NoError(t, err)
	assert.Equal(t, first.Invocation, other.Invocation)
}

// A refused address is not connected to because it is preferred either.
func TestR24_ThePolicyHoldsForThePreferredServer(t *testing.T) {
	s, _, _ := pair(t)
	s.Connection.Host = "localhost"
	two := netip.MustParseAddr("127.0.0.2")
	o := directory.Options{
		Resolver: &zone{addresses: []netip.Addr{netip.MustParseAddr("127.0.0.1"), two}},
		Allowed:  func(_ string, a netip.Addr) bool { return a != two },
	}
	_, err := probeWith(t, o, s, "localhost 127.0.0.2")
	require.Error(t, err)
	assert.Equal(t, "problem_host_refused", resource.ProblemsOf(err)[0].Message.Key)
}

// The name of a domain stands for its domain controllers, for the global catalogue those that hold one. Names outside of the domain
// are never connected to, and who does not answer comes last.
func TestADomainNameStandsForItsControllers(t *testing.T) {
	for port, service := range map[int]string{389: "ldap.tcp.dc._msdcs.corp.example", 3268: "ldap.tcp.gc._msdcs.corp.example"} {
		t.Run(strconv.Itoa(port), func(t *testing.T) {
			server := startFake(t, fakead.Options{})
			s, _, _ := pair(t)
			s.Connection.BaseDN, s.Connection.BindDN = server.BaseDN(), server.AdminDN()
			s.Connection.Host, s.Connection.Port = "Corp.example", port
			s.Users.EmployeeID, s.Users.Title, s.Users.Mobile = "", "", "" // which the catalogue does not hold
			var mu sync.Mutex
			var dialed []string
			o := directory.Options{
				Resolver: &zone{services: map[string][]string{
					service: {"dc1.corp.example", "dc.corp.example.evil.example", "evil.example", "dc2.corp.example"},
				}},
				Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
					host, _, _ := net.SplitHostPort(address)
					mu.Lock()
					dialed = append(dialed, host)
					mu.Unlock()
					if host != "dc2.corp.example" {
						return nil, syscall.ECONNREFUSED
					}
					return new(net.Dialer).DialContext(ctx, network, server.Addr().String())
				},
			}
			p, err := probeWith(t, o, s, "")
			require.NoError(t, err)
			assert.Contains(t, p.Reached, "dc2.corp.example")
			assert.ElementsMatch(t, []string{"dc1.corp.example", "dc2.corp.example", "dc2.corp.example"}, dialed)
			dialed = nil
			_, err = probeWith(t, o, s, "dc2.corp.example")
			require.NoError(t, err)
			assert.Equal(t, []string{"dc2.corp.example"}, dialed, "nobody else is asked while the last server answers")
			dialed = nil
			s.Connection.Host = "dc2.corp.example"
			_, err = probeWith(t, o, s, "")
			require.NoError(t, err)
			assert.Equal(t, []string{"dc2.corp.example"}, dialed, "a host has no controllers")
		})
	}
}
