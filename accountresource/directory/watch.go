package directory

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/mailpanel/account-resource/accountresource/run"
)

// counterTime is how long the server may take for its counter: a link that has gone dark is noticed so soon.
const counterTime = 3 * time.Second

var errNoCounter = errors.New("the server does not tell its counter of changes")

// Watch connects, and calls changed with the server's name once it has, and then whenever the server's counter of changes is another one
// (highestCommittedUSN, MS-ADTS 3.1.1.3.2): also one that went back, of a server that was restored. It closes the connection.
func (r *Reader) Watch(ctx context.Context, every time.Duration, changed func(server string)) (err error) {
	defer func() { _ = r.Close() }() // nothing is read from it any more
	probe, err := r.Probe(ctx)
	if err != nil {
		return err
	}
	if !probe.Follows {
		return run.ErrCannotFollow
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for last := ""; ; {
		counter, err := r.counter(ctx)
		if err != nil {
			return stopped(ctx, err)
		}
		if counter != last {
			changed(probe.Server)
		}
		last = counter
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (r *Reader) counter(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, counterTime, errSilent)
	defer cancel()
	result, err := r.conn.search(ctx, 1, &ldap.SearchRequest{
		Scope: ldap.ScopeBaseObject, Filter: "(objectClass=*)", Attributes: []string{"highestCommittedUSN"},
	})
	if err != nil {
		return "", fmt.Errorf("ask for the counter of changes: %w", requestProblem(r.settings.Connection, err))
	}
	for _, root := range result.Entries {
		if counter := first(root, "highestCommittedUSN"); counter != "" {
			return counter, nil
		}
	}
	return "", errNoCounter
}
