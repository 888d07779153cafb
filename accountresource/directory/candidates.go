package directory

import (
	"cmp"
	"context"
	"iter"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mailpanel/account-resource/accountresource/recovered"
	"github.com/mailpanel/account-resource/accountresource/resource"
)

// Resolver asks the domain name system. A *net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
	LookupSRV(ctx context.Context, service, proto, name string) (string, []*net.SRV, error)
}

// candidate is a server that may be asked: a host and, where it is one of several addresses that the host has, which.
type candidate struct {
	host    string
	address netip.Addr // not valid: any
}

func parseCandidate(text string) candidate {
	host, address, _ := strings.Cut(text, " ")
	at, _ := netip.ParseAddr(address) // not valid: any
	return candidate{host, at}
}

// String is what parseCandidate reads: the host, a blank, and the address.
func (c candidate) String() string {
	if !c.address.IsValid() {
		return c.host
	}
	return c.host + " " + c.address.String()
}

// reached returns which server a connection leads to.
func reached(host string, conn net.Conn) string {
	c := candidate{host: host}
	if remote, err := netip.ParseAddrPort(conn.RemoteAddr().String()); err == nil {
		c.address = remote.Addr().Unmap()
	}
	return c.String()
}

const (
	// lookupTime is the longest that a question to the domain name system may take, answerTime that a domain controller may take to
	// accept a connection when the nearest is looked for.
	lookupTime = 3 * time.Second
	answerTime = 3 * time.Second
	// mostControllers is how many domain controllers of one domain are asked.
	mostControllers = 32
)

func (o Options) resolver() Resolver {
	if o.Resolver == nil && o.Dial == nil {
		return net.DefaultResolver
	}
	return o.Resolver
}

// candidates gives the servers of a connection in the order in which they are asked: the preferred one first, where it still is one
// of them, then those that the settings name. A host that is the name of a domain stands for its domain controllers, the nearest
// first.
func (o Options) candidates(ctx context.Context, c resource.Connection) iter.Seq[candidate] {
	return func(yield func(candidate) bool) {
		named := make([][]string, 0, 1)
		for _, host := range c.Hosts() {
			named = append(named, o.controllers(ctx, host, c.Port))
		}
		preferred, asked := parseCandidate(o.prefer), ""
		if slices.ContainsFunc(named, func(hosts []string) bool { return slices.Contains(hosts, preferred.host) }) {
			still, alone := o.stillLeadsTo(ctx, preferred)
			if still && !yield(preferred) {
				return
			}
			if still && alone {
				asked = preferred.host
			}
		}
		for _, hosts := range named {
			hosts = slices.DeleteFunc(hosts, func(host string) bool { return host == asked })
			for _, host := range o.nearestFirst(ctx, hosts, c) {
				if !yield(candidate{host: host}) {
					return
				}
			}
		}
	}
}

// stillLeadsTo reports whether a host still has the address, since another machine may have got it, and whether it has no other.
func (o Options) stillLeadsTo(ctx context.Context, c candidate) (still, alone bool) {
	resolver, host := o.resolver(), withoutBrackets(c.host)
	if _, err := netip.ParseAddr(host); err == nil || !c.address.IsValid() {
		return true, true
	}
	if resolver == nil {
		return false, false
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	addresses, err := resolver.LookupNetIP(ctx, "ip", host)
	still = err == nil && slices.ContainsFunc(addresses, func(a netip.Addr) bool { return a.Unmap() == c.address })
	return still, len(addresses) == 1
}

// controllers returns the domain controllers that the domain name system lists for a domain (MS-ADTS 6.3.2.3), for the ports of the
// global catalogue those that hold one; the host alone where it is no domain. Servers outside of the domain are left out.
func (o Options) controllers(ctx context.Context, host string, port int) []string {
	resolver, domain := o.resolver(), canonicalName(host)
	if resolver == nil || !strings.Contains(domain, ".") || numericEnd.MatchString(domain) || strings.Contains(domain, ":") {
		return []string{host}
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	role := "dc"
	if port == portCatalogue || port == portCatalogueTLS {
		role = "gc"
	}
	_, records, _ := resolver.LookupSRV(ctx, "ldap", "tcp", role+"._msdcs."+domain) // none: it is a host, or nobody could be asked
	var hosts []string
	for _, r := range records {
		target := canonicalName(r.Target)
		if strings.HasSuffix(target, "."+domain) && hostPattern.MatchString(target) && !slices.Contains(hosts, target) && len(hosts) < mostControllers {
			hosts = append(hosts, target)
		}
	}
	if len(hosts) == 0 {
		return []string{host}
	}
	return hosts
}

// nearestFirst sorts hosts by the time that they take to accept a connection; those that do not come last.
func (o Options) nearestFirst(ctx context.Context, hosts []string, c resource.Connection) []string {
	if len(hosts) < 2 {
		return hosts
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	took := make(map[string]time.Duration, len(hosts))
	var mu sync.Mutex
	var asked sync.WaitGroup
	began := time.Now()
	for _, host := range hosts {
		asked.Go(func() {
			err := recovered.Do(func() error {
				c := c
				c.Host = host
				conn, err := o.connect(ctx, c)
				if err == nil {
					_ = conn.Close() // it was only to answer
				}
				return err
			})
			mu.Lock()
			defer mu.Unlock()
			if took[host] = time.Since(began); err != nil {
				took[host] = time.Hour
			}
		})
	}
	asked.Wait()
	return slices.SortedStableFunc(slices.Values(hosts), func(a, b string) int { return cmp.Compare(took[a], took[b]) })
}
