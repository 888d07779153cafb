package openldap

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"crypto/tls"

	"github.com/go-ldap/ldap/v3"
)

// pool keeps bound connections. There may be more at a time than it keeps, so that nobody ever waits for one.
type pool struct {
	options Options
	mu      sync.Mutex
	idle    []*ldap.Conn
	closed  bool
}

// kept is how many idle connections are kept.
const kept = 8

func newPool(o Options) *pool {
	if o.Timeout <= 0 {
		o.Timeout = 30 * time.Second
	}
	return &pool{options: o}
}

// use works with a connection of its own. When ctx ends the connection does, since the library's requests know no
// context.
func (p *pool) use(ctx context.Context, work func(*ldap.Conn) error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	conn, err := p.get(ctx)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	returned := false
	defer func() {
		if !returned { // work panicked: nobody knows what is still to come on this connection
			stop()
			_ = conn.Close()
		}
	}()
	err = work(conn)
	returned = true
	if !stop() {
		return errors.Join(context.Cause(ctx), err)
	}
	p.put(conn)
	return err
}

func (p *pool) get(ctx context.Context) (*ldap.Conn, error) {
	p.mu.Lock()
	for len(p.idle) > 0 {
		conn := p.idle[len(p.idle)-1]
		p.idle = p.idle[:len(p.idle)-1]
		if !conn.IsClosing() {
			p.mu.Unlock()
			return conn, nil
		}
	}
	p.mu.Unlock()
	return p.dial(ctx)
}

func (p *pool) put(conn *ldap.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if conn.IsClosing() || p.closed || len(p.idle) >= kept {
		_ = conn.Close()
		return
	}
	p.idle = append(p.idle, conn)
}

func (p *pool) dial(ctx context.Context) (*ldap.Conn, error) {
	o := &p.options
	dialer := &net.Dialer{Timeout: o.Timeout}
	if deadline, limited := ctx.Deadline(); limited {
		dialer.Deadline = deadline
	}
	conn, err := ldap.DialURL(o.URI, ldap.DialWithDialer(dialer), ldap.DialWithTLSConfig(o.TLS))
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", o.URI, err)
	}
	conn.SetTimeout(o.Timeout)
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	if o.StartTLS {
		err = conn.StartTLS(o.tls())
	}
	if err == nil {
		err = conn.Bind(o.BindDN, o.Password)
	}
	if err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("sign in to %s as %s: %w", o.URI, o.BindDN, errors.Join(context.Cause(ctx), err))
	}
	return conn, nil
}

// tls is the configuration for StartTLS, which needs the name to verify.
func (o *Options) tls() *tls.Config {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.TLS != nil {
		config = o.TLS.Clone()
	}
	if config.ServerName == "" {
		config.ServerName = hostOf(o.URI)
	}
	return config
}

func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, conn := range p.idle {
		_ = conn.Close()
	}
	p.idle = nil
}
