package directory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
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
	tap     *entryInterceptor
	raw     net.Conn
	timeout time.Duration
	masker  *masker
}

// errSilent says that the server did not answer a request in time.
var errSilent = errors.New("no answer in time")

// errHostRefused says that Options.Allowed refused an address.
var errHostRefused = errors.New("this panel does not connect to that address")

// dial connects and, where the settings ask for it, encrypts before anything else is said.
func (r *Reader) dial(ctx context.Context, c resource.Connection) (*connection, error) {
	timeout := cmp.Or(c.TimeoutDuration(), time.Minute)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	raw, err := r.options.connect(ctx, c)
	if err != nil {
		return nil, dialProblem(c, err)
	}
	conn, err := r.options.encrypt(ctx, raw, c)
	if err != nil {
		_ = raw.Close() // the first error is the one that counts
		return nil, err
	}
	tap := newEntryInterceptor(conn, func() { _ = raw.Close() })
	client := ldap.NewConn(tap, conn != raw)
	client.Start()
	return &connection{ldap: client, tap: tap, raw: raw, timeout: timeout, masker: r.masker}, nil
}

// connect makes the connection to one server. With the default dialer, Allowed is asked about the very address that is
// about to be connected to, so that a name cannot lead elsewhere between the question and the connection.
func (o Options) connect(ctx context.Context, c resource.Connection) (net.Conn, error) {
	host := hostOf(c)
	dial := o.Dial
	if dial == nil {
		dialer := net.Dialer{}
		if o.Allowed != nil {
			dialer.ControlContext = func(_ context.Context, _, address string, _ syscall.RawConn) error {
				return o.permit(host, address)
			}
		}
		dial = dialer.DialContext
	}
	if o.at.IsValid() {
		return dial(ctx, "tcp", net.JoinHostPort(o.at.String(), strconv.Itoa(c.Port)))
	}
	return dial(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(c.Port)))
}

// permit returns errHostRefused for an address and port that Allowed refuses.
func (o Options) permit(host, address string) error {
	resolved, err := netip.ParseAddrPort(address)
	if err != nil || !o.Allowed(host, resolved.Addr().Unmap()) {
		return errHostRefused
	}
	return nil
}

// hostOf is the host without the brackets that people put around IPv6 addresses.
func hostOf(c resource.Connection) string { return withoutBrackets(c.Host) }

func withoutBrackets(host string) string {
	return strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
}

// do sends a request, and cuts the connection when ctx ends or the server takes too long: nothing waits any more
// then. go-ldap's own time limit is left alone, as it also drops answers that are not picked up in time, without a
// word, and a listing would look whole that is not. No error that it returns holds a server's text unmasked.
func (c *connection) do(ctx context.Context, request func(*ldap.Conn) error) error {
	limited, cancel := context.WithTimeoutCause(ctx, c.timeout, errSilent)
	defer cancel()
	defer context.AfterFunc(limited, func() { _ = c.raw.Close() })()
	err := request(c.ldap)
	refused := c.tap.fault()
	switch {
	case err == nil:
		return nil
	case ctx.Err() == nil && refused != nil:
		return refused
	case limited.Err() != nil:
		return context.Cause(limited)
	}
	return c.masker.answer(err)
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
	cause := newMasker(c.BindPassword).cause(err)
	switch {
	case errors.Is(err, errHostRefused):
		return hostRefused(c.Host)
	case errors.As(err, &name) && name.IsNotFound:
		return resource.NewProblem("host", "host_unknown", cause, args...)
	case errors.As(err, &name):
		return resource.NewProblem("host", "host_lookup", cause, args...)
	case errors.Is(err, syscall.ECONNREFUSED):
		return resource.NewProblem("port", "port_closed", cause, args...)
	case timedOut(err):
		return resource.NewProblem("host", "host_silent", cause, args...)
	}
	return resource.NewProblem("host", "host_unreachable", cause, args...)
}

func hostRefused(host string) *resource.Problem {
	return resource.NewProblem("host", "host_refused", errHostRefused, "Host", host)
}

func timedOut(err error) bool {
	var wait net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &wait) && wait.Timeout()
}
