package directory_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/directory"
	"github.com/mailpanel/account-resource/accountresource/resource"
)

// phase is what a server does until it falls silent; nil: it does not even take the connection.
type phase struct {
	port   int
	tls    bool
	script func(cancel func()) *scripted
}

// question is something that a server is asked.
type question func(context.Context, directory.Options, resource.Settings) error

// Cancelling ends every call at once, also while the server does not answer.
func TestCancellingEndsEveryPhase(t *testing.T) {
	silent := func(cancel func()) func(*session, request) {
		return func(s *session, _ request) { cancel(); discard(s) }
	}
	for name, c := range map[string]phase{
		"while connecting": {port: 389},
		"in the TLS handshake": {port: 636, tls: true, script: func(cancel func()) *scripted {
			return &scripted{accepted: func(s *session) { cancel(); discard(s) }}
		}},
		"at StartTLS": {port: 389, tls: true, script: func(cancel func()) *scripted { return &scripted{extended: silent(cancel)} }},
		"in the handshake behind StartTLS": {port: 389, tls: true, script: func(cancel func()) *scripted {
			return &scripted{extended: func(s *session, r request) { s.result(r, 24, 0, ""); cancel(); discard(s) }}
		}},
		"at the bind": {port: 389, script: func(cancel func()) *scripted { return &scripted{bind: silent(cancel)} }},
		"at the first search": {port: 389, script: func(cancel func()) *scripted {
			return &scripted{fail: func(s *session, _ request) bool { cancel(); discard(s); return true }}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			for method, ask := range asking(c.tls) {
				if name == "at the bind" && method == "base DN" {
					continue // which asks for nobody's sake
				}
				wantCancelled(t, c, ask)
			}
		})
	}
}

// wantCancelled has a server fall silent and ctx end at once, and wants the question to end with the reason.
func wantCancelled(t *testing.T, p phase, ask question) {
	t.Helper()
	why := errors.New("the browser is gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := func() { cancel(why) }
	s := settings(t, "127.0.0.1:389")
	s.Connection.Port, s.Connection.TLS, s.Connection.Timeout = p.port, p.tls, 300
	o := directory.Options{Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		stop()
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	if p.script != nil {
		address := p.script(stop).serve(t)
		o.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address)
		}
	}
	ended := make(chan error, 1)
	go func() { ended <- ask(ctx, o, s) }()
	select {
	case err := <-ended:
		require.ErrorIs(t, err, why)
	case <-time.After(20 * time.Second):
		t.Fatal("the server is still waited for")
	}
}

// asking are the ways to ask a server for something.
func asking(encrypted bool) map[string]question {
	all := map[string]question{
		"probe": func(ctx context.Context, o directory.Options, s resource.Settings) error {
			r, err := o.Open(s)
			if err != nil {
				return err
			}
			_, err = r.Probe(ctx)
			return errors.Join(err, r.Close())
		},
		"base DN": func(ctx context.Context, o directory.Options, s resource.Settings) error {
			_, err := o.BaseDN(ctx, s.Connection)
			return err
		},
	}
	if encrypted {
		all["certificates"] = func(ctx context.Context, o directory.Options, s resource.Settings) error {
			_, err := o.Certificates(ctx, s.Connection)
			return err
		}
	}
	return all
}
