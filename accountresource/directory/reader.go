package directory

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"

	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// Options are what a reader may be told beyond the settings. The zero value is right for real directories.
type Options struct {
	// PageSize is how many entries are asked for at once. Default: 1000, the most that Windows answers.
	PageSize int
	// MaxListed is how many entries one listing may have: a server that never ends one would fill the memory. Default:
	// 1,000,000.
	MaxListed int
	// Dial makes the connection that LDAP or TLS is spoken over. Default: a net.Dialer's.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Allowed decides whether address, which the host in the settings (without brackets) resolved to, may be connected
	// to. It is asked when the connection is made, for every address that is tried; a Dial of the caller's own has to
	// ask by itself. Default: every address. See HostPolicy.
	Allowed func(host string, address netip.Addr) bool
	// Resolver lists the domain controllers of a domain and the addresses of a host. Default: the system's, where Dial is the default.
	Resolver Resolver
	// Schemas keeps what servers said of their schemas for the readers that come. Default: each reader asks anew.
	Schemas *Schemas
	// Logger hears of what a reading passes over. Default: slog.Default.
	Logger *slog.Logger

	prefer string     // the server that is asked first (see Reader.Prefer)
	at     netip.Addr // where a host is connected to that has several addresses; any where not valid
}

const (
	defaultPageSize  = 1000
	defaultMaxListed = 1_000_000
	maxPageSize      = 1_000_000
)

// Open makes a reader with default options. It is a run.OpenReader.
func Open(s resource.Settings) (run.Reader, error) { return Options{}.Open(s) }

// Open makes a reader; it does not connect yet. It is a run.OpenReader.
func (o Options) Open(s resource.Settings) (run.Reader, error) { return o.Reader(s) }

// Reader makes a reader; it does not connect yet.
func (o Options) Reader(s resource.Settings) (*Reader, error) {
	if o.PageSize == 0 {
		o.PageSize = defaultPageSize
	}
	if o.PageSize < 0 || o.PageSize > maxPageSize {
		return nil, fmt.Errorf("pages of %d entries", o.PageSize)
	}
	if o.MaxListed <= 0 {
		o.MaxListed = defaultMaxListed
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return &Reader{settings: s, options: o, masker: newMasker(s.Connection.BindPassword)}, nil
}

// Reader reads one directory over one connection, which the first request makes and binds. That is never made anew:
// behind one name there may be several servers, whose change counters have nothing in common. After an error the
// connection may be gone, and all that is left to do is Close. A Reader is for one run and not safe for concurrent
// use.
type Reader struct {
	settings resource.Settings
	options  Options
	masker   *masker
	conn     *connection
	naming   string // the DN of the domain, once Probe has asked
	names    schema // what Probe learned, nil where it could not

	tombstones bool // this account is shown them
	catalogue  *catalogue
}

var (
	_ run.Reader           = (*Reader)(nil)
	_ run.ReaderWithServer = (*Reader)(nil)
)

// Prefer has the server asked first that an earlier probe reached (run.Probe.Reached), as long as the settings lead to it.
func (r *Reader) Prefer(server string) { r.options.prefer = server }

// stopped is why ctx ended, where it did: any other error is only what that looks like from inside.
func stopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// Close ends the connection.
func (r *Reader) Close() error {
	if r.conn == nil {
		return nil
	}
	return r.conn.Close()
}
