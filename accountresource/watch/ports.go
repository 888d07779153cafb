package watch

import (
	"context"
	"log/slog"
	"time"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// Source is a connection to a directory of which nothing is asked but whether it changed.
type Source interface {
	// Watch connects, and calls changed with the server's name once it has, and then whenever the counter of changes is another one. It
	// asks for the counter at an interval, and returns why it could not any more, with the connection closed; an error of ctx once that ends. run.ErrCannotFollow says that
	// the counter does not tell what matters to these settings.
	Watch(ctx context.Context, every time.Duration, changed func(server string)) error
}

// State is how the watch of a resource is going, for people.
type State struct {
	Server  string
	Since   time.Time // when it connected; zero while it is not connected
	Seen    time.Time // when the newest change was noticed
	Problem account.Message
}

// Watches keeps which process watches which resource.
type Watches interface {
	// Take takes or renews the watch of a resource for a time, and reports whether it is the owner's.
	Take(ctx context.Context, resource int64, owner string, ttl time.Duration) (bool, error)
	// Tell keeps how the watch of an owner is going.
	Tell(ctx context.Context, resource int64, owner string, s State) error
	// GiveBack ends the watch of an owner.
	GiveBack(ctx context.Context, resource int64, owner string) error
}

// Config is what a Service works with.
type Config struct {
	// Resources reads all resources.
	Resources func(context.Context) ([]resource.Resource, error)
	// Open makes the connection of a resource.
	Open func(context.Context, resource.Resource) (Source, error)
	// Run makes a live run. Errors are those of run.Runner.Live.
	Run func(context.Context, resource.Resource, run.Bounds) (run.Look, error)
	// Links counts the accounts that a resource has linked.
	Links   func(ctx context.Context, id int64) (int, error)
	Watches Watches
	Owner   string // this process
	Logger  *slog.Logger
}
