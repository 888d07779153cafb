package signin

import (
	"fmt"
	"net/netip"
	"sync"
	"time"
)

// A mail client's address may have so many passwords refused by the directory in so much time, whoever they are for.
const (
	clientWrong  = 50
	clientWindow = 10 * time.Minute
)

// clients counts wrong passwords by the address of the mail client. Loopback addresses are those of webmail, which
// speaks for everybody, and are not counted.
type clients struct {
	mu    sync.Mutex
	wrong map[netip.Addr]clientCount
}

type clientCount struct {
	count int
	since time.Time
}

func clientOf(address string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(address)
	if err != nil || a.Unmap().IsLoopback() {
		return netip.Addr{}, false
	}
	a = a.Unmap().WithZone("")
	if a.Is6() { // one subscriber has a whole /64
		network, err := a.Prefix(64)
		if err != nil {
			panic(fmt.Sprintf("a /64 of an IPv6 address: %v", err))
		}
		a = network.Addr()
	}
	return a, true
}

func (c *clients) exhausted(address string, now time.Time) bool {
	client, known := clientOf(address)
	if !known {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	have := c.wrong[client]
	return have.count >= clientWrong && now.Sub(have.since) < clientWindow
}

func (c *clients) count(address string, now time.Time) {
	client, known := clientOf(address)
	if !known {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.wrong == nil || len(c.wrong) >= mostRemembered {
		c.wrong = map[netip.Addr]clientCount{}
	}
	have := c.wrong[client]
	if now.Sub(have.since) >= clientWindow {
		have = clientCount{since: now}
	}
	have.count++
	c.wrong[client] = have
}
