package directory

import (
	"context"
	"sync"
	"time"

	"github.com/mailpanel/account-resource/accountresource/resource"
)

// listTime is for how long the servers of a resource are not looked for again: the domain name system is asked and, where there are
// several, each of them.
const listTime = time.Minute

// listedServers keeps which servers resources have.
type listedServers struct {
	mu    sync.Mutex
	known map[int64]serverList
}

type serverList struct {
	hosts string // of the settings
	port  int
	names []string
	at    time.Time
}

// of returns the servers of a connection, the one to ask first at the beginning.
func (l *listedServers) of(ctx context.Context, id int64, c resource.Connection, o Options) []string {
	l.mu.Lock()
	last, found := l.known[id]
	l.mu.Unlock()
	if found && last.hosts == c.Host && last.port == c.Port && time.Since(last.at) < listTime {
		return last.names
	}
	var names []string
	for server := range o.candidates(ctx, c) {
		names = append(names, server.String())
	}
	if ctx.Err() != nil { // the order says nothing
		return names
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known == nil {
		l.known = map[int64]serverList{}
	}
	l.known[id] = serverList{c.Host, c.Port, names, time.Now()}
	return names
}
