package accountresource

import (
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/mailpanel/account-resource/accountresource/directory"
	"github.com/mailpanel/account-resource/accountresource/run"
	"github.com/mailpanel/account-resource/accountresource/signin"
	"github.com/mailpanel/account-resource/accountresource/web"
	"github.com/mailpanel/account-resource/backends"
	"github.com/mailpanel/account-resource/backends/appdata"
)

// The types a host implements or receives.
type (
	// Auth tells who is asking; the host implements it over its own sessions.
	Auth = web.Auth
	// Admin is who is asking.
	Admin = web.Admin
	// Page is a drawn page without chrome, as a Layout receives it.
	Page = web.Page
	// Layout draws the host's chrome around a page and sends it.
	Layout = web.Layout
)

// Option changes how the module is registered.
type Option func(*options) error

type options struct {
	backend   backends.Backend
	prefix    string
	layout    Layout
	keys      [][]byte // the first one is current, the others are older
	keyFile   string
	hosts     directory.HostPolicy
	logger    *slog.Logger
	storage   backends.Storage
	retention time.Duration
	lease     time.Duration
	signInURL string
	ancestors []string

	applications []run.Application
}

func defaultOptions() options {
	return options{
		prefix:    "/account-resources",
		keyFile:   "account-resource.key",
		logger:    slog.Default(),
		storage:   backends.DefaultStorage(),
		retention: 90 * 24 * time.Hour,
		lease:     time.Minute,
	}
}

// WithBackend names the mail account store. Without it the accounts live in the database given to Register, in
// iRedMail's SQL schema.
func WithBackend(b backends.Backend) Option {
	return func(o *options) error {
		if b == nil {
			return errors.New("WithBackend needs a backend")
		}
		o.backend = b
		return nil
	}
}

// WithPrefix sets the path under which all routes lie. Default: /account-resources.
func WithPrefix(path string) Option {
	return func(o *options) error {
		o.prefix = "/" + strings.Trim(path, "/")
		if o.prefix == "/" || strings.ContainsAny(o.prefix, ":*?+# ") {
			return fmt.Errorf("WithPrefix needs a plain path below the root, not %q", path)
		}
		return nil
	}
}

// WithLayout has the host draw its own chrome around each page. Default: a plain page.
func WithLayout(l Layout) Option {
	return func(o *options) error {
		o.layout = l
		return nil
	}
}

// WithSecretKey sets the key under which bind passwords are encrypted: 32 random bytes, the same in every process
// of the panel. What was encrypted with an older key is opened with that and encrypted with the current one at the start.
// Without this option the keys are in a file: see WithSecretKeyFile.
//
// Several processes change their key in two steps: first each is started with the new key as an older one, then each
// with the new key as the current one and the one before as an older one.
func WithSecretKey(key []byte, older ...[]byte) Option {
	return func(o *options) error {
		o.keys = append([][]byte{key}, older...)
		for _, one := range o.keys {
			if len(one) != keySize {
				return fmt.Errorf("WithSecretKey needs keys of %d bytes, not %d", keySize, len(one))
			}
		}
		return nil
	}
}

// WithSecretKeyFile says where the keys are when WithSecretKey gives none: 64 hexadecimal digits a line, the current one
// first, older ones below. The file is made, readable for the panel's user only, where it does not exist; one that others
// can read is refused. Put it beside the panel's configuration and into its backup.
// Default: account-resource.key in the working directory.
func WithSecretKeyFile(path string) Option {
	return func(o *options) error {
		o.keyFile = filepath.Clean(path)
		return nil
	}
}

