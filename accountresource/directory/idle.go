package directory

import (
	"sync"
	"time"

	"github.com/mailpanel/account-resource/accountresource/resource"
)

const (
	// idleTime is how long a connection is kept that nobody uses: shorter than servers and firewalls let it live.
	idleTime = 30 * time.Second
	// mostIdle is how many are kept for one server.
	mostIdle = 4
)

// idleKey is to whom a connection leads, and how it is protected.
type idleKey struct {
	endpoint resource.Endpoint
	server   string
}

// idle keeps encrypted connections for the next bind: a bind replaces whoever was bound before (RFC 4511, 4.2.1).
type idle struct {
	mu     sync.Mutex
	kept   map[idleKey][]idleConnection
	closed bool
}

type idleConnection struct {
	*connection
	since time.Time
}

// take returns a connection that is still open, nil where there is none.
func (i *idle) take(key idleKey) *connection {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.drop(time.Now())
	for len(i.kept[key]) > 0 {
		last := len(i.kept[key]) - 1
		c := i.kept[key][last].connection
		i.kept[key] = i.kept[key][:last]
		if !c.ldap.IsClosing() {
			return c
		}
		_ = c.Close() // the server has ended it
	}
	return nil
}

// give keeps a connection, or ends it where there are enough.
func (i *idle) give(key idleKey, c *connection) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closed || c.ldap.IsClosing() || len(i.kept[key]) >= mostIdle {
		_ = c.Close() // there are others
		return
	}
	if i.kept == nil {
		i.kept = map[idleKey][]idleConnection{}
	}
	i.kept[key] = append(i.kept[key], idleConnection{c, time.Now()})
}

// drop ends what was kept for too long.
func (i *idle) drop(now time.Time) {
	for key, kept := range i.kept {
		old := 0
		for old < len(kept) && now.Sub(kept[old].since) > idleTime {
			_ = kept[old].Close() // nobody waits for it
			old++
		}
		if i.kept[key] = kept[old:]; old == len(kept) {
			delete(i.kept, key)
		}
	}
}

func (i *idle) close() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.closed = true
	i.drop(time.Now().Add(2 * idleTime))
}
