package directory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/mailpanel/account-resource/accountresource/resource"
)

// connection is an LDAP connection that can be cut at any moment.
type connection struct {
	ldap    *ldap.Conn
	tap     *tap
	raw     net.Conn
	timeout time.Duration
}

// errSilent says that the server did not answer a request in time.
var errSilent = errors.New("no answer in time")

// dial connects and, where the settings ask for it, encrypts before anything else is said.
func (r *Reader) dial(ctx context.Context) (*connection, error) {
	c := r.settings.Connection
	timeout := cmp.Or(c.TimeoutDuration(), time.Minute)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	raw, err := r.options.Dial(ctx, "tcp", net.JoinHostPort(hostOf(c), strconv.Itoa(c.Port)))
	if err != nil {
		return nil, dialProblem(c, err)
	}
	conn, err := encrypt(ctx, raw, c)
	if err != nil {
		_ = raw.Close() // the first error is the one that counts
		return nil, err
	}
	tap := newTap(conn)
	client := ldap.NewConn(tap, conn != raw)
	client.Start()
	return &connection{ldap: client, tap: tap, raw: raw, timeout: timeout}, nil
}

// hostOf is the host without the brackets that people put around IPv6 addresses.
func hostOf(c resource.Connection) string {
	return strings.TrimSuffix(strings.TrimPrefix(c.Host, "["), "]")
}

// do sends a request, and cuts the connection when ctx ends or the server takes too long: nothing waits any more
// then. go-ldap's own time limit is left alone, as it also drops answers that are not picked up in time, without a
// word, and a listing would look whole that is not.
func (c *connection) do(ctx context.Context, request func(*ldap.Conn) error) error {
	limited, cancel := context.WithTimeoutCause(ctx, c.timeout, errSilent)
	defer cancel()
	defer context.AfterFunc(limited, func() { _ = c.raw.Close() })()
	if err := request(c.ldap); err != nil {
		return stopped(limited, err)
	}
	return nil
}

// Close ends the connection; one that was cut before is none the worse.
func (c *connection) Close() error {
	if err := c.ldap.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("close the connection: %w", err)
	}
	return nil
}

// dialProblem says why there is no connection.
func dialProblem(c resource.Connection, err error) error {
	args := []string{"Host", c.Host, "Port", strconv.Itoa(c.Port), "Seconds", strconv.Itoa(c.Timeout)}
	var name *net.DNSError
	switch {
	case errors.As(err, &name) && name.IsNotFound:
		return resource.NewProblem("host", "host_unknown", err, args...)
	case errors.As(err, &name):
		return resource.NewProblem("host", "host_lookup", err, args...)
	case errors.Is(err, syscall.ECONNREFUSED):
		return resource.NewProblem("port", "port_closed", err, args...)
	case timedOut(err):
		return resource.NewProblem("host", "host_silent", err, args...)
	}
	return resource.NewProblem("host", "host_unreachable", err, args...)
}

func timedOut(err error) bool {
	var wait net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &wait) && wait.Timeout()
}