// WithDirectoryHosts says where connections to directory servers may go, whatever an admin types: host names
// ("dc1.corp.example"), all names below a domain ("*.corp.example"), any name ("*"), IP addresses and ranges of them
// ("10.0.0.0/8"). The address is looked at when the connection is made, after the name was resolved. Loopback and
// link-local addresses need an entry of their own that is an address or a range: WithDirectoryHosts("*", "127.0.0.0/8",
// "::1") adds this machine to the default; "localhost" is an error. Default, and what an empty list means: every address
// except loopback and link-local ones.
func WithDirectoryHosts(allowed ...string) Option {
	return func(o *options) (err error) {
		if o.hosts, err = directory.ParseHosts(allowed...); err != nil {
			return fmt.Errorf("WithDirectoryHosts: %w", err)
		}
		return nil
	}
}

// WithLogger sets the log. Default: slog.Default().
func WithLogger(l *slog.Logger) Option {
	return func(o *options) error {
		if l == nil {
			return errors.New("WithLogger needs a logger")
		}
		o.logger = l
		return nil
	}
}

// WithMailStorage sets the rule for where new mailboxes lie. Default: that of a fresh iRedMail installation. A
// backend given with WithBackend must have been opened with the same rule.
func WithMailStorage(s backends.Storage) Option {
	return func(o *options) error {
		if !filepath.IsAbs(s.BaseDirectory) || filepath.Dir(filepath.Clean(s.BaseDirectory)) == "/" {
			return fmt.Errorf("WithMailStorage needs an absolute base directory of two levels at least, not %q",
				s.BaseDirectory)
		}
		o.storage = s
		return nil
	}
}

// WithApplications names the databases of applications that keep data under the addresses of accounts. It follows a
// renamed account, and goes with a deleted one where the resource says so. A nil database is left out; one that is
// down is tried again by the next run.
func WithApplications(a Applications) Option {
	return func(o *options) error {
		for kind, db := range map[appdata.Kind]*sql.DB{
			appdata.Roundcube: a.Roundcube, appdata.SOGo: a.SOGo, appdata.Amavisd: a.Amavisd, appdata.IRedAPD: a.IRedAPD,
			appdata.IRedAdmin: a.IRedAdmin,
		} {
			if db == nil {
				continue
			}
			app, err := appdata.New(kind, db)
			if err != nil {
				return fmt.Errorf("WithApplications: %w", err)
			}
			o.applications = append(o.applications, app)
		}
		return nil
	}
}

// Applications are databases, each in MariaDB/MySQL or PostgreSQL and on any server. The host keeps and closes them.
type Applications struct {
	Roundcube, SOGo, Amavisd, IRedAPD, IRedAdmin *sql.DB
}

// WithHistory sets how long runs stay in the history. Default: 90 days.
func WithHistory(keep time.Duration) Option {
	return func(o *options) error {
		if keep < 24*time.Hour {
			return fmt.Errorf("WithHistory needs a day at least, not %s", keep)
		}
		o.retention = keep
		return nil
	}
}

// shortestLease leaves time to renew a lease, which happens every third of it, on a busy machine.
const shortestLease = 100 * time.Millisecond

// WithLease sets for how long a run whose process was killed, or cut off from the database, keeps the next one of its
// resource waiting. Every process of the panel should have the same. Default: a minute.
func WithLease(t time.Duration) Option {
	return func(o *options) error {
		if t < shortestLease {
			return fmt.Errorf("WithLease needs %s at least, not %s", shortestLease, t)
		}
		o.lease = t
		return nil
	}
}

// WithSignInURL says where the mail server reaches Module.SignInHandler, such as "http://127.0.0.1:8081/authenticate": the Sign-in tab
// makes Dovecot's files with it. The address has to be a loopback one, since passwords cross it. Default: none, and the tab says so.
func WithSignInURL(address string) Option {
	return func(o *options) error {
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "http" || u.Path != signin.Path {
			return fmt.Errorf("WithSignInURL needs a URL such as http://127.0.0.1:8081%s, not %q", signin.Path, address)
		}
		if ip, err := netip.ParseAddr(u.Hostname()); err != nil || !ip.IsLoopback() {
			return fmt.Errorf("WithSignInURL needs a loopback address such as 127.0.0.1, not %q", u.Hostname())
		}
		o.signInURL = address
		return nil
	}
}
